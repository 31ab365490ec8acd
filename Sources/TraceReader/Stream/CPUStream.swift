import TraceCore

/// One CPU's records and losses in their order.
///
/// Not copyable: it owns the memory of its pages, and copying it for every event would cost more than the event.
struct CPUStream: ~Copyable {
  /// What comes next.
  private enum Head: UInt8 {
    case record, loss, end
  }

  let cpu: CPU
  private var source: PageSource
  private let format: PageFormat
  private let conversion: TimestampConversion
  /// The page's bytes, in the source's window: valid until the next page is asked for.
  private var page = UnsafeRawBufferPointer(start: nil, count: 0)
  private var pageOffset: UInt64 = 0
  private var cursor = PageCursor()

  /// Where in the page the next record is. A loss may come before it.
  private var recordStart = 0
  private var recordCount = 0
  private var recordTime: UInt64 = 0
  private var hasRecord = false
  private var head = Head.end
  /// What comes next, if that is a loss.
  private var loss = LostEvents(until: nil, count: nil)
  /// Time of what comes next.
  private(set) var headTime: UInt64 = 0

  /// Records that are missing before the next one. They are reported when it is found.
  private var hole: PageHead.Loss?
  /// Time of the last record that was found, or of the page's beginning if there was none.
  private var lastTime: UInt64 = 0
  private var isAtStart = true
  /// Of the pages so far.
  private var recordBytes: UInt64 = 0
  private let isCut: Bool
  /// What comes next is the end of the records, of which the file does not say that any are missing.
  private var isQuietEnd = false

  private var log = DiagnosticLog()
  private var tally = RecordDecoder.Tally()
  private var backwards: UInt64 = 0

  /// - Parameter isCut: More of this CPU's data is in the file, and cannot be read.
  init(
    _ source: consuming PageSource, cpu: CPU, format: PageFormat, conversion: TimestampConversion, isCut: Bool = false
  ) {
    self.cpu = cpu
    self.isCut = isCut
    self.source = source
    self.format = format
    self.conversion = conversion
    advance(isBigEndian: format.isBigEndian)
  }

  var isAtEnd: Bool { head == .end }

  /// Whether it has compressed data that was not read yet.
  var hasChunks: Bool { source.hasChunks }

  /// Lets its data be decompressed on other threads from now on.
  mutating func decompress(ahead: DecompressAhead) { source.decompress(ahead: ahead) }

  var consumedBytes: UInt64 { isAtEnd ? source.totalBytes : source.consumedBytes }
  var totalBytes: UInt64 { source.totalBytes }

  /// A run of events: those of one CPU's stream before a time, and at least the first one.
  struct Run {
    var decoder: UnsafeMutablePointer<RecordDecoder>
    /// With room for an event at least; more than there is room for is not taken.
    var packer: UnsafeMutablePointer<EventPacker>
    /// The first time that is another stream's turn.
    var bound: UInt64
  }

  /// Takes and packs the next events or the next loss. Not to be called at the end.
  @inline(__always)
  mutating func take(_ run: Run) {
    // The byte order is a constant in each of the two, so that no load has to test it.
    format.isBigEndian ? takeBigEndian(run) : takeLittleEndian(run)
  }

  @inline(never)
  private mutating func takeBigEndian(_ run: Run) {
    repeat {
      takeNext(run, isBigEndian: true)
    } while hasMore(run)
  }

  @inline(never)
  private mutating func takeLittleEndian(_ run: Run) {
    repeat {
      if takeQuickly(run) { takeNext(run, isBigEndian: false) }
    } while hasMore(run)
  }

  /// Whether the run has more events.
  @inline(__always)
  private mutating func hasMore(_ run: Run) -> Bool {
    !run.packer.pointee.isFull && head != .end && headTime < run.bound
  }

  /// Takes the next records of this page as long as they have quick plans and short entries.
  ///
  /// It has the effect of ``takeNext(_:isBigEndian:)``, but keeps everything that changes in registers.
  /// - Returns: Whether the next record or loss is one that it cannot take.
  @inline(__always)
  private mutating func takeQuickly(_ run: Run) -> Bool {
    guard head == .record, conversion.isIdentity, let base = page.baseAddress else { return true }
    let (plans, planCount) = (run.decoder.pointee.quick.plans, run.decoder.pointee.quick.count)
    let states = run.decoder.pointee.quick.states
    let room = run.packer.pointee.room
    var place = room.lowerBound
    var (start, count, time) = (recordStart, recordCount, recordTime)
    var position = cursor.position
    let end = cursor.end
    var step = QuickStep.taken
    repeat {
      // The record is within the page: the cursor or the last iteration checked its length. Its fields are within the
      // record: its length is compared with the plan's.
      guard count >= CommonFields.size else {
        step = .noQuickPlan
        break
      }
      let word = base.loadUnaligned(fromByteOffset: start, as: UInt64.self).littleEndian
      let id = Int(word & 0xffff)
      guard id < planCount, count >= Int(plans[id].minimumSize) else {
        step = .noQuickPlan
        break
      }
      let plan = plans + id
      let record = base + start
      let kind = plan.pointee.kind
      var event = PackedEvent(kind, timestamp: Timestamp(time), cpu: cpu, recordHead: word)
      let task = run.packer.pointee.number(ofBlock: record + Int(plan.pointee.task))
      if kind == .switched {
        let raw = record.loadUnaligned(fromByteOffset: Int(plan.pointee.first), as: UInt64.self).littleEndian
        let state = raw &>> UInt64(plan.pointee.shift)
        guard state < QuickPlans.stateLimit else {
          step = .noQuickPlan
          break
        }
        let next = run.packer.pointee.number(ofBlock: record + Int(plan.pointee.next))
        event.setSwitch(task, states[Int(state)], next)
      } else {
        let target = record.loadUnaligned(fromByteOffset: Int(plan.pointee.first), as: UInt32.self).littleEndian
        event.setWake(task, target: CPU(bitPattern: target))
      }
      place.initialize(to: event)
      place += 1
      guard let next = cursor.nextQuickly(at: position, end, base) else {
        step = .longEntryNext
        break
      }
      let (later, overflow) = time.addingReportingOverflow(next.delta)
      guard !overflow else {
        step = .longEntryNext
        break
      }
      (start, count, time) = (next.start, next.count, later)
      position = start &+ count
    } while place < room.upperBound && time < run.bound
    run.packer.pointee.added(upTo: place)
    (recordStart, recordCount, recordTime, headTime) = (start, count, time, time)
    cursor.resume(at: position, time)
    if step == .longEntryNext { advance(isBigEndian: false) }
    return step == .noQuickPlan
  }

  private enum QuickStep {
    /// Everything up to the bound, or as much as there is room for.
    case taken
    /// The next record has no quick plan.
    case noQuickPlan
    /// The entry after the last record that was taken is not a short record.
    case longEntryNext
  }

  @inline(__always)
  private mutating func takeNext(_ run: Run, isBigEndian: Bool) {
    guard head == .record, let base = page.baseAddress else { return takeLoss(run) }
    // Both are within the page: the cursor checked the length.
    let record = Record(base + recordStart, count: recordCount, isBigEndian: isBigEndian)
    let shortBefore = tally.shortRecords
    run.decoder.pointee.decode(
      record, &tally, to: RecordDecoder.Target(time: recordTime, cpu: cpu, packer: run.packer))
    // What it would have said is lost.
    if tally.shortRecords != shortBefore { widenHole(1) }
    advance(isBigEndian: isBigEndian)
  }

  /// The trace begins at an instant: until its first record this CPU is in a hole, whether the file says that records were lost
  /// or not.
  mutating func traceBegins(at time: UInt64) {
    switch head {
    case .record:
      guard time < headTime else { return }
      head = .loss
      loss = LostEvents(until: Timestamp(recordTime), isAtStart: true, count: 0)
    case .loss: guard loss.isAtStart else { return }
    case .end: return
    }
    headTime = time
  }

  /// Time of the first record; `nil` where there is none. To be asked for before anything is taken.
  var firstRecordTime: UInt64? { hasRecord ? recordTime : nil }

  @inline(never)
  private mutating func takeLoss(_ run: Run) {
    // The last CPU's end is the trace's.
    if isQuietEnd, run.bound == .max {
      head = .end
      return
    }
    run.packer.pointee.addBoxed(SchedEvent(timestamp: Timestamp(headTime), cpu: cpu, pid: 0, body: .lost(loss)))
    head = hasRecord ? .record : .end
    if hasRecord { headTime = recordTime }
  }

  /// Finds the next record, on this page or a later one.
  @inline(__always)
  private mutating func advance(isBigEndian: Bool) {
    let step = cursor.next(in: page.bytes, isBigEndian: isBigEndian)
    guard case .record(let start, let count) = step, hole == nil else { return advanceSlowly(step) }
    found(start, count)
    head = .record
    headTime = recordTime
  }

  @inline(__always)
  private mutating func found(_ start: Int, _ count: Int) {
    let raw = cursor.timestamp
    let time = conversion.isIdentity ? raw : conversion.convert(raw)
    if time < recordTime { noteBackwards(time) }
    (recordStart, recordCount, recordTime) = (start, count, time)
    hasRecord = true
  }

  @inline(never)
  private mutating func advanceSlowly(_ first: PageCursor.Step) {
    // The record of `recordTime` has been taken.
    if hasRecord { (lastTime, isAtStart) = (recordTime, false) }
    var step = first
    while true {
      switch step {
      case .record(let start, let count):
        found(start, count)
        (head, headTime) = (.record, recordTime)
        guard let missing = hole else { return }
        hole = nil
        if !isAtStart { headTime = lastTime }
        head = .loss
        loss = LostEvents(until: Timestamp(recordTime), isAtStart: isAtStart, count: missing.count)
        return
      case .damaged(let offset):
        log.record(
          .badRecord, cpu: cpu, offset: pageOffset &+ UInt64(offset), time: Timestamp(recordTime),
          "an entry does not fit in its page")
        widenHole(nil)
      case .end: break
      }
      guard nextPage() else { return finish() }
      step = cursor.next(in: page.bytes, isBigEndian: format.isBigEndian)
    }
  }

  /// Goes to the next page that can be read.
  /// - Returns: Whether there is one.
  private mutating func nextPage() -> Bool {
    while true {
      switch source.nextPage() {
      case .page(let next):
        guard let head = PageHead(next.bytes.bytes, format), !PageHead.isBlank(next.bytes.bytes, format) else {
          // The source reports a page that is cut off by the file's end.
          if !next.isCutOff { skipPage(next) }
          continue
        }
        recordBytes &+= UInt64(head.dataEnd)
        if let limit = source.recordLimit, recordBytes > limit {
          log.record(
            .unreadableChunk, cpu: cpu, offset: next.fileOffset, "its records are more than compressed data can hold")
          widenHole(nil)
          source.giveUp()
          return false
        }
        if let loss = head.loss { widenHole(loss.count) }
        (page, pageOffset) = (next.bytes, next.fileOffset)
        tally.page = pageOffset
        cursor = PageCursor(head, format)
        if holdsAnother(next.bytes, head) {
          log.record(
            .badPage, cpu: cpu, offset: pageOffset, "another page begins within it: the page size is not this one")
          widenHole(nil)
        }
        if isAtStart { lastTime = conversion.convert(head.timestamp) }
        return true
      case .damaged(let kind, let offset, let detail):
        log.record(kind, cpu: cpu, offset: offset, detail)
        widenHole(nil)
      case .end: return false
      }
    }
  }

  /// Whether a page that is taken for larger than it is holds another one in its second half, of a little later.
  private func holdsAnother(_ page: UnsafeRawBufferPointer, _ head: PageHead) -> Bool {
    let half = page.count / 2
    guard half >= 4096, head.dataEnd <= half else { return false }
    let rest = UnsafeRawBufferPointer(rebasing: page[half...]).bytes
    guard !PageHead.isBlank(rest, format), let second = PageHead(rest, format), second.dataEnd > format.headSize else {
      return false
    }
    return second.timestamp >= head.timestamp && second.timestamp - head.timestamp < 1 << 44
  }

  private mutating func skipPage(_ page: PageSource.Page) {
    let isBlank = PageHead.isBlank(page.bytes.bytes, format)
    log.record(
      .badPage, cpu: cpu, offset: page.fileOffset,
      isBlank ? "its head is nothing but zeros" : "its length is more than a page holds")
    widenHole(nil)
  }

  /// Adds lost records to the hole before the next record. An unknown number makes the sum unknown.
  private mutating func widenHole(_ count: UInt64?) {
    guard let old = hole else {
      hole = PageHead.Loss(count: count)
      return
    }
    guard let a = old.count, let b = count else {
      hole = PageHead.Loss(count: nil)
      return
    }
    let (sum, overflow) = a.addingReportingOverflow(b)
    hole = PageHead.Loss(count: overflow ? nil : sum)
  }

  private mutating func finish() {
    hasRecord = false
    cursor = PageCursor()
    head = .end
    if isCut { widenHole(nil) }
    // Where nothing is said to be missing, other CPUs may go on nevertheless.
    isQuietEnd = hole == nil
    if isQuietEnd, isAtStart { return }
    (head, headTime) = (.loss, lastTime)
    loss = LostEvents(until: nil, isAtStart: isAtStart, count: isQuietEnd ? 0 : hole?.count)
    hole = nil
  }

  private mutating func noteBackwards(_ time: UInt64) {
    guard hasRecord else { return }
    backwards &+= 1
    if backwards == 1 {
      log.record(
        .timestampBackwards, cpu: cpu, count: 0, offset: pageOffset, time: Timestamp(recordTime),
        "by \(recordTime - time) steps of the clock")
    }
  }

  /// What was skipped or doubted so far.
  var diagnostics: DiagnosticLog {
    var all = log
    if backwards > 0 { all.record(.timestampBackwards, cpu: cpu, count: backwards) }
    if tally.unknownEvents > 0 {
      all.record(.unknownEventID, cpu: cpu, count: tally.unknownEvents, offset: tally.firstUnknown)
    }
    if tally.shortRecords > 0 {
      all.record(
        .badRecord, cpu: cpu, count: tally.shortRecords, offset: tally.firstShort, "a record is too short for its event"
      )
    }
    return all
  }
}
