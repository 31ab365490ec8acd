import TraceCore

/// Reads ftrace text: the kernel's `trace` and `trace_pipe`, and what `trace-cmd report` prints (docs/text.md).
struct TextReader: ~Copyable {
  private var source: TextSource
  private var events: TextEvents
  private var survey: TextSurvey
  private let map: EventMap
  private let marks: MarkPattern
  private let path: String
  private let fileSize: UInt64

  private var parser = TextLine()
  private var nextHole = 0
  private var eventCount = 0
  /// The next event, where a hole comes first.
  private var held: SchedEvent?
  private var names = TextNames()
  private var foreign = Tally()
  private var bad = Tally()
  private var backwards = Tally()
  private var lastTimes: [UInt64] = []
  /// A hasty survey has missed what the reading has come upon.
  private var hasMissed = false

  /// Something that is counted, and where it was first.
  private struct Tally {
    var count: UInt64 = 0
    var offset: UInt64 = 0

    mutating func note(_ place: UInt64) {
      if count == 0 { offset = place }
      count &+= 1
    }
  }

  /// - Parameter isHasty: Do not look for losses beforehand, but stop at the first.
  /// - Throws: `notATrace` where no line is an event.
  init(
    _ file: FileView, path: String, events map: EventMap, _ marks: MarkPattern, isHasty: Bool
  ) throws(TraceError) {
    source = TextSource(file)
    survey = TextSurvey(&source, map, isHasty: isHasty)
    guard survey.resolution != nil else { throw Self.notATrace(source.isCompressed, file, path) }
    source.rewind()
    events = TextEvents(map)
    self.map = map
    self.marks = marks
    self.path = path
    fileSize = file.size
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
  mutating func beginAnew() -> Bool {
    guard hasMissed else { return false }
    source.rewind()
    survey = TextSurvey(&source, map, isHasty: false)
    source.rewind()
    events = TextEvents(map)
    (parser, nextHole, eventCount, held) = (TextLine(), 0, 0, nil)
    (names, foreign, bad, backwards) = (TextNames(), Tally(), Tally(), Tally())
    (lastTimes, hasMissed) = ([], false)
    return true
  }

  /// Names of tasks that the text has shown since the last call, by lines that they wrote.
  mutating func takeNames() -> [(pid: Pid, comm: Comm)] {
    defer { names.new.removeAll(keepingCapacity: true) }
    return names.new
  }

  // MARK: What the text is

  var info: CaptureInfo {
    CaptureInfo(
      path: path,
      format: CaptureFormat(
        version: 0, compression: source.compression, isBigEndian: false, longSize: 8, textResolution: survey.resolution),
      clock: clock, cpuCount: survey.cpuCount, events: events.infos)
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
    if foreign.count > 0 { all.record(.foreignLine, count: foreign.count, offset: foreign.offset) }
    if bad.count > 0 { all.record(.badLine, count: bad.count, offset: bad.offset) }
    if backwards.count > 0 { all.record(.timestampBackwards, count: backwards.count, offset: backwards.offset) }
    return all
  }

  /// 0 to 1.
  var progress: Double { fileSize > 0 ? min(Double(source.fileOffset) / Double(fileSize), 1) : 1 }

  // MARK: Events

  /// Goes to the next event or loss.
  /// - Returns: whether there is one.
  mutating func next(into event: inout SchedEvent) -> Bool {
    // Only where holes are is an event held; a look costs less than to take nothing.
    if nextHole > 0, let kept = held.take() { return give(kept, into: &event) }
    while let line = source.nextLine() {
      var scanner = TextScanner(line.bytes)
      switch parser.read(&scanner) {
      case .event:
        read(scanner, line, into: &event)
        if nextHole == survey.holes.count {
          eventCount += 1
          return true
        }
        return give(event, into: &event)
      case .loss:
        if survey.isHasty { return stopForSurvey() }
      case .remark:
        // What stands before the first event the survey has seen.
        if survey.isHasty, survey.cpuCount == 0, TextSurvey.cpuCount(line.bytes) != nil { return stopForSurvey() }
      case .foreign: foreign.note(line.offset)
      }
    }
    if nextHole < survey.holes.count {
      event = loss()
      return true
    }
    return false
  }

  /// The next events, until there is room for none, with the names that each shows.
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>, _ found: inout [TaskName]) {
    var event = SchedEvent.blank
    while !packer.pointee.isFull, next(into: &event) {
      if !names.new.isEmpty {
        for (pid, comm) in takeNames() { found.append(TaskName(place: packer.pointee.count, pid: pid, comm: comm)) }
      }
      packer.pointee.add(event)
    }
  }

  /// A line says what had to be known before the first event.
  /// - Returns: `false`: there is no event.
  private mutating func stopForSurvey() -> Bool {
    hasMissed = true
    return false
  }

  /// An event, or a hole that comes before it.
  private mutating func give(_ found: SchedEvent, into event: inout SchedEvent) -> Bool {
    if nextHole < survey.holes.count, survey.holes[nextHole].event <= eventCount {
      event = loss()
      held = found
    } else {
      event = found
      eventCount += 1
    }
    return true
  }

  private mutating func loss() -> SchedEvent {
    let hole = survey.holes[nextHole]
    nextHole += 1
    return SchedEvent(timestamp: Timestamp(hole.time), cpu: hole.cpu, pid: 0, body: .lost(hole.loss))
  }

  @inline(__always)
  private mutating func read(_ scanner: TextScanner, _ line: TextSource.Line, into event: inout SchedEvent) {
    let head = parser.head
    let index = events.index(of: parser.name)
    if names.isNew(head.pid) { names.add(head.pid, head.name(line.bytes)) }
    noteTime(head.time, head.cpu, line.offset)
    (event.timestamp, event.cpu, event.pid) = (Timestamp(head.time), head.cpu, head.pid)
    (event.eventID, event.context) = (events.id(index), head.context)
    guard let role = events.role(index) else {
      event.body = .other
      return
    }
    // A role that events of the user's map have here is theirs alone.
    if !survey.ownRoles.isEmpty, survey.ownRoles.contains(role), !events.isOwn(index) {
      event.body = .other
    } else if let body = body(role, index, TextBody(scanner), head.pid), !line.isTooLong {
      event.body = body
    } else {
      event.body = .other
      bad.note(line.offset)
    }
  }

  private mutating func noteTime(_ time: UInt64, _ cpu: CPU, _ offset: UInt64) {
    guard cpu >= 0, cpu < 8192 else { return }
    while lastTimes.count <= Int(cpu) { lastTimes.append(0) }
    if time < lastTimes[Int(cpu)] { backwards.note(offset) }
    lastTimes[Int(cpu)] = time
  }

  @inline(__always)
  private mutating func body(
    _ role: EventRole, _ index: Int, _ fields: consuming TextBody, _ current: Pid
  ) -> EventBody? {
    var fields = fields
    if events.isOwn(index) { return TextFields(events.sources(index), fields, current).body(role) }
    switch role {
    case .switched: return fields.switched().map { .switched($0) }
    case .waking: return fields.woken().map { .waking($0) }
    case .wakeup: return fields.woken().map { .wakeup($0) }
    case .wakeupNew: return fields.woken().map { .wakeupNew($0) }
    case .migrated: return fields.migrated()
    case .forked: return fields.forked()
    case .executed: return fields.executed()
    case .exited: return fields.task().map { .exited($0) }
    case .renamed: return fields.renamed(current)
    case .inheritedPriority: return fields.inheritedPriority()
    case .contentionBegan: return fields.contentionBegan()
    case .contentionEnded: return fields.contentionEnded()
    case .contendedRelease: return fields.contendedRelease()
    case .schedExtCounter: return fields.schedExt(.counter)
    case .schedExtExit: return fields.schedExt(.exit)
    case .message: return message(fields)
    default: return TextFields(events.sources(index), fields, current).body(role)
    }
  }

  /// Free text need not be a mark.
  private func message(_ fields: TextBody) -> EventBody {
    var fields = TextScanner(fields.rest)
    _ = fields.skip("bpf_string=")
    let text = UnsafeRawBufferPointer(rebasing: fields.bytes[fields.position...])
    guard let mark = marks.mark(in: text) else { return .other }
    return .mark(mark)
  }
}

/// Which pids have a name in the text, each told once.
struct TextNames {
  private static let pidLimit: Pid = 1 << 22
  private var seen: [UInt64] = []
  var new: [(pid: Pid, comm: Comm)] = []

  @inline(__always)
  func isNew(_ pid: Pid) -> Bool {
    let word = Int(pid >> 6)
    return word < 0 || word >= seen.count || seen[word] & 1 << UInt64(pid & 63) == 0
  }

  @inline(never)
  mutating func add(_ pid: Pid, _ comm: Comm) {
    if comm.isEmpty || pid <= 0 || pid >= Self.pidLimit { return }
    let word = Int(pid >> 6)
    if word >= seen.count { seen += Array(repeating: 0, count: word + 64 - seen.count) }
    seen[word] |= 1 << UInt64(pid & 63)
    new.append((pid, comm))
  }
}
