import TraceCore

// Steps that no wait has anything to do with. On a machine with many CPUs somebody nearly always waits, and yet most steps are such:
// they cost little however many wait.

extension Reconstruction {
  /// Whether a task waits for nothing, and nobody waits for a lock of its own.
  @inline(__always)
  private mutating func isBystander(_ task: TaskIndex) -> Bool {
    let now = world.tasks.base + Int(task.rawValue)
    return now.pointee.wait < 0 && now.pointee.owned == 0
  }

  /// A switch between bystanders, on a CPU that runs on its curr's own account and on whose runqueue no waiter is. What it does is what
  /// ``switched(_:_:_:_:_:)`` would do.
  /// - Returns: `false` for any other switch: nothing has changed then.
  @inline(__always)
  mutating func switchedBeside(
    _ cpu: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex, _ followUp: FollowUp
  ) -> Bool {
    precondition(Int(max(from.rawValue, to.rawValue)) < world.tasks.count, "an unknown task")
    guard case .none = followUp, takesShortWays, world.expectsNothing, isBystander(from), isBystander(to),
      !world.isRealTime(to)
    else { return false }
    if let branch = proxying.pointer, !branch.pointee.hypothesis.isBeside(cpu) { return false }
    if let branch = plain.pointer, !branch.pointee.pairing.isEmpty { return false }
    if let branch = proxying.pointer, !branch.pointee.pairing.isEmpty { return false }

    switchesBeside &+= 1
    world.leaveBeside(from, on: cpu, state)
    if let branch = plain.pointer { branch.pointee.hypothesis.left(from, on: cpu, state, &world) }
    world.enterBeside(to, on: cpu)
    if let branch = proxying.pointer { branch.pointee.hypothesis.switchedBeside(cpu, &world) }
    return true
  }

  /// The same of a task that is woken.
  @inline(__always)
  mutating func wakingBeside(_ task: TaskIndex, target: CPU) -> Bool {
    precondition(Int(task.rawValue) < world.tasks.count, "an unknown task")
    guard takesShortWays, isBystander(task), !world.tasks.base[Int(task.rawValue)].mayHideWait else { return false }
    world.scheduling.waking(task, target: target)
    world.changed.insert(task)
    return true
  }
}

extension World {
  /// No event has said who comes next on some CPU, and no CPU idles with work.
  var expectsNothing: Bool {
    @inline(__always) get { !hasAnnounced && scheduling.idledCPUs == 0 }
  }

  /// Whether a task may have outrun a more urgent one (``World/noteOutrun(on:by:)``).
  @inline(__always)
  fileprivate func isRealTime(_ task: TaskIndex) -> Bool {
    guard let own = tasks.base[Int(task.rawValue)].priority else { return false }
    return own.rawValue >= 0 && own.rawValue < 100
  }

  /// ``leave(_:on:_:)`` of a task that waits for nothing.
  @inline(__always)
  fileprivate mutating func leaveBeside(_ task: TaskIndex, on cpu: Int, _ state: TaskState) {
    changed.insert(cpu: cpu)
    if tasks.base[Int(task.rawValue)].pid == 0 { return }
    changed.insert(task)
    scheduling.leave(task, CPU(cpu), state, waitsForMutex: false, at: now)
  }

  /// ``enter(_:on:from:)`` of a task that waits for nothing, where nobody has idled.
  @inline(__always)
  fileprivate mutating func enterBeside(_ task: TaskIndex, on cpu: Int) {
    scheduling.setCurr(task, on: cpu)
    scheduling.enter(task, CPU(cpu))
    changed.insert(task)
  }
}

extension Hypothesis {
  /// Whether a CPU runs on its curr's own account, and no waiter is on its runqueue.
  @inline(__always)
  fileprivate mutating func isBeside(_ cpu: Int) -> Bool {
    guard case .own = accounts[cpu].donor else { return false }
    return !residence.mayHold(cpu)
  }

  /// A CPU has switched between bystanders.
  @inline(__always)
  fileprivate mutating func switchedBeside(_ cpu: Int, _ world: inout World) {
    let account = accounts.base + cpu
    account.pointee.since = max(world.now, account.pointee.since)
    account.pointee.ownEvidence = ownEvidence(&world)
  }
}
