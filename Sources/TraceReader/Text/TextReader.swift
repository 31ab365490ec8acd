import TraceCore

/// Reads ftrace text: the kernel's `trace` and `trace_pipe`, and what `trace-cmd report` prints (docs/text.md).
struct TextReader: ~Copyable {
  private var source: TextSource
  private let survey: TextSurvey
  private var scan: TextScan
  private let map: EventMap
  private let marks: MarkPattern
  private let path: String
  private let file: FileView
  /// How far workers have read the file, in bytes.
  private var joinedOffset: UInt64 = 0

  private var parser: TextParser
  private var nextHole = 0
  /// Where the last event's line is; -1 before the first one.
  private var lastOffset: Int64 = -1
  /// The text in order of time, where it had to be sorted.
  private var sorted: CaptureFile?
  /// Of all events so far.
  private var latest: UInt64 = 0
  private var backwards = TextTally()
  /// The first of those.
  private var firstStepBack: (cpu: CPU, time: UInt64, size: UInt64)?
  private var lastTimes = LastTimes()
  /// Whether stacks of contention_begin are kept.
  var keepsStacks = false
  private var stack: KernelStack?
  /// A line was read that only a scan of the whole text allows to read.
  private(set) var needsFullScan = false

  /// - Parameter skipsLossScan: Do not scan the text beforehand, but end the stream where that would have been
  ///   necessary.
  /// - Throws: `notATrace` where no line is an event.
  init(
    _ file: FileView, path: String, events map: EventMap, _ marks: MarkPattern, skipsLossScan: Bool
  ) throws(TraceError) {
    source = TextSource(file)
    let sample = source.sample()
    survey = TextSurvey(sample)
    source.encoding = survey.encoding
    scan = TextScan(&source, map, survey, source.isCompressed ? nil : file, isPartial: skipsLossScan)
    if let error = ForeignFormat.error(ofArchive: sample, path) { throw error }
    guard scan.resolution != nil else { throw Self.notATrace(source, sample, survey, file, path) }
    sorted = try Self.sort(&source, &scan, map, file, path)
    source.rewind()
    parser = TextParser(map, marks, ownRoles: scan.ownRoles, ownMarks: scan.ownMarks)
    self.map = map
    self.marks = marks
    self.path = path
    self.file = file
  }

  private static func notATrace(
    _ source: borrowing TextSource, _ sample: [UInt8], _ survey: TextSurvey, _ file: FileView, _ path: String
  ) -> TraceError {
    if let error = ForeignFormat.error(of: survey, path) { return error }
    if source.isCompressed { return ForeignFormat.error(sample, compressedBy: source.compression, path) }
    return ForeignFormat.error(file, path)
  }

  /// Starts over, with a scan of the whole text, if the stream has ended for want of one.
  /// - Returns: Whether it has.
  /// - Throws: `unsupported` where the text's lines are in no order that can be read.
  mutating func restart() throws(TraceError) -> Bool {
    guard needsFullScan else { return false }
    source.rewind()
    scan = TextScan(&source, map, survey, nil, isPartial: false)
    sorted = try Self.sort(&source, &scan, map, file, path)
    source.rewind()
    parser = TextParser(map, marks, ownRoles: scan.ownRoles, ownMarks: scan.ownMarks)
    (nextHole, lastOffset, latest) = (0, -1, 0)
    (backwards, needsFullScan, joinedOffset) = (TextTally(), false, 0)
    firstStepBack = nil
    lastTimes.forget()
    return true
  }

  /// Sorts a text whose lines are not in order of time.
  /// - Returns: the sorted text, which `source` reads from then on; `nil` where that is not necessary.
  private static func sort(
    _ source: inout TextSource, _ scan: inout TextScan, _ map: EventMap, _ file: FileView, _ path: String
  ) throws(TraceError) -> CaptureFile? {
    guard scan.isUnsorted else { return nil }
    guard let sorted = TextOrder.sorted(&source, size: file.size, end: scan.end, name: path) else {
      throw TraceError(
        .unsupported, path: path, "has lines of different CPUs that are not in order of time, too many to sort here",
        advice: "sort them: \(TextOrder.command)")
    }
    let others = scan.others
    source = TextSource(sorted.view)
    let survey = TextSurvey(source.sample())
    scan = TextScan(&source, map, survey, nil, isPartial: false, isSorted: true)
    scan.keep(others: others)
    return sorted
  }

  /// How many holes the scan has found.
  var holeCount: Int { scan.holes.count }

  /// Names of tasks that the text has shown since the last call, by lines that they wrote.
  mutating func takeNames() -> [(pid: Pid, comm: Comm)] { parser.names.takeNew() }

  // MARK: What the text is

  var info: CaptureInfo {
    CaptureInfo(
      path: path,
      format: CaptureFormat(
        version: 0, compression: source.compression, isBigEndian: false, longSize: 8, textResolution: scan.resolution),
      clock: clock, cpuCount: scan.cpuCount, events: parser.events.infos)
  }

  private var clock: TraceClock {
    TraceClock(name: "", unit: scan.resolution == 0 ? .ticks : .nanoseconds)
  }

  var diagnostics: DiagnosticLog {
    var all = DiagnosticLog()
    if scan.resolution == 0 {
      all.record(.clockNotNanoseconds, "times are numbers without a fraction")
    } else {
      all.record(.clockUnknown, "text does not name its clock")
    }
    if let problem = source.problem { all.record(.unreadableChunk, offset: source.fileOffset, problem) }
    if parser.foreign.count > 0 {
      all.record(.foreignLine, count: parser.foreign.count, offset: parser.foreign.offset)
    }
    if parser.torn.count > 0 { all.record(.tornLine, count: parser.torn.count, offset: parser.torn.offset) }
    if parser.bad.count > 0 { all.record(.badLine, count: parser.bad.count, offset: parser.bad.offset) }
    if parser.nameless.count > 0 {
      all.record(.lockWithoutAddress, count: parser.nameless.count, offset: parser.nameless.offset)
    }
    if let other = scan.others.first {
      all.record(
        .anotherCapture, count: UInt64(scan.others.count), offset: other.offset, "of \(other.count) events")
    }
    if scan.cuts.count > 0 { all.record(.cutByHand, count: scan.cuts.count, offset: scan.cuts.offset) }
    if scan.overwritten > 0 { all.record(.overwrittenBuffer, count: scan.overwritten) }
    if sorted != nil { all.record(.sortedLines) }
    if backwards.count > 0, let first = firstStepBack {
      let unit = scan.resolution == 0 ? "steps of the clock" : "ns"
      all.record(
        .timestampBackwards, cpu: first.cpu, count: backwards.count, offset: backwards.offset,
        time: Timestamp(first.time), "by \(first.size) \(unit)")
    }
    return all
  }

  /// Whether records are missing for no other reason than that lines are cut out, torn, or cannot be read.
  var isOnlyCut: Bool {
    !scan.hasLoss && (scan.cuts.count > 0 || parser.torn.count > 0 || parser.bad.count > 0) && source.problem == nil
  }

  /// 0 to 1.
  var progress: Double {
    file.size > 0 ? min(Double(max(source.fileOffset, joinedOffset)) / Double(file.size), 1) : 1
  }

  // MARK: Events

  /// The next events and losses, until there is room for none, with the names that each shows.
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>, _ found: inout [TaskName]) {
    if needsFullScan { return }
    while !packer.pointee.isFull, !needsFullScan, next(into: packer) {
      if !parser.names.new.isEmpty { parser.names.moveNew(to: &found, at: packer.pointee.count - 1) }
    }
    noteDoubts()
  }

  /// Reads the next event or loss alone.
  mutating func nextAlone(into packer: UnsafeMutablePointer<EventPacker>) {
    if needsFullScan { return }
    let place = lastOffset
    if next(into: packer), keepsStacks, lastOffset != place, parser.mayHaveStack { readStack() }
    noteDoubts()
  }

  /// Reads the frames below the event that was read last, if there are any.
  private mutating func readStack() {
    var frames: [String] = []
    while let line = source.nextLine(if: { StackFrame.isFrame($0) }) {
      if frames.count < KernelStack.mostFrames { frames.append(StackFrame.function(line.bytes)) }
    }
    if !frames.isEmpty { stack = KernelStack(frames) }
  }

  /// The stack that was below the event that was read last.
  mutating func takeStack() -> KernelStack? {
    defer { stack = nil }
    return stack
  }

  /// Ends the stream if marks were taken from messages that are not to be searched, or if fields could not be read, which the next
  /// line may have. The events since then do not matter: all of the text is read again.
  private mutating func noteDoubts() {
    guard scan.isPartial else { return }
    if parser.origins.areMixed || parser.bad.count > 0 || parser.events.hasColours { needsFullScan = true }
  }

  /// Goes to the next event or loss; there is room for it.
  /// - Returns: whether there is one.
  @inline(__always)
  private mutating func next(into packer: UnsafeMutablePointer<EventPacker>) -> Bool {
    if nextHole < scan.holes.count, scan.holes[nextHole].after <= lastOffset {
      packer.pointee.addBoxed(loss())
    } else if nextEvent(into: packer) {
      return true
    } else if nextHole < scan.holes.count {
      packer.pointee.addBoxed(loss())
    } else {
      return false
    }
    return true
  }

  /// - Returns: whether there is one.
  @inline(__always)
  private mutating func nextEvent(into packer: UnsafeMutablePointer<EventPacker>) -> Bool {
    while let line = source.nextLine(), line.offset < scan.end {
      let kind = parser.read(line, into: packer)
      if kind == .event {
        if isBackwards(parser.time, parser.cpu) { backwards.note(line.offset) }
        lastOffset = Int64(clamping: line.offset)
        return true
      }
      if scan.needsFullScan(kind, line) {
        needsFullScan = true
        return false
      }
    }
    return false
  }

  private mutating func loss() -> SchedEvent {
    nextHole += 1
    return scan.holes[nextHole - 1].event
  }

  /// Whether a CPU's time is earlier than its last one.
  /// A text that is not in order of time must be sorted first; the events since then do not matter.
  @inline(__always)
  private mutating func isBackwards(_ time: UInt64, _ cpu: CPU) -> Bool {
    guard let last = lastTimes.replace(on: cpu, by: time) else { return false }
    if time < latest, scan.isPartial { needsFullScan = true }
    latest = max(latest, time)
    if last == .max {
      // Its records may begin anywhere.
      if !scan.knows(cpu) { needsFullScan = true }
      return false
    }
    let isBackwards = time < last
    if isBackwards, firstStepBack == nil { firstStepBack = (cpu, time, last - time) }
    return isBackwards
  }
}

// MARK: - Read by several workers

extension TextReader {
  /// Whether chunks of the text can be read independently: not where the scan has found losses or roles that depend on
  /// the whole text.
  var isDivisible: Bool { scan.isPartial }

  /// A worker that reads chunks of this text.
  func makeWorker() -> TextWorker {
    TextWorker(TextParser(map, marks, ownRoles: scan.ownRoles, ownMarks: scan.ownMarks), scan)
  }

  /// This text from its beginning.
  func makeSource() -> TextSource { TextSource(file) }

  /// Adds what was read from a chunk to what is known of the text. To be called for each chunk in the text's order.
  mutating func join(_ chunk: TextChunk) {
    for name in chunk.newEvents { chunk.worker?.add(number: parser.number(ofEvent: name)) }
    chunk.renumber()
    chunk.names.removeAll { name in
      if !parser.names.isNew(name.pid) { return true }
      parser.names.add(name.pid, name.comm)
      return false
    }
    _ = parser.names.takeNew()
    if let batch = chunk.batch { noteTimes(batch, chunk) }
    joinedOffset = chunk.fileOffset
    parser.add(chunk.origins)
    if chunk.isAbandoned { needsFullScan = true }
    noteDoubts()
  }

  private mutating func noteTimes(_ batch: EventBatch, _ chunk: TextChunk) {
    for place in batch.indices {
      let event = batch.events[place]
      guard isBackwards(event.timestamp.rawValue, event.cpu) else { continue }
      // Only the first one's place is reported.
      backwards.note(backwards.count == 0 ? chunk.offset(ofEvent: place) : 0)
    }
  }

  /// Adds what the workers have skipped. To be called after the last chunk.
  mutating func joinTallies(of workers: [TextWorker]) {
    for worker in workers { parser.addTallies(of: worker.parser.pointee) }
  }
}
