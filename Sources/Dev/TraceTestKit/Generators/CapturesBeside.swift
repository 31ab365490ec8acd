import TraceCore

/// Captures that are played beside each other, each again and again, as one of a machine that has all of their CPUs, tasks and
/// locks: on some of its CPUs somebody nearly always waits for a lock, of which the others know nothing.
struct CapturesBeside: Sequence, IteratorProtocol {
  private var parts: [Part]

  /// One of the captures, with CPUs, tasks and locks of its own.
  fileprivate struct Part {
    let number: Int
    let cpuCount: Int
    let begin: UInt64
    var events: CaptureRepeater
    var head: SchedEvent?
  }

  /// - Parameters:
  ///   - turns: One turn of each capture.
  ///   - cpuCount: How many CPUs each of them has.
  init(_ turns: [[SchedEvent]], cpuCount: Int) {
    parts = turns.enumerated().map { number, turn in
      let begin = turn.first?.timestamp.rawValue ?? 0
      return Part(number: number, cpuCount: cpuCount, begin: begin, events: CaptureRepeater(turn, times: .max))
    }
    for place in parts.indices { parts[place].advance() }
  }

  mutating func next() -> SchedEvent? {
    guard let place = parts.indices.min(by: { parts[$0].time < parts[$1].time }) else { return nil }
    defer { parts[place].advance() }
    return parts[place].head
  }
}

extension CapturesBeside.Part {
  var time: UInt64 { head?.timestamp.rawValue ?? .max }

  mutating func advance() { head = events.next().map(moved) }

  /// The event on CPUs, of tasks and about locks of the part's own.
  private func moved(_ event: SchedEvent) -> SchedEvent {
    var event = event
    event.timestamp = Timestamp(event.timestamp.rawValue - begin + 1_000_000_000)
    event.cpu = cpu(event.cpu)
    event.pid = pid(event.pid)
    switch event.body {
    case .switched(let record):
      event.body = .switched(
        SwitchRecord(
          previous: task(record.previous), previousState: record.previousState, next: task(record.next)))
    case .waking(let record): event.body = .waking(wake(record))
    case .wakeup(let record): event.body = .wakeup(wake(record))
    case .wakeupNew(let record): event.body = .wakeupNew(wake(record))
    case .migrated(let moved, let from, let to): event.body = .migrated(task: task(moved), from: cpu(from), to: cpu(to))
    case .contentionBegan(let address, let flags): event.body = .contentionBegan(lock: lock(address), flags: flags)
    case .contentionEnded(let address, let result): event.body = .contentionEnded(lock: lock(address), result: result)
    case .contendedRelease(let address): event.body = .contendedRelease(lock: lock(address))
    case .forked(let parent, let child, let comm):
      event.body = .forked(parent: pid(parent), child: pid(child), childComm: comm)
    case .executed(let new, let old): event.body = .executed(pid: pid(new), oldPid: pid(old))
    case .exited(let ended): event.body = .exited(task(ended))
    case .renamed(let renamed, let comm): event.body = .renamed(pid: pid(renamed), comm: comm)
    default: event.body = .other
    }
    return event
  }

  private func cpu(_ cpu: CPU) -> CPU { cpu + CPU(number * cpuCount) }
  private func pid(_ pid: Pid) -> Pid { pid == 0 ? 0 : pid + Pid(number * 20_000) }
  private func lock(_ lock: LockAddress) -> LockAddress { LockAddress(lock.rawValue ^ UInt64(number) << 24) }
  private func wake(_ record: WakeRecord) -> WakeRecord {
    WakeRecord(task: task(record.task), targetCPU: cpu(record.targetCPU))
  }

  private func task(_ task: TaskSnapshot) -> TaskSnapshot {
    var task = task
    task.pid = pid(task.pid)
    // The idle tasks are told from each other by their names.
    if task.pid == 0, let own = task.comm.text.split(separator: "/").last.flatMap({ CPU($0) }) {
      task.comm = Comm("swapper/\(cpu(own))")
    }
    return task
  }
}
