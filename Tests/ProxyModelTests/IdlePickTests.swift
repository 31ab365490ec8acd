import Testing
import TraceCore

@testable import ProxyModel

/// Idle CPUs that pick one blocked task again and again.
struct IdlePickTests {
  private static let owner = TaskSnapshot(pid: 60, priority: Priority(139), comm: "owner")
  private static let donor = TaskSnapshot(pid: 61, priority: Priority(100), comm: "donor")
  private static let idle = TaskSnapshot(pid: 0, priority: Priority(120), comm: "swapper")
  private static let lock = LockAddress(0xa0)

  private static func event(_ time: UInt64, cpu: CPU = 0, pid: Pid, _ body: EventBody) -> SchedEvent {
    SchedEvent(timestamp: Timestamp(1_000_000_000 + time * 1000), cpu: cpu, pid: pid, eventID: 1, body: body)
  }

  private static func switched(_ time: UInt64, _ previous: TaskSnapshot, _ state: TaskState, _ next: TaskSnapshot)
    -> SchedEvent
  {
    event(time, pid: previous.pid, .switched(SwitchRecord(previous: previous, previousState: state, next: next)))
  }

  private static func pick(_ time: UInt64, _ pid: Pid, by curr: Pid = 0) -> SchedEvent {
    event(time, pid: curr, .probedSetNext(pid: pid, priority: Priority(100)))
  }

  /// The donor blocks on CPU 0, which goes idle.
  private static let blocked = [
    switched(0, idle, .running, donor), event(10, pid: 61, .contentionBegan(lock: lock, flags: .mutex)),
    switched(20, donor, .uninterruptible, idle),
  ]

  private static func rows(_ events: [SchedEvent]) -> [String] {
    var machine = ProxyMachine()
    for event in events { machine.apply(event) }
    let timeline = machine.finish()
    let base = Int64(1_000_000_000)
    return timeline.idlePicks.map {
      "CPU \($0.cpu) \($0.donor.pid) wait \($0.wait) \((Int64($0.begin.rawValue) - base) / 1000)-\((Int64($0.end.rawValue) - base) / 1000) ×\($0.picks) \($0.evidence.name)"
    }
  }

  private static func picks(_ times: UInt64...) -> [SchedEvent] { times.map { pick($0, 61) } }

  @Test func picksOfOneBlockedTaskAreOneRow() {
    #expect(Self.rows(Self.blocked + Self.picks(30, 36, 42, 900)) == ["CPU 0 61 wait 0 30-900 ×4 probe"])
  }

  /// One pick is what the kernel means to do, and one more when the donor has left.
  @Test func aFewPicksAreNone() {
    #expect(Self.rows(Self.blocked + Self.picks(30)) == [])
    #expect(Self.rows(Self.blocked + Self.picks(30, 40, 2000, 2010)) == [])
  }

  @Test func aSwitchAndAnotherTaskEndIt() {
    let switches = [
      Self.switched(50, Self.idle, .running, Self.owner), Self.switched(60, Self.owner, .interruptible, Self.idle),
    ]
    let two = ["CPU 0 61 wait 0 20-40 ×3 probe", "CPU 0 61 wait 0 70-90 ×3 probe"]
    #expect(Self.rows(Self.blocked + Self.picks(20, 30, 40) + switches + Self.picks(70, 80, 90)) == two)
    #expect(Self.rows(Self.blocked + Self.picks(20, 30, 40) + [Self.pick(50, 60)] + Self.picks(70, 80, 90)) == two)
  }

  /// That the task was there in a pause is inferred, from a burst before it and a pick behind it.
  @Test func aPauseIsInferred() {
    #expect(
      Self.rows(Self.blocked + Self.picks(30, 40, 50, 5000, 5010, 5020))
        == ["CPU 0 61 wait 0 30-5020 ×6 inferred"])
    #expect(Self.rows(Self.blocked + Self.picks(30, 40, 50, 5000, 5010)) == ["CPU 0 61 wait 0 30-5010 ×5 inferred"])
    #expect(Self.rows(Self.blocked + Self.picks(30, 5000, 5010, 5020)) == ["CPU 0 61 wait 0 5000-5020 ×3 probe"])
  }

  /// Who is not blocked, or who is picked while another task runs, does not spin.
  @Test func otherPicksAreNone() {
    #expect(Self.rows([Self.switched(0, Self.donor, .interruptible, Self.idle)] + Self.picks(30, 40, 50)) == [])
    let runs = Self.blocked + [Self.switched(25, Self.idle, .running, Self.owner)]
    #expect(Self.rows(runs + [30, 40, 50].map { Self.pick($0, 61, by: 60) }) == [])
  }
}
