import ProxyModel
import Testing
import TraceCore
import TraceTestKit

/// sched_ext callbacks on random schedules: a right stream has no anomaly, a wrong one has its own.
struct PairingPropertyTests {
  private static let seeds = UInt64(TestEffort.count(600, quick: 96))
  private static let mutations = UInt64(TestEffort.count(400, quick: 80))

  private func pairing(_ events: [SchedEvent], proxies: Bool? = nil) -> [PairingRow] {
    var options = ProxyMachine.Options()
    options.proxyExecution = proxies
    var machine = ProxyMachine(options)
    for event in events { machine.apply(event) }
    return machine.finish().pairing
  }

  @Test func aRightStreamHasNoAnomaly() {
    var marks = 0
    for seed in 0..<Self.seeds {
      let events = MarkSchedule(seed: seed, proxies: seed % 3 != 0).script.events
      marks += events.count { if case .mark = $0.body { true } else { false } }
      // Whatever is assumed of the kernel.
      for assumed in [nil, true, false] {
        let rows = pairing(events, proxies: assumed)
        #expect(rows == [], "seed \(seed)")
      }
    }
    #expect(marks > 80 * Int(Self.seeds))
  }

  @Test func gapsAreNoAnomalies() {
    for seed in 0..<Self.seeds {
      var events = MarkSchedule(seed: seed, proxies: seed % 3 != 0).script.events
      var random = SeededGenerator(seed: seed)
      let length = events.last?.timestamp.rawValue ?? 0
      for _ in 0...random.number(0...3) {
        let begin = UInt64(random.number(0...Int(length)))
        let end = begin + UInt64(random.number(1...Int(length / 5)))
        events = EventLoss.drop(
          from: events, on: CPU(random.number(0...3)), in: Timestamp(begin)...Timestamp(end),
          isCounted: random.oneIn(2))
      }
      let rows = pairing(events)
      #expect(rows == [], "seed \(seed)")
    }
  }

  // MARK: Mutations

  private struct Mark {
    var place: Int
    var event: SchedEvent
    var record: MarkRecord
  }

  /// Marks of `running` and `stopping` behind the beginning, of tasks that have marks of both kinds before and after.
  private func marks(_ events: [SchedEvent]) -> (all: [Mark], settled: [Mark]) {
    let all = events.enumerated().compactMap { place, event -> Mark? in
      guard case .mark(let record) = event.body, record.kind != .enqueue else { return nil }
      return Mark(place: place, event: event, record: record)
    }
    let settled = all.enumerated().filter { index, mark in
      func has(_ kind: MarkRecord.Kind, _ others: some Sequence<Mark>) -> Bool {
        others.contains { $0.record.kind == kind && $0.record.pid == mark.record.pid }
      }
      let (before, after) = (all[..<index], all[(index + 1)...])
      return index > 20 && has(.running, before) && has(.stopping, before) && has(.running, after)
        && has(.stopping, after)
    }
    return (all, settled.map(\.element))
  }

  private func expect(
    _ kind: PairingRow.Kind, _ task: Pid, of events: [SchedEvent], _ what: String, _ seed: UInt64
  ) {
    let rows = pairing(events)
    #expect(rows.map(\.kind) == [kind] && rows.map(\.task.pid) == [task], "\(what), seed \(seed)")
  }

  /// Does something to one settled mark of each of many right streams, and expects one anomaly of its task.
  private func mutate(
    ifRunning: PairingRow.Kind, ifStopping: PairingRow.Kind, _ change: (inout [SchedEvent], Mark) -> Void
  ) {
    for seed in 0..<Self.mutations {
      var events = MarkSchedule(seed: seed, proxies: seed % 3 != 0).script.events
      var random = SeededGenerator(seed: seed)
      let settled = marks(events).settled
      guard !settled.isEmpty else { continue }
      let mark = random.element(settled)
      change(&events, mark)
      expect(
        mark.record.kind == .running ? ifRunning : ifStopping, mark.record.pid, of: events,
        "\(mark.record) at \(mark.event.timestamp.rawValue)", seed)
    }
  }

  @Test func aMarkThatIsMissing() {
    mutate(ifRunning: .stoppingWithoutRunning, ifStopping: .runningWithoutStopping) { $0.remove(at: $1.place) }
  }

  @Test func aMarkThatIsThereTwice() {
    mutate(ifRunning: .runningWithoutStopping, ifStopping: .stoppingWithoutRunning) {
      $0.insert($1.event, at: $1.place)
    }
  }

  /// The next task's `running` before the last one's `stopping`.
  @Test func marksInTheWrongOrder() {
    var count = 0
    for seed in 0..<Self.mutations {
      var events = MarkSchedule(seed: seed, proxies: seed % 3 != 0).script.events
      var random = SeededGenerator(seed: seed)
      let (all, settled) = marks(events)
      let ends = settled.filter { mark in
        guard mark.record.kind == .stopping, let next = all.first(where: { $0.place == mark.place + 1 }) else {
          return false
        }
        // A task that goes on by itself after its donor looks the same as one that nobody dispatched.
        return next.record.kind == .running && next.event.cpu == mark.event.cpu && next.record.pid != mark.record.pid
          && next.record.pid != next.event.pid
      }
      guard !ends.isEmpty else { continue }
      let mark = random.element(ends)
      let (first, second) = (events[mark.place], events[mark.place + 1])
      (events[mark.place].body, events[mark.place + 1].body) = (second.body, first.body)
      expect(.runningWithoutStopping, mark.record.pid, of: events, "at \(mark.event.timestamp.rawValue)", seed)
      count += 1
    }
    #expect(2 * count > Int(Self.mutations))
  }

  // MARK: Kernels with a fault

  private func check(_ fault: MarkSchedule.Fault, _ kind: PairingRow.Kind) {
    var (faults, count) = (0, 0)
    for seed in 0..<Self.seeds {
      let schedule = MarkSchedule(seed: seed, proxies: true, fault: fault)
      let rows = pairing(schedule.script.events, proxies: true)
      guard let time = schedule.faultAt else {
        #expect(rows == [], "seed \(seed)")
        continue
      }
      faults += 1
      // Where who owns what is not known, nothing is claimed.
      if rows.isEmpty { continue }
      #expect(rows.map(\.kind) == [kind], "seed \(seed)")
      #expect(rows.map(\.time) == [Timestamp(time)], "seed \(seed)")
      count += 1
    }
    #expect(12 * count >= Int(Self.seeds) && 3 * count > faults, "\(count) of \(faults)")
  }

  @Test func aBlockedTaskThatIsToldToRun() { check(.noStart, .donorRunning) }
  @Test func anOwnerThatIsToldToStop() { check(.ownerStops, .undispatchedOwner) }
  @Test func anOwnerThatIsToldToRun() { check(.ownerRuns, .undispatchedOwner) }
}
