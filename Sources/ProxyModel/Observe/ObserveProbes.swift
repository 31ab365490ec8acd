import TraceCore

// What probes read, and donors and owners that events of out-of-tree kernels name.

extension ProxyMachine {
  mutating func probed(_ probe: SwitchProbe, _ event: SchedEvent, _ cpu: Int) {
    facts.see(.probedSwitch)
    if options.ignoresProbes || !TaskTable.isValid(probe.next) { return }
    let next = tasks.task(probe.next)
    // From here on a probe's record may come beside every switch.
    if calm.isOn { endCalmPeriod() }
    tasks.learn(next, at: probe.nextTask)
    verdict.countProbe(hasDonor: probe.depth > 0)
    let donor = probe.farthestDonor.flatMap { TaskTable.isValid($0) ? tasks.task($0) : nil }
    let isCurrent = if case .task(next, _) = cpus[cpu].current { true } else { false }
    deferred.followUps.probed(
      cpu, next: next, isCurrent: isCurrent, donor: donor, depth: probe.depth, in: &deferred.journal)
  }

  /// The exit probe reads `rq->donor` at the end of each pass of `__schedule()`, on the CPU itself (kernel/sched/core.c,
  /// `trace_sched_exit_tp()`): of a switch it is the donor since then, and where curr stays it is from here on.
  mutating func exited(
    _ donor: Pid, _ curr: Pid, _ isSwitch: Bool, _ event: SchedEvent, _ cpu: Int, _ current: TaskIndex
  ) {
    facts.see(.probedExit)
    if options.ignoresProbes || !TaskTable.isValid(donor) { return }
    if calm.isOn { endCalmPeriod() }
    // The idle tasks of all CPUs are one.
    let donor = tasks.task(donor)
    verdict.countProbe(hasDonor: donor != current && curr != 0)
    if deferred.followUps.exited(cpu, donor: donor, in: &deferred.journal) { return }
    emit(.exitDonor(donor, isSwitch: isSwitch), at: event.timestamp, cpu: event.cpu)
  }

  mutating func probed(_ probe: WaitProbe, _ event: SchedEvent, _ current: TaskIndex) {
    facts.see(.probedWait)
    if options.ignoresProbes || !probe.flags.contains(.mutex) { return }
    guard probe.ownerTask == 0 || tasks.task(at: probe.ownerTask) != nil else { return }
    let lock = locks.index(of: probe.lock)
    let position = deferStep(.ownerRead(lock), at: event.timestamp, cpu: event.cpu)
    deferred.owners.ownerRead(
      lock, tasks.task(at: probe.ownerTask), by: current, at: position, time: event.timestamp,
      in: &deferred.journal)
  }

  /// Whom the scheduler picks, where the CPU idles and the task is blocked on a mutex.
  mutating func notePick(_ task: TaskIndex, _ event: SchedEvent, _ cpu: Int) {
    if case .task(_, 0) = cpus[cpu].current, let wait = waits.waiting(task), wait.offCPUSince != nil,
      waits.kind(of: wait.lock) == .mutex
    {
      idlePicks.pick(task, wait: wait.row, on: cpu, at: event.timestamp)
    } else if idlePicks.hasOpen {
      idlePicks.close(cpu)
    }
  }

  mutating func donorNamed(_ donor: Pid, _ owner: Pid, _ event: SchedEvent) {
    facts.see(.donor)
    guard isTask(donor, event), isTask(owner, event) else { return }
    emit(
      .namedDonor(tasks.livingTask(donor), owner: tasks.livingTask(owner)), at: event.timestamp, cpu: event.cpu)
  }

  mutating func ownerNamed(_ lock: LockAddress, _ waiter: Pid, _ owner: Pid, _ event: SchedEvent) {
    facts.see(.owner)
    guard isTask(waiter, event), isTask(owner, event) else { return }
    let (waiter, owner) = (tasks.livingTask(waiter), tasks.livingTask(owner))
    let named = lock.rawValue == 0 ? waits.waiting(waiter)?.lock : lock
    // Nobody owns what it waits for; and only mutexes have owners here.
    guard let named, waits.kind(of: named) == .mutex, waits.waiting(owner)?.lock != named else { return }
    let lock = locks.index(of: named)
    let position = deferStep(.ownerRead(lock), at: event.timestamp, cpu: event.cpu)
    deferred.owners.ownerRead(
      lock, owner, by: waiter, .event, at: position, time: event.timestamp, in: &deferred.journal)
  }

  mutating func queued(_ pid: Pid, _ cpu: CPU, _ event: SchedEvent) {
    facts.see(.queued)
    guard isTask(pid, event), isValid(cpu, event) else { return }
    emit(.queued(tasks.livingTask(pid), on: cpu), at: event.timestamp, cpu: event.cpu)
  }

  mutating func unqueued(_ pid: Pid, _ event: SchedEvent) {
    facts.see(.unqueued)
    guard isTask(pid, event) else { return }
    emit(.unqueued(tasks.livingTask(pid)), at: event.timestamp, cpu: event.cpu)
  }

  /// Whether a pid is one that a kernel hands out to a task.
  private mutating func isTask(_ pid: Pid, _ event: SchedEvent) -> Bool {
    if TaskTable.isValid(pid), pid != 0 { return true }
    diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(pid)")
    return false
  }
}
