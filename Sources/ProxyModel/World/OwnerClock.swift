import TraceCore

// What the owners of contended locks do while they own them.

/// How long a task was in which place, counted while it owns a lock that somebody waits for.
struct OwnerClock: BitwiseCopyable, Sendable {
  /// Up to there it is counted.
  var until = Timestamp(0)
  var running: Int64 = 0
  var queued: Int64 = 0
  var blocked: Int64 = 0
  /// Asleep, or on its way from there to a runqueue.
  var asleep: Int64 = 0

  /// Counts the time since ``until``, all of which the task has spent in a place.
  mutating func book(_ place: Place, until now: Timestamp) {
    let length = max(0, now - until)
    until = max(until, now)
    switch place {
    case .running: running &+= length
    case .queued: queued &+= length
    case .blocked: blocked &+= length
    case .waking, .asleep: asleep &+= length
    case .unknown: break
    }
  }

  /// What was counted since an earlier state of this clock.
  func since(_ earlier: OwnerClock) -> OwnerClock {
    OwnerClock(
      until: until, running: running &- earlier.running, queued: queued &- earlier.queued,
      blocked: blocked &- earlier.blocked, asleep: asleep &- earlier.asleep)
  }
}

/// A lock for which somebody waits has changed hands.
enum HoldStep: BitwiseCopyable {
  case began(LockIndex, TaskIndex)
  /// The hold has a row; they come in the order of ``HoldRecord/number``.
  case ended(LockIndex, TaskIndex)
}

extension World {
  /// A task's place is about to change.
  @inline(__always)
  mutating func bookOwner(_ task: TaskIndex) {
    if self[task].owned > 0 { self[task].clock.book(place(of: task), until: now) }
  }

  /// A task owns another lock from here on.
  /// - Returns: its clock at this instant.
  mutating func beginOwning(_ task: TaskIndex) -> OwnerClock {
    if self[task].owned == 0 { self[task].clock = OwnerClock(until: now) }
    bookOwner(task)
    self[task].owned += 1
    return self[task].clock
  }
}

extension Hypothesis {
  /// Locks have changed hands: how long their owners ran on another's account.
  mutating func followHolds(_ world: inout World) {
    guard proxies else { return }
    for place in world.holdSteps.indices {
      switch world.holdSteps[place] {
      case .began(let lock, let owner):
        while proxiedAtHold.count <= Int(lock.rawValue) { proxiedAtHold.append(0) }
        proxiedAtHold[Int(lock.rawValue)] = proxiedRun(of: owner, &world)
      case .ended(let lock, let owner):
        rows.proxiedOfHolds.append(proxiedRun(of: owner, &world) - proxiedAtHold[Int(lock.rawValue)])
      }
    }
  }

  /// How long a task has run on another's account until now.
  private func proxiedRun(of task: TaskIndex, _ world: inout World) -> Int64 {
    let booked = Int(task.rawValue) < lent.count ? lent[Int(task.rawValue)].proxiedRun : 0
    guard let cpu = world.scheduling.cpuRunning(task), case .task = account(cpu).donor else { return booked }
    return booked &+ max(0, world.now - account(cpu).since)
  }
}

extension HoldTimes {
  init(_ clock: OwnerClock, proxied: Int64) {
    run = clock.running &- proxied
    proxiedRun = proxied
    preempted = clock.queued
    waiting = clock.blocked
    sleeping = clock.asleep
  }
}
