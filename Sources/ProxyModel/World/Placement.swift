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
  private(set) var place = Place.unknown
  /// Where it last ran or was put; −1 where that is not known.
  private(set) var cpu: CPU = -1
  /// How often it was woken; wraps around.
  private(set) var wakings: UInt32 = 0
  /// The calm period in which this task is out of the lists of ``RunQueues``; an older one's number means nothing.
  var calmPeriod: UInt32 = 0

  /// Switched out.
  /// - Parameter waitsForMutex: It has an open wait for a mutex.
  @inline(__always)
  mutating func leave(_ cpu: CPU, _ state: TaskState, waitsForMutex: Bool) {
    put(state.isRunnable ? .queued(cpu) : waitsForMutex ? .blocked : .asleep, cpu)
  }

  /// Switched in.
  @inline(__always)
  mutating func enter(_ cpu: CPU) { put(.running(cpu), cpu) }

  @inline(__always)
  mutating func waking(target: CPU) {
    wakings &+= 1
    switch place {
    case .blocked, .asleep: put(.waking, target)
    // A task that has not left its CPU yet; or nothing is known of it, not even whether it had.
    case .running, .queued, .waking, .unknown: break
    }
  }

  @inline(__always)
  mutating func wakeup(target: CPU) {
    if case .running = place { return }
    put(.queued(target), target)
  }

  mutating func migrate(to cpu: CPU) {
    if case .queued = place { place = .queued(cpu) }
    self.cpu = cpu
  }

  /// It is on this CPU, though no event has moved it there.
  mutating func correctCPU(to cpu: CPU) { self.cpu = cpu }

  /// It is gone for good.
  mutating func die() { place = .asleep }

  /// Records are missing that may have moved it.
  mutating func hide() { place = .unknown }

  /// It goes on as what another task was until now.
  mutating func become(_ other: Placement) { (place, cpu) = (other.place, other.cpu) }

  @inline(__always)
  private mutating func put(_ place: Place, _ cpu: CPU) {
    self.place = place
    self.cpu = cpu
  }
}
