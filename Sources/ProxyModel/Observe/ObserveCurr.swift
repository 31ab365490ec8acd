import TraceCore

// Curr, out of who wrote each record and out of switches.

extension ProxyMachine {
  mutating func openCPU(_ cpu: Int) {
    while cpus.count <= cpu { cpus.append(CPUState(cpu: CPU(cpus.count), traceBegin: Timestamp(0), isOpen: false)) }
    if !cpus[cpu].isOpen { cpus[cpu] = CPUState(cpu: CPU(cpu), traceBegin: facts.begin ?? Timestamp(0)) }
  }

  /// Establishes which task wrote the record; `nil` where its pid is impossible.
  mutating func see(_ event: SchedEvent, cpu: Int) -> TaskIndex? {
    let pid =
      switch event.body {
      // The task that leaves; common_pid is the same one, but text may lack it.
      case .switched(let record): record.previous.pid
      // Already written under the new pid; until now it was curr under the old one.
      case .executed(_, let oldPid): oldPid
      default: event.pid
      }
    guard TaskTable.isValid(pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(pid)")
      return nil
    }
    if !cpus[cpu].continues(with: pid) { breakContinuity(event, pid: pid, cpu: cpu) }
    // Mostly the task that was switched in; a task's pid is its own as long as it runs.
    if let task = current(pid, on: cpu) {
      cpus[cpu].goesOn(pid, at: event.timestamp)
      return task
    }
    let task = tasks.task(pid)
    let wasUnknown = cpus[cpu].current == .unknown
    cpus[cpu].see(task, pid: pid, at: event.timestamp)
    if wasUnknown {
      waits.aboutToBlock.remove(task)
      describe(task, at: event.timestamp, cpu: event.cpu)
      emit(.current(task), at: event.timestamp, cpu: event.cpu)
    }
    return task
  }

  /// Curr, if a record's `common_pid` is its pid, and still names it.
  @inline(__always)
  func current(_ pid: Pid, on cpu: Int) -> TaskIndex? {
    guard let task = cpus[cpu].current(pid), !tasks.isReplaced(task) else { return nil }
    return task
  }

  /// The record cannot follow the one before it: between the two, curr is not known.
  mutating func breakContinuity(_ event: SchedEvent, pid: Pid, cpu: Int) {
    let last = cpus[cpu].lastRecord
    diagnostics.record(
      .switchDiscontinuity, cpu: event.cpu, time: event.timestamp, "pid \(pid) runs, though no switch led to it")
    loseCurrent(cpu, since: last, at: event.timestamp)
    waits.doubt(on: event.cpu, since: last, until: event.timestamp, isTold: true)
    facts.addHole(since: last, until: event.timestamp)
    noteDoubts(at: event.timestamp, cpu: event.cpu)
  }

  mutating func switched(_ record: SwitchRecord, event: SchedEvent, cpu: Int, previous: TaskIndex) {
    guard TaskTable.isValid(record.next.pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(record.next.pid)")
      loseCurrent(cpu, since: event.timestamp, at: event.timestamp)
      return
    }
    name(previous, record.previous, event)
    let next = named(record.next, event)
    follow(from: previous, record.previousState, to: next, pid: record.next.pid, cpu, at: event.timestamp)
    if record.previousState.isDead {
      tasks.markDead(previous)
      waits.forget(previous)
      endLostWaits(at: event.timestamp, cpu: event.cpu)
      emit(.dead(previous), at: event.timestamp, cpu: event.cpu)
    }
  }

  /// A switch between two tasks that are known as the event names them.
  /// - Parameter pid: the next one's.
  @inline(__always)
  mutating func follow(
    from previous: TaskIndex, _ state: TaskState, to next: TaskIndex, pid: Pid, _ cpu: Int, at time: Timestamp
  ) {
    if idlePicks.hasOpen { idlePicks.close(cpu) }
    bookRun(cpu) { $0.switchTo(next, pid: pid, at: time) }
    tasks[next].switches += 1
    waits.leaveCPU(previous, at: time)
    noteDoubts(at: time, cpu: CPU(cpu))
    waits.enterCPU(next, cpu: CPU(cpu), at: time)
    if !waits.aboutToBlock.isEmpty { waits.aboutToBlock.remove(next) }
    let followUp = deferred.followUps.switched(
      cpu, to: next, isIdle: pid == 0, leftRunnable: state.isRunnable, at: time, in: &deferred.journal)
    let step = Step.switched(from: previous, state: state, to: next)
    if followUp == .pending {
      let position = deferStep(step, at: time, cpu: CPU(cpu))
      deferred.followUps.awaitProbe(cpu, position: position, in: &deferred.journal)
    } else {
      emit(step, followUp, at: time, cpu: CPU(cpu))
    }
  }

  mutating func executed(pid: Pid, oldPid: Pid, cpu: Int, event: SchedEvent) {
    // de_thread() (fs/exec.c): the thread takes its dead leader's pid, and goes on as that pid.
    guard pid != oldPid, TaskTable.isValid(pid), TaskTable.isValid(oldPid) else { return }
    let task = tasks.newLife(pid)
    let old = tasks.task(oldPid)
    tasks.name(task, tasks[old].comm, tasks[old].priority)
    tasks.markDead(old)
    bookRun(cpu) { $0.rename(to: task, pid: pid, at: event.timestamp) }
    describe(task, at: event.timestamp, cpu: event.cpu)
    emit(.becomes(old, task), at: event.timestamp, cpu: event.cpu)
  }

  /// Runs a step of a CPU and books the run that it returns to the task that was curr before it.
  @inline(__always)
  mutating func bookRun(_ cpu: Int, _ step: (inout CPUState) -> Int64) {
    let current = cpus[cpu].current
    let ran = step(&cpus[cpu])
    if case .task(let task, _) = current { tasks[task].run &+= ran }
  }
}
