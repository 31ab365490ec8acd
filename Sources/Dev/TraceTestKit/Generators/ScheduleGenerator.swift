public import TraceCore

/// A small machine that is simulated to the last detail, and the trace that its kernel would write.
///
/// The scheduler is simple and exactly known: real-time tasks by priority, then the others mostly by priority, with time
/// slices; a woken task preempts a less urgent one. With proxy execution a task that blocks on a lock stays on its
/// runqueue; when it is picked, the owner at the end of its chain runs on its account, to whose CPU it is moved silently
/// if need be; where that owner sleeps, or the lock turns out to be free, the donor leaves the runqueue until it is woken.
///
///     var generator = ScheduleGenerator(.random(seed: 7))
///     while let event = generator.next() { … }
///     generator.truth
///
/// The stream has one order for all CPUs: no two events have the same time. It does not end where a task repeats its
/// script.
public struct ScheduleGenerator: IteratorProtocol {
  private var machine: SimulatedMachine
  /// How many of the machine's last events have been handed out.
  private var taken = 0

  public init(_ plan: SchedulePlan) { machine = SimulatedMachine(plan) }

  /// The next event; `nil` once all tasks are done.
  public mutating func next() -> SchedEvent? {
    while taken == machine.emitted.count {
      machine.emitted.removeAll(keepingCapacity: true)
      taken = 0
      guard machine.step() else { return nil }
    }
    taken += 1
    return machine.emitted[taken - 1]
  }

  /// What happened so far, which may be a little more than the events that were taken.
  public var truth: ScheduleTruth { machine.truth }

  /// Names of the tasks for ``CaptureOptions/savedComms``.
  public var savedComms: [Pid: String] {
    Dictionary(machine.tasks.map { ($0.pid, $0.comm.text) }) { first, _ in first }
  }

  /// The first `count` events of a plan, or all if there are fewer, and the truth about them.
  public static func generate(_ plan: SchedulePlan, count: Int) -> (events: [SchedEvent], truth: ScheduleTruth) {
    var generator = ScheduleGenerator(plan)
    var events: [SchedEvent] = []
    // Whatever one step of the machine emits belongs together: the truth of a step's first half would be no truth.
    while events.count < count || generator.taken < generator.machine.emitted.count {
      guard let event = generator.next() else { break }
      events.append(event)
    }
    return (events, generator.truth)
  }
}
