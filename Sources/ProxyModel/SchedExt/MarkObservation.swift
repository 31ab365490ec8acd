import TraceCore

// Marks of sched_ext callbacks, and the kernel's own events about sched_ext.

extension ProxyMachine {
  mutating func marked(_ mark: MarkRecord, _ event: SchedEvent) {
    switch mark.kind {
    case .running: facts.see(.running)
    case .stopping: facts.see(.stopping)
    case .enqueue: facts.see(.enqueued)
    }
    facts.schedExt.see(at: event.timestamp)
    guard TaskTable.isValid(mark.pid), mark.pid != 0 else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(mark.pid)")
      return
    }
    // A task that is gone can still get its `stopping`; a task that gets a `running` is alive.
    let task = mark.kind == .stopping ? tasks.task(mark.pid) : tasks.livingTask(mark.pid)
    let owner = mark.owner.flatMap { TaskTable.isValid($0) && $0 != 0 ? tasks.livingTask($0) : nil }
    emit(
      .marked(task, mark, owner: owner, isBlocking: waits.aboutToBlock.contains(task)), at: event.timestamp,
      cpu: event.cpu)
  }

  mutating func schedExt(_ record: SchedExtRecord, _ event: SchedEvent) {
    switch record.kind {
    case .counter: facts.see(.schedExtCounter)
    case .stalled: facts.see(.schedExtDump)
    case .exit: facts.see(.schedExtExit)
    }
    facts.schedExt.add(record, at: event.timestamp)
  }
}
