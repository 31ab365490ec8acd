import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import TraceCore

/// Input = a byte of options, then events: an event's kind, CPU and step in time, then its fields, a byte each. A byte of 16 and
/// more in a pid or a lock, or of 8 and more in a CPU, is followed by the value as it is, so that every value occurs.
///
/// Options, by bit: 0 ignores probes; 1 says whether the kernel proxies, which is bit 2; 3 renders; 4 makes batches of 8 events;
/// 5 leaves out the calm stretch that the events follow otherwise.
enum ModelFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    var feed = ByteFeed(input)
    let flags = feed.byte()
    var options = ProxyMachine.Options()
    options.ignoresProbes = flags & 1 != 0
    options.proxyExecution = flags & 2 != 0 ? flags & 4 != 0 : nil
    // Chance alone seldom makes events that continue each other, and only those are followed on the fast path.
    let events = (flags & 32 == 0 ? FuzzSchedule.calm : []) + events(&feed)
    var recorded = RecordedEvents(events, options)
    // Short inputs, too, are to be cut into batches: other numbers for the same tasks.
    recorded.batchSize = flags & 16 != 0 ? 8 : 1024
    let (timeline, calmPeriods, differences) = recorded.timelineOfBothPaths()
    let violations = differences + laws(timeline) + (flags & 8 != 0 ? rendered(timeline, events) : [])
    return FuzzTarget.Result(violations, calmPeriods: calmPeriods)
  }

  private static func laws(_ timeline: Timeline) -> [String] {
    var violations: [String] = []
    for wait in timeline.waits where wait.times.total != wait.length {
      violations.append("the classes of a wait of \(wait.length) sum to \(wait.times.total)")
    }
    for cpu in timeline.cpus
    where cpu.busy &+ cpu.idle &+ cpu.lost != timeline.span || cpu.own &+ cpu.proxied &+ cpu.unknown != cpu.busy {
      violations.append("the times of CPU \(cpu.cpu) do not sum up")
    }
    for gap in timeline.gaps where gap.end < gap.begin { violations.append("a gap ends before it begins") }
    for split in timeline.splits where split.end <= split.begin { violations.append("a split without length") }
    for window in timeline.inversions where window.end <= window.begin { violations.append("a window without length") }
    return violations
  }

  private static func rendered(_ timeline: Timeline, _ events: [SchedEvent]) -> [String] {
    let capture = CaptureInfo(
      path: "fuzz", format: CaptureFormat(version: 7, compression: "none", isBigEndian: false, longSize: 8),
      clock: TraceClock(name: "mono", unit: .nanoseconds))
    let context = ReportContext(capture: capture, timeline: timeline, diagnostics: timeline.diagnostics)
    var violations = OutputRules.violations(of: Report(context))
    if !timeline.waits.isEmpty {
      var builder = StoryBuilder(of: timeline.waits.count / 2, in: timeline)
      for event in events { builder.apply(event) }
      let sink = ByteSink()
      try? StoryText(showsAll: true, isColoured: false).write(builder.finish(), of: context, to: sink)
      violations += OutputRules.text(sink.bytes)
    }
    return violations
  }

  // MARK: Events

  private static func events(_ feed: inout ByteFeed) -> [SchedEvent] {
    var events: [SchedEvent] = []
    var time: UInt64 = 1_000_000_000
    while !feed.isEmpty {
      let kind = feed.byte()
      let cpu = feed.cpu()
      time = feed.time(after: time)
      let pid = feed.pid()
      let context = EventContext(rawValue: kind >> 5 == 7 ? UInt16(feed.byte()) : 0)
      events.append(
        SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: pid, context: context, body: body(kind & 31, &feed)))
    }
    return events
  }

  /// Tasks 1 to 4 that take turns on two CPUs, as an input writes them.
  private static let turns: [UInt8] = (0..<6 as Range<UInt8>).flatMap { round -> [UInt8] in
    let (cpu, task) = (round % 2, round % 2 * 2 + 1)
    // task sleeps, task + 1 runs, wakes it, and is preempted by it.
    return [0, cpu, 10, task, task, 120, 1, task + 1, 120] + [4, cpu, 3, task + 1, task, 120, cpu]
      + [5, cpu, 1, task + 1, task, 120, cpu] + [0, cpu, 10, task + 1, task + 1, 120, 0, task, 120]
  }

  private static func body(_ kind: UInt8, _ feed: inout ByteFeed) -> EventBody {
    switch kind {
    case 0...3, 22...31:
      .switched(SwitchRecord(previous: feed.task(), previousState: feed.state(), next: feed.task()))
    case 4: .waking(WakeRecord(task: feed.task(), targetCPU: feed.cpu()))
    case 5: .wakeup(WakeRecord(task: feed.task(), targetCPU: feed.cpu()))
    case 6: .wakeupNew(WakeRecord(task: feed.task(), targetCPU: feed.cpu()))
    case 7: .migrated(task: feed.task(), from: feed.cpu(), to: feed.cpu())
    case 8: .forked(parent: feed.pid(), child: feed.pid(), childComm: feed.comm())
    case 9: .executed(pid: feed.pid(), oldPid: feed.pid())
    case 10: .exited(feed.task())
    case 11: .renamed(pid: feed.pid(), comm: feed.comm())
    case 12: .inheritedPriority(pid: feed.pid(), comm: feed.comm(), from: feed.priority(), to: feed.priority())
    case 13: .contentionBegan(lock: feed.lock(), flags: ContentionFlags(rawValue: UInt32(feed.byte())))
    case 14: .contentionEnded(lock: feed.lock(), result: Int32(Int8(bitPattern: feed.byte())))
    case 15: .contendedRelease(lock: feed.lock())
    case 16: .probedSwitch(feed.probe())
    case 17:
      .probedWait(
        WaitProbe(lock: feed.lock(), flags: ContentionFlags(rawValue: UInt32(feed.byte())), owner: feed.pointer()))
    case 18: .probedSetNext(pid: feed.pid(), priority: feed.priority())
    case 20: .mark(feed.mark())
    case 21:
      .probedExit(
        isSwitch: feed.byte() & 1 != 0, donor: feed.pid(), donorPriority: feed.priority(), curr: feed.pid())
    default: .lost(feed.loss())
    }
  }

  /// Pieces that make sense: without them it takes long until a task waits for a lock.
  static func seeds() -> [[UInt8]] {
    let wait: [UInt8] = [13, 0, 10, 5, 0, 33, 13, 0, 10, 5, 0, 32, 0, 0, 10, 5, 5, 1, 2, 6, 2, 0, 15, 0, 50, 6, 0]
    let wake: [UInt8] = [4, 0, 5, 6, 5, 1, 0, 5, 0, 5, 6, 5, 1, 0, 0, 0, 5, 6, 6, 2, 0, 5, 1, 14, 0, 5, 5, 0, 0]
    let probed: [UInt8] = [16, 0, 10, 5, 5, 6, 6, 1, 5, 0, 0, 0, 18, 0, 3, 6, 5, 1]
    let lost: [UInt8] = [19, 0, 100, 0, 1, 200, 19, 1, 10, 0, 3, 9]
    // The exact probe beside a switch, and without one: 5 runs for itself, then for 6.
    let exits: [UInt8] = [0, 0, 10, 6, 6, 120, 1, 5, 120, 21, 0, 1, 5, 1, 5, 121, 5, 21, 0, 10, 5, 0, 6, 101, 5]
    var seeds: [[UInt8]] = []
    for flags in [0, 1, 2, 6, 8, 16, 18] as [UInt8] {
      seeds.append([flags] + turns)
      seeds.append([flags] + wait + wake + turns + turns)
      seeds.append([flags | 32] + turns + wait + wake)
      seeds.append([flags] + wait + wake)
      seeds.append([flags] + wait + wake + probed + wait + wake)
      seeds.append([flags] + wait + lost + wake + wait + wake)
      seeds.append([flags] + wait + exits + wake + exits)
    }
    return seeds
  }
}

/// Takes values off an input; zeros at its end.
struct ByteFeed {
  private var rest: Slice<UnsafeRawBufferPointer>

  init(_ input: UnsafeRawBufferPointer) { rest = input[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  private mutating func word(_ count: Int) -> UInt64 {
    (0..<count).reduce(0) { value, _ in value << 8 | UInt64(byte()) }
  }

  mutating func cpu() -> CPU {
    let value = byte()
    return value < 8 ? CPU(value) : CPU(truncatingIfNeeded: word(4))
  }

  mutating func pid() -> Pid {
    let value = byte()
    return value < 16 ? Pid(value) : Pid(truncatingIfNeeded: word(4))
  }

  mutating func lock() -> LockAddress {
    let value = byte()
    return LockAddress(value < 16 ? 0xffff_8880_0000_1000 + UInt64(value) * 32 : word(8))
  }

  /// Of a task, as the probes have it: 0 is none.
  mutating func pointer() -> UInt64 {
    let value = byte()
    return value < 16 ? UInt64(value) * 0x1000 : word(8)
  }

  /// Forwards by up to 0.2 ms, or by a power of two, or back, or anywhere.
  mutating func time(after time: UInt64) -> UInt64 {
    switch byte() {
    case let step where step < 200: time &+ UInt64(step) * 1000
    case let step where step < 240: time &+ 1 << UInt64(step - 200)
    case let step where step < 250: time &- 1 << UInt64(step - 240) * 3
    default: word(8)
    }
  }

  mutating func priority() -> Priority {
    let value = byte()
    return Priority(value < 250 ? Int32(value) - 1 : Int32(truncatingIfNeeded: word(4)))
  }

  mutating func comm() -> Comm {
    let value = byte()
    return value < 64 ? Comm("t\(value)") : Comm(DamageClass.names[Int(value) % DamageClass.names.count])
  }

  mutating func task() -> TaskSnapshot { TaskSnapshot(pid: pid(), priority: Priority(Int32(byte())), comm: "task") }

  mutating func state() -> TaskState {
    let value = byte()
    let letters = Array("RSDTtXZPI?".utf8)
    return TaskState(
      code: value < 128 ? letters[Int(value) % letters.count] : value, isPreempted: value & 64 != 0 && value < 128)
  }

  mutating func probe() -> SwitchProbe {
    SwitchProbe(
      previous: pid(), next: pid(), nextTask: pointer(),
      donors: ((pointer(), pid()), (pointer(), pid()), (pointer(), pid())), previousBlockedOn: lock().rawValue)
  }

  mutating func mark() -> MarkRecord {
    let flags = byte()
    let kinds = MarkRecord.Kind.allCases
    return MarkRecord(
      kinds[Int(flags) % kinds.count], pid: pid(), isRunnable: flags & 64 == 0 ? nil : flags & 128 != 0)
  }

  mutating func loss() -> LostEvents {
    let flags = byte()
    return LostEvents(
      until: flags & 1 != 0 ? Timestamp(time(after: 1_000_000_000)) : nil, isAtStart: flags & 2 != 0,
      count: flags & 4 != 0 ? word(8) : nil)
  }
}
