import ProxyAnalysis
import ProxyModel
import TraceCore

/// A small capture, literally: two CPUs, a donor and an owner of one mutex, a name full of traps, and a gap.
enum Sample {
  static let owner = TaskSnapshot(pid: 60, priority: Priority(139), comm: "owner")
  static let donor = TaskSnapshot(pid: 61, priority: Priority(100), comm: "donor")
  /// A formula, quotes, a separator, and bytes that are no UTF-8.
  static let trap = TaskSnapshot(
    pid: 62, priority: Priority(49), comm: Comm(Array("=cmd(\"a,\u{1b}".utf8) + [0xff, 0x0a]))
  static let idle = TaskSnapshot(pid: 0, priority: Priority(120), comm: "swapper")

  static let mutex = LockAddress(0xffff_8880_1234_5678)
  static let semaphore = LockAddress(0xff11_0001_0207_05d0)

  static let nanoseconds = TraceClock(name: "mono", unit: .nanoseconds)
  static let counter = TraceClock(name: "counter", unit: .ticks)

  /// The stream: times in microseconds after 15 s.
  static let events: [SchedEvent] = [
    switched(0, cpu: 0, owner, .preempted, donor),
    switched(5, cpu: 1, idle, .running, trap),
    began(100, cpu: 0, donor, mutex, .mutex),
    switched(110, cpu: 0, donor, .uninterruptible, owner),
    began(150, cpu: 1, trap, semaphore, .read),
    switched(160, cpu: 1, trap, .uninterruptible, idle),
    event(900, cpu: 0, owner, .contendedRelease(lock: mutex)),
    event(905, cpu: 0, owner, .waking(WakeRecord(task: donor, targetCPU: 0))),
    event(910, cpu: 0, owner, .wakeup(WakeRecord(task: donor, targetCPU: 0))),
    switched(920, cpu: 0, owner, .preempted, donor),
    event(930, cpu: 0, donor, .contentionEnded(lock: mutex, result: 0)),
    switched(1160, cpu: 1, idle, .running, trap),
    event(1170, cpu: 1, trap, .contentionEnded(lock: semaphore, result: -4)),
    began(1180, cpu: 1, trap, mutex, .mutex),
    SchedEvent(
      timestamp: at(1180), cpu: 1, pid: 0, body: .lost(LostEvents(until: at(1500), isAtStart: false, count: 12))),
    switched(1500, cpu: 1, trap, .interruptible, idle),
    began(1600, cpu: 0, donor, mutex, .mutex),
    switched(1610, cpu: 0, donor, .uninterruptible, owner),
    event(2000, cpu: 0, owner, .other),
  ]

  /// One CPU: the owner runs on the donor's account, then a third task runs instead, and both must wait.
  static let inversion: [SchedEvent] = [
    event(0, cpu: 0, owner, .wakeup(WakeRecord(task: third, targetCPU: 0))),
    switched(10, cpu: 0, owner, .preempted, donor),
    began(100, cpu: 0, donor, mutex, .mutex),
    switched(110, cpu: 0, donor, .uninterruptible, owner),
    switched(400, cpu: 0, owner, .preempted, third),
    switched(3600, cpu: 0, third, .interruptible, owner),
    event(3900, cpu: 0, owner, .contendedRelease(lock: mutex)),
    event(3905, cpu: 0, owner, .waking(WakeRecord(task: donor, targetCPU: 0))),
    event(3910, cpu: 0, owner, .wakeup(WakeRecord(task: donor, targetCPU: 0))),
    switched(5920, cpu: 0, owner, .preempted, donor),
    event(5930, cpu: 0, donor, .contentionEnded(lock: mutex, result: 0)),
  ]
  private static let third = TaskSnapshot(pid: 63, priority: Priority(120), comm: "third")

  /// The context of a stream.
  /// - Parameter proxies: what the user says; `nil` = find out.
  static func context(
    _ events: [SchedEvent] = events, clock: TraceClock = nanoseconds, roles: [EventRole] = EventRole.allCases,
    symbols: [LockAddress: String] = [:], top: Int = 10, proxies: Bool? = nil
  ) -> ReportContext {
    var options = ProxyMachine.Options()
    options.rows = .all
    options.proxyExecution = proxies
    var machine = ProxyMachine(options)
    for event in events { machine.apply(event) }
    let timeline = machine.finish()
    let names = roles.map { $0.eventName.split(separator: ":").map(String.init) }
    let capture = CaptureInfo(
      path: "sample.dat",
      format: CaptureFormat(version: 7, compression: "zstd", isBigEndian: false, longSize: 8),
      uname: "Linux host 7.3.0 x86_64", recorderVersion: "3.1.6", clock: clock,
      instances: [InstanceInfo(name: "", clockName: clock.name, subBufferSize: 4096, cpus: [0, 1])], cpus: [0, 1],
      cpuCount: 2,
      events: roles.indices.map {
        EventInfo(id: UInt16(300 + $0), system: names[$0][0], name: names[$0][1], role: roles[$0])
      })
    return ReportContext(
      capture: capture, timeline: timeline, diagnostics: timeline.diagnostics, symbols: symbols, top: top)
  }

  static func at(_ microseconds: UInt64) -> Timestamp { Timestamp(15_000_000_000 + microseconds * 1000) }

  static func event(_ time: UInt64, cpu: CPU, _ task: TaskSnapshot, _ body: EventBody) -> SchedEvent {
    let id: UInt16 =
      switch body {
      case .switched: 300
      case .contentionBegan: 301
      default: 399
      }
    return SchedEvent(timestamp: at(time), cpu: cpu, pid: task.pid, eventID: id, body: body)
  }

  static func switched(
    _ time: UInt64, cpu: CPU, _ previous: TaskSnapshot, _ state: TaskState, _ next: TaskSnapshot
  ) -> SchedEvent {
    event(time, cpu: cpu, previous, .switched(SwitchRecord(previous: previous, previousState: state, next: next)))
  }

  static func began(
    _ time: UInt64, cpu: CPU, _ task: TaskSnapshot, _ lock: LockAddress, _ flags: ContentionFlags
  ) -> SchedEvent {
    event(time, cpu: cpu, task, .contentionBegan(lock: lock, flags: flags))
  }
}
