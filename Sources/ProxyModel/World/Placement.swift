import TraceCore

/// Where a task is, as far as the scheduler's events tell. Whether a blocked task is still on a runqueue depends on whether the
/// kernel proxies; see ``Residence``.
enum Place: Equatable, BitwiseCopyable {
  case unknown
  case running(CPU)
  /// On a runqueue, not running.
  case queued(CPU)
  /// Switched out while it waits for a mutex, and not woken since.
  case blocked
  /// Between `sched_waking` and `sched_wakeup`: it is on no runqueue (`TASK_WAKING`), nor blocked on anything.
  case waking
  case asleep
}

/// A task's place, and what changes it. Each step of the scheduler is coded here, once, for the calm loop and for the long way.
struct Placement: BitwiseCopyable {
  private enum Kind: UInt8 {
    case unknown, running, queued, blocked, waking, asleep
  }

  private var kind = Kind.unknown
  /// Where it last ran or was put; −1 where that is not known.
  private(set) var cpu: CPU = -1
  /// How often it was woken; wraps around.
  private(set) var wakings: UInt32 = 0
  /// The calm period in which this task is out of the lists of ``RunQueues``; an older one's number means nothing.
  var calmPeriod: UInt32 = 0
  /// When it was switched out last; 0 for never, or where records are missing since.
  private(set) var leftAt = Timestamp(0)

  var place: Place {
    @inline(__always) get {
      switch kind {
      case .unknown: .unknown
      case .running: .running(cpu)
      case .queued: .queued(cpu)
      case .blocked: .blocked
      case .waking: .waking
      case .asleep: .asleep
      }
    }
  }

  var isBlocked: Bool {
    @inline(__always) get { kind == .blocked }
  }

  /// Switched out.
  /// - Parameter waitsForMutex: It has an open wait for a mutex.
  @inline(__always)
  mutating func leave(_ cpu: CPU, _ state: TaskState, waitsForMutex: Bool, at time: Timestamp) {
    leftAt = time
    kind = state.isRunnable ? .queued : waitsForMutex ? .blocked : .asleep
    self.cpu = cpu
  }

  /// Switched in.
  @inline(__always)
  mutating func enter(_ cpu: CPU) {
    kind = .running
    self.cpu = cpu
  }

  @inline(__always)
  mutating func waking(target: CPU) {
    wakings &+= 1
    // Any other has not left its CPU yet; or nothing is known of it, not even whether it had.
    guard kind == .blocked || kind == .asleep else { return }
    kind = .waking
    cpu = target
  }

  @inline(__always)
  mutating func wakeup(target: CPU) {
    if kind == .running { return }
    kind = .queued
    cpu = target
  }

  mutating func migrate(to cpu: CPU) {
    // A task that runs is moved only where records are missing; it runs on until a record says otherwise.
    if kind != .running { self.cpu = cpu }
  }

  /// It is on this CPU, though no event has moved it there.
  mutating func correctCPU(to cpu: CPU) { self.cpu = cpu }

  /// It is gone for good.
  mutating func die() { kind = .asleep }

  /// Records are missing that may have moved it.
  mutating func hide() { (kind, leftAt) = (.unknown, Timestamp(0)) }

  /// It goes on as what another task was until now.
  mutating func become(_ other: Placement) { (kind, cpu, leftAt) = (other.kind, other.cpu, other.leftAt) }
}
