package import ProxyModel
package import TraceCore
package import TraceReader

/// Events in memory, for many runs of the model over the same or nearly the same events.
package struct RecordedEvents: Sendable {
  /// How the model gets them.
  package enum Path: Sendable, CaseIterable {
    /// Packed into batches, as the program does it.
    case batches
    case singleEvents
  }

  package var events: [SchedEvent]
  /// Names of tasks that a text has shown, by the place of the event before which they are known.
  package var names: [TaskName] = []
  package var options: ProxyMachine.Options
  /// In events; no result depends on it. The default is that of a reading without a thread of its own.
  package var batchSize = 1024

  package init(_ events: [SchedEvent], _ options: ProxyMachine.Options = ProxyMachine.Options()) {
    self.events = events
    self.options = options
  }

  /// The model's timeline of the events.
  package func timeline(_ path: Path = .batches) -> Timeline { run(path).timeline }

  /// The same, and how often the model's fast path for stretches without a wait began.
  package func run(_ path: Path) -> (timeline: Timeline, calmPeriods: Int) {
    var machine = ProxyMachine(options)
    switch path {
    case .batches: applyBatches(to: &machine)
    case .singleEvents: applySingleEvents(to: &machine)
    }
    let count = machine.calmPeriodCount
    return (machine.finish(), count)
  }

  private func applySingleEvents(to machine: inout ProxyMachine) {
    var nextName = 0
    for (place, event) in events.enumerated() {
      while nextName < names.count, names[nextName].place <= place {
        machine.learn(names[nextName].pid, names[nextName].comm)
        nextName += 1
      }
      machine.apply(event)
    }
  }

  private func applyBatches(to machine: inout ProxyMachine) {
    let memory = BatchMemory.allocate(batchSize)
    defer { memory.deallocate() }
    var packer = EventPacker(memory)
    for begin in stride(from: 0, to: events.count, by: batchSize) {
      packer.begin(memory)
      for event in events[begin..<min(begin + batchSize, events.count)] { packer.add(event) }
      let batch = packer.finished
      let inside = names.lazy.filter { $0.place >= begin && $0.place < begin + batch.count }.map { name in
        TaskName(place: name.place - begin, pid: name.pid, comm: name.comm)
      }
      machine.apply(batch, naming: Array(inside))
    }
  }
}

extension ProxyMachine {
  mutating func apply(_ batch: SessionBatch) { apply(batch.events, naming: batch.names) }

  /// Takes a batch, and learns each name before the event that stands at its place.
  fileprivate mutating func apply(_ batch: EventBatch, naming names: [TaskName]) {
    var done = 0
    for name in names {
      apply(batch, done..<name.place)
      learn(name.pid, name.comm)
      done = name.place
    }
    apply(batch, done..<batch.count)
  }
}
