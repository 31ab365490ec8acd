import TraceCore

/// Reads ftrace text: the kernel's `trace` and `trace_pipe`, and what `trace-cmd report` prints (docs/text.md).
struct TextReader: ~Copyable {
  private var source: TextSource
  private var survey: TextSurvey
  private let map: EventMap
  private let marks: MarkPattern
  private let path: String
  private let file: FileView
  /// How far others have read for this.
  private var joinedOffset: UInt64 = 0

  private var parser: TextParser
  private var nextHole = 0
  private var eventCount = 0
  private var backwards = TextTally()
  private var lastTimes: [UInt64] = []
  /// A hasty survey has missed what the reading has come upon.
  private var needsFullScan = false

  /// - Parameter skipsLossScan: Do not look for losses beforehand, but stop at the first.
  /// - Throws: `notATrace` where no line is an event.
  init(
    _ file: FileView, path: String, events map: EventMap, _ marks: MarkPattern, skipsLossScan: Bool
  ) throws(TraceError) {
    source = TextSource(file)
    survey = TextSurvey(&source, map, skipsLossScan: skipsLossScan)
    guard survey.resolution != nil else { throw Self.notATrace(source.isCompressed, file, path) }
    source.rewind()
    parser = TextParser(map, marks, ownRoles: survey.ownRoles)
    self.map = map
    self.marks = marks
    self.path = path
    self.file = file
  }

  private static func notATrace(_ isCompressed: Bool, _ file: FileView, _ path: String) -> TraceError {
    if isCompressed {
      return TraceError(
        .notATrace, path: path, "holds no ftrace text", offset: 0,
        advice: "compressed files are read as text alone: decompress a trace.dat first")
    }
    return FileHead.notATrace(file, path)
  }

  /// Begins again where the reading has stopped for want of a survey, and makes that first.
  /// - Returns: whether it has.
  mutating func restart() -> Bool {
    guard needsFullScan else { return false }
    source.rewind()
    survey = TextSurvey(&source, map, skipsLossScan: false)
    source.rewind()
    parser = TextParser(map, marks, ownRoles: survey.ownRoles)
    (nextHole, eventCount) = (0, 0)
    (backwards, lastTimes, needsFullScan, joinedOffset) = (TextTally(), [], false, 0)
    return true
  }

  /// Names of tasks that the text has shown since the last call, by lines that they wrote.
  mutating func takeNames() -> [(pid: Pid, comm: Comm)] { parser.names.takeNew() }

  // MARK: What the text is

  var info: CaptureInfo {
    CaptureInfo(
      path: path,
      format: CaptureFormat(
        version: 0, compression: source.compression, isBigEndian: false, longSize: 8, textResolution: survey.resolution),
      clock: clock, cpuCount: survey.cpuCount, events: parser.events.infos)
  }

  private var clock: TraceClock {
    TraceClock(name: "", unit: survey.resolution == 0 ? .ticks : .nanoseconds)
  }

  var diagnostics: DiagnosticLog {
    var all = DiagnosticLog()
    if survey.resolution == 0 {
      all.record(.clockNotNanoseconds, "times are numbers without a fraction")
    } else {
      all.record(.clockUnknown, "text does not name its clock")
    }
    if let problem = source.problem { all.record(.unreadableChunk, offset: source.fileOffset, problem) }
    if parser.foreign.count > 0 {
      all.record(.foreignLine, count: parser.foreign.count, offset: parser.foreign.offset)
    }
    if parser.bad.count > 0 { all.record(.badLine, count: parser.bad.count, offset: parser.bad.offset) }
    if backwards.count > 0 { all.record(.timestampBackwards, count: backwards.count, offset: backwards.offset) }
    return all
  }

  /// 0 to 1.
  var progress: Double {
    file.size > 0 ? min(Double(max(source.fileOffset, joinedOffset)) / Double(file.size), 1) : 1
  }

  // MARK: Events

  /// The next events and losses, until there is room for none, with the names that each shows.
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>, _ found: inout [TaskName]) {
    while !packer.pointee.isFull, next(into: packer) {
      if !parser.names.new.isEmpty { parser.names.moveNew(to: &found, at: packer.pointee.count - 1) }
    }
  }

  /// Goes to the next event or loss; there is room for it.
  /// - Returns: whether there is one.
  @inline(__always)
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>) -> Bool {
    if nextHole < survey.holes.count, survey.holes[nextHole].event <= eventCount {
      packer.pointee.addWhole(loss())
    } else if nextEvent(into: packer) {
      eventCount += 1
    } else if nextHole < survey.holes.count {
      packer.pointee.addWhole(loss())
    } else {
      return false
    }
    return true
  }

  /// - Returns: whether there is one.
  @inline(__always)
  private mutating func nextEvent(into packer: UnsafeMutablePointer<EventPacker>) -> Bool {
    while let line = source.nextLine() {
      let kind = parser.read(line, into: packer)
      if kind == .event {
        if isBackwards(parser.time, parser.cpu) { backwards.note(line.offset) }
        return true
      }
      if survey.needsFullScan(kind, line.bytes) {
        needsFullScan = true
        return false
      }
    }
    return false
  }

  private mutating func loss() -> SchedEvent {
    let hole = survey.holes[nextHole]
    nextHole += 1
    return SchedEvent(timestamp: Timestamp(hole.time), cpu: hole.cpu, pid: 0, body: .lost(hole.loss))
  }

  /// Whether a CPU's time is earlier than its last one.
  @inline(__always)
  private mutating func isBackwards(_ time: UInt64, _ cpu: CPU) -> Bool {
    guard cpu >= 0, cpu < 8192 else { return false }
    while lastTimes.count <= Int(cpu) { lastTimes.append(0) }
    defer { lastTimes[Int(cpu)] = time }
    return time < lastTimes[Int(cpu)]
  }
}

// MARK: - Read by several hands

extension TextReader {
  /// Whether pieces of the text can be read by themselves: of losses is known from where on they count only when all of the
  /// text has been looked at.
  var isDivisible: Bool { survey.skipsLossScan }

  /// Somebody who reads pieces of this text.
  func makeHand() -> TextHand {
    TextHand(TextParser(map, marks, ownRoles: survey.ownRoles), survey)
  }

  /// This text from its beginning.
  func makeSource() -> TextSource { TextSource(file) }

  /// Makes what was read from a piece part of what is known of the text. To be told piece by piece in the text's order.
  mutating func join(_ piece: TextPiece) {
    for name in piece.newEvents { piece.hand?.add(number: parser.number(ofEvent: name)) }
    piece.renumber()
    piece.names.removeAll { name in
      if !parser.names.isNew(name.pid) { return true }
      parser.names.add(name.pid, name.comm)
      return false
    }
    _ = parser.names.takeNew()
    if let batch = piece.batch { noteTimes(batch, piece) }
    joinedOffset = piece.fileOffset
    if piece.isGivenUp { needsFullScan = true }
  }

  private mutating func noteTimes(_ batch: EventBatch, _ piece: TextPiece) {
    for place in batch.indices {
      let event = batch.events[place]
      guard isBackwards(event.timestamp.rawValue, event.cpu) else { continue }
      // Where it was is told of the first alone.
      backwards.note(backwards.count == 0 ? piece.offset(ofEvent: place) : 0)
    }
  }

  /// The last piece has been joined.
  mutating func joinEnds(_ hands: [TextHand]) {
    for hand in hands { parser.addTallies(of: hand.parser.pointee) }
  }
}
