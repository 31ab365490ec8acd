import TraceCore

/// What reading all of a text once shows of it: where records are missing, whether lines are in order, how many captures it holds.
struct TextFullScan {
  /// Lines of one capture, up to the next one's.
  struct Section {
    /// Where its head is, or its first event.
    var offset: UInt64
    var cpus: Set<CPU> = []
    var count = 0
  }

  private struct CPUState {
    var isSeen = false
    var lastOffset: Int64 = -1
    var lastTime: UInt64 = 0
    var isPending = false
    var missing: UInt64? = 0
    /// Records are missing since its last event alone, whose own fields could not be read.
    var isBad = false
    /// Cuts before its last event.
    var cuts = 0
    /// The task that runs behind its last event.
    var curr: Pid?
  }

  /// Events in a row that are earlier than one before them all.
  private struct EarlierEvents {
    /// Where the first one is, and its time.
    var offset: UInt64
    var first: UInt64
    var cpus: Set<CPU> = []
    var count = 0
    /// A CPU among them runs another task than the one that it ran before.
    var isOfOthers = false
  }

  /// Where lines are missing: behind an event, at its time.
  private struct Cut {
    var offset: Int64
    var time: UInt64
  }

  private(set) var holes: [TextScan.Hole] = []
  private(set) var sections: [Section] = [Section(offset: 0)]
  /// Lines by which somebody has cut out others, and the first one's place.
  private(set) var cuts = TextTally()
  /// Of lines that somebody has cut out, and of torn ones whose CPU is not known.
  private var places: [Cut] = []
  /// A line says that the kernel has lost records.
  private(set) var hasLoss = false
  /// Records that were overwritten before the first one, as the head says.
  private(set) var overwritten: UInt64 = 0
  /// An event is earlier than one before it; and one of the same CPU.
  private(set) var isUnsorted = false
  private(set) var hasStepBack = false

  private var earlier: EarlierEvents?
  private var states: [CPU: CPUState] = [:]
  private var begin: UInt64?
  private var latest: UInt64 = 0
  private var lastOffset: Int64 = -1

  /// - Parameter next: the task that a switch leads to.
  mutating func noteEvent(_ head: TextHead, at offset: UInt64, next: Pid?) {
    sections[sections.count - 1].cpus.insert(head.cpu)
    sections[sections.count - 1].count += 1
    noteOrder(head, at: offset)
    let begin = begin ?? head.time
    self.begin = begin
    if head.time < latest { isUnsorted = true }
    latest = max(latest, head.time)
    lastOffset = Int64(clamping: offset)
    var state = states[head.cpu, default: CPUState()]
    if state.isSeen, head.time < state.lastTime { hasStepBack = true }
    takeCuts(&state)
    if !state.isSeen && overwritten > 0 { (state.isPending, state.missing) = (true, nil) }
    let isLate = !state.isSeen && head.time > begin
    if state.isPending || isLate { add(state, head.cpu, until: head.time) }
    state.isSeen = true
    (state.lastOffset, state.lastTime, state.curr) = (lastOffset, head.time, next ?? head.pid)
    (state.isPending, state.missing, state.isBad, state.cuts) = (false, 0, false, places.count)
    states[head.cpu] = state
  }

  /// Where times begin anew, at least in the first half of what was covered, and a CPU goes on with a task that it did not run, another
  /// capture begins, also without a head. A clock that steps back leaves the task; a single line that is earlier is a damaged one.
  private mutating func noteOrder(_ head: TextHead, at offset: UInt64) {
    guard let begin, head.time < latest else {
      earlier = nil
      return
    }
    var events = earlier ?? EarlierEvents(offset: offset, first: head.time)
    events.cpus.insert(head.cpu)
    events.count += 1
    if let state = states[head.cpu], state.isSeen, !state.isPending, head.time < state.lastTime,
      state.curr != head.pid
    {
      events.isOfOthers = true
    }
    earlier = events
    guard events.isOfOthers, events.count >= 2, head.time <= begin || head.time - begin < (latest - begin) / 2 else {
      return
    }
    sections[sections.count - 1].count -= events.count
    sections.append(Section(offset: events.offset, cpus: events.cpus, count: events.count))
    // What comes now is in the order of the new capture.
    (earlier, self.begin, latest, states) = (nil, events.first, 0, [:])
  }

  /// Cuts since a CPU's last event: what is missing is so from the first one on, but where the kernel has lost records too.
  private func takeCuts(_ state: inout CPUState) {
    guard state.cuts < places.count else { return }
    if !state.isPending, state.isSeen {
      (state.lastOffset, state.lastTime) = (places[state.cuts].offset, places[state.cuts].time)
    }
    (state.isPending, state.missing, state.isBad) = (true, nil, false)
  }

  /// The event that was noted last is one whose fields cannot be read: what it says is missing from then on.
  mutating func noteBad(_ cpu: CPU) {
    guard var state = states[cpu], !state.isPending else { return }
    (state.isPending, state.missing, state.isBad) = (true, 1, true)
    states[cpu] = state
  }

  /// A piece of an event whose other pieces are missing.
  /// - Parameter cpu: `nil`: it does not tell.
  mutating func noteTorn(_ cpu: CPU?) {
    // Of what comes before all events nothing is known anyway.
    guard begin != nil else { return }
    guard let cpu, states[cpu] != nil else { return places.append(Cut(offset: lastOffset, time: latest)) }
    noteMissing(cpu, 1)
  }

  /// `CPU:2 [LOST 5 EVENTS]`, and its kind.
  mutating func noteLoss(_ cpu: CPU, _ count: UInt64?) {
    hasLoss = true
    noteMissing(cpu, count)
  }

  private mutating func noteMissing(_ cpu: CPU, _ count: UInt64?) {
    var state = states[cpu, default: CPUState()]
    (state.isPending, state.isBad) = (true, false)
    if let sum = state.missing, let count { state.missing = sum &+ count } else { state.missing = nil }
    states[cpu] = state
  }

  mutating func noteCut(at offset: UInt64) {
    cuts.note(offset)
    places.append(Cut(offset: lastOffset, time: latest))
  }

  /// A comment, or a line of the head.
  mutating func noteRemark(_ line: UnsafeRawBufferPointer, at offset: UInt64) {
    if let sum = Self.overwritten(line) { overwritten = sum }
    if Self.isHead(line), sections[sections.count - 1].count > 0 { sections.append(Section(offset: offset)) }
  }

  /// The text is at its end.
  mutating func finish() {
    for (cpu, state) in states {
      var state = state
      takeCuts(&state)
      // Nothing comes after it that could be unknown.
      if state.isBad, state.lastOffset == lastOffset { continue }
      // Where nothing is said to be missing, other CPUs may go on nevertheless.
      if state.isPending || state.lastOffset < lastOffset { add(state, cpu, until: nil) }
    }
    holes.sort { ($0.after, $0.cpu) < ($1.after, $1.cpu) }
    sections.removeAll { $0.count == 0 }
  }

  private mutating func add(_ state: CPUState, _ cpu: CPU, until: UInt64?) {
    guard cpu >= 0, cpu < KernelLimits.cpuCount else { return }
    holes.append(
      TextScan.Hole(
        after: state.lastOffset, time: state.isSeen ? state.lastTime : begin ?? 0, cpu: cpu,
        loss: LostEvents(
          until: until.map { Timestamp($0) }, isAtStart: !state.isSeen,
          count: state.isPending ? state.missing.flatMap { $0 == 0 ? nil : $0 } : 0)))
  }

  /// Whether the sections are files of one CPU each: `cat per_cpu/cpu*/trace`.
  var areCPUs: Bool {
    guard sections.allSatisfy({ $0.cpus.count == 1 }) else { return false }
    return sections.reduce(into: Set<CPU>()) { $0.formUnion($1.cpus) }.count == sections.count
  }

  /// Whether a line begins the head of a capture.
  static func isHead(_ line: UnsafeRawBufferPointer) -> Bool {
    var scanner = TextScanner(line)
    return scanner.skip("# tracer:") || scanner.skip("cpus=")
  }

  /// `# entries-in-buffer/entries-written: 3776/99999   #P:4` (kernel/trace/trace.c, `print_event_info()`): how many of the records
  /// that were written are not in the buffer any more; `nil` for any other line.
  static func overwritten(_ line: UnsafeRawBufferPointer) -> UInt64? {
    var scanner = TextScanner(line)
    guard scanner.skip("# entries-in-buffer/entries-written:") else { return nil }
    scanner.skipBlanks()
    guard let there = scanner.decimal(), scanner.skip(UInt8(ascii: "/")), let written = scanner.decimal() else {
      return nil
    }
    return written > there ? written - there : 0
  }
}
