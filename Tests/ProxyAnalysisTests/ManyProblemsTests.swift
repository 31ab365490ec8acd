import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// Many windows of many owners: what they cost, against a look at every instant of each window.
struct ManyProblemsTests {
  private static let owners = (0..<40).map { Literal.task(10 + $0, pid: 100 + Pid($0), "owner", 120) }
  private static let waiters = (0..<6).map { Literal.task(60 + $0, pid: 200 + Pid($0), "waiter", 100 + Int32($0) / 2) }

  private struct Key: Hashable {
    var kind: Finding.Kind
    var lock: LockAddress
    var owner: TaskIndex
  }

  private static func timeline(seed: UInt64) -> Timeline {
    var random = SeededGenerator(seed: seed)
    var (windows, stalls): ([InversionRow], [StallRow]) = ([], [])
    let span = random.oneIn(2) ? 2000 : 20_000
    for _ in 0..<random.number(1...150) {
      let (begin, length) = (Int64(random.number(0...span)), Int64(random.number(1...(random.oneIn(20) ? 900 : 40))))
      let owner = owners[random.number(0...(span / 500 - 1))]
      windows.append(
        InversionRow(
          wait: random.number(0...5), begin: Literal.at(begin), end: Literal.at(begin + length),
          waiter: waiters[random.number(0...5)], lock: random.element([Literal.lockA, Literal.lockB]), owner: owner,
          cpu: CPU(random.number(0...1)), culprits: [], evidence: .event))
    }
    for _ in 0..<random.number(0...200) {
      let (begin, length) = (Int64(random.number(0...span)), Int64(random.number(1...(random.oneIn(20) ? 900 : 40))))
      let wait = random.number(0...5)
      stalls.append(
        StallRow(
          wait: wait, waiter: waiters[wait], begin: Literal.at(begin), end: Literal.at(begin + length),
          kind: .inverted, cpu: CPU(random.number(0...1)), owner: owners[random.number(0...(span / 500 - 1))],
          ownedLock: Literal.lockA, donor: random.element(DonorPlace.allCases), evidence: .event))
    }
    return Literal.timeline {
      $0.tasks = (0..<70).map { TaskRow(id: TaskID(pid: Pid(90 + $0), life: 1), comm: "task") }
      $0.waits = Rows((0..<6).map { Literal.wait(.mutex, waiters[$0], from: 0, for: 40_000) })
      $0.inversions = Rows(windows.sorted { $0.begin < $1.begin })
      let order = stalls.indices.sorted { (stalls[$0].begin, $0) < (stalls[$1].begin, $1) }
      $0.stalls = Rows(order.map { stalls[$0] })
    }
  }

  /// The donor of an owner on a CPU at an instant: that of the most urgent waiter, of equals of the one that is there first.
  private static func kind(at time: Timestamp, _ stalls: [StallRow]) -> Finding.Kind {
    let best = stalls.filter { $0.begin <= time && time < $0.end }.min {
      ($0.waiter.priority?.rawValue ?? 0, $0.waiter.pid) < ($1.waiter.priority?.rawValue ?? 0, $1.waiter.pid)
    }
    switch best?.donor {
    case .elsewhere: return .donorUnmoved
    case .besideOwner: return .donorNotPicked
    case .dequeued: return .donorGivenUp
    case .unknown, nil: return .inversion
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func everyInstantCountsOnceAndForOneKind(seed: UInt64) {
    let timeline = Self.timeline(seed: seed)
    let stalls = Array(timeline.stalls)
    var sums: [Key: Set<Int64>] = [:]
    for row in timeline.inversions {
      let near = stalls.filter {
        $0.owner.index == row.owner.index && $0.cpu == row.cpu && $0.begin < row.end && row.begin < $0.end
      }
      for instant in stride(from: row.begin - Literal.at(0), to: row.end - Literal.at(0), by: 1000) {
        let kind = Self.kind(at: Literal.at(instant / 1000), near)
        sums[Key(kind: kind, lock: row.ownedLock, owner: row.owner.index), default: []].insert(instant)
      }
    }
    let found = Report(Literal.context(timeline)).findings.filter { $0.lock != nil && $0.task != nil }
    var costs: [Key: Int64] = [:]
    for finding in found {
      guard let lock = finding.lock, let task = finding.task else { continue }
      costs[Key(kind: finding.kind, lock: lock, owner: task.index)] = finding.cost
    }
    #expect(costs == sums.mapValues { Int64($0.count) * 1000 })
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.cost >= $1.cost })
    #expect(found.allSatisfy { $0.worst.length <= $0.cost && $0.windows >= $0.waits })
  }

  /// Findings that are made many at a time, and what the table says of them, are those that are made one by one.
  @Test func oneByOneAndInBatchesTheyAreTheSame() throws {
    let owners = (0..<3000).map { Literal.task(UInt32($0), pid: 1000 + Pid($0), "owner", 120) }
    var random = SeededGenerator(seed: 5)
    let timeline = Literal.timeline { timeline in
      timeline.tasks = owners.map { TaskRow(id: TaskID(pid: $0.pid, life: 1), comm: "owner") }
      timeline.waits = [Literal.wait(.mutex, Self.waiters[0], from: 0, for: 40_000)]
      timeline.inversions = Rows(
        (0..<9000).map { place in
          InversionRow(
            wait: 0, begin: Literal.at(Int64(place)), end: Literal.at(Int64(place + random.number(1...50))),
            waiter: Self.waiters[0], lock: Literal.lockA, owner: owners[random.number(0...2999)], cpu: 0,
            culprits: [.init(task: Self.waiters[1], ran: 1)], evidence: .event)
        })
    }
    let report = Report(Literal.context(timeline))
    let findings = Array(report.findings)
    #expect(findings.count > 2500)
    #expect((0..<report.findings.batchCount).flatMap { report.findings.batch($0) } == findings)
    let shown = findings.map { "\($0.kind.rawValue) \($0.cost) \($0.windows) \($0.worst.length) \($0.task?.pid ?? 0)" }
    #expect(try report.lines("findings", "kind", "cost_ns", "windows", "worst_ns", "pid") == shown)
  }
}
