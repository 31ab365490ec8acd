import ProxyModel
import Testing
import TraceCore
import TraceTestKit

/// What must hold of every timeline, whatever the schedule.
struct PropertyLawTests {
  @Test(arguments: PropertySchedule.chunks(2000, from: 10_000, by: 250))
  func theLawsHold(seeds: Range<UInt64>) {
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed)
      for timeline in [schedule.timeline(), schedule.timeline(ignoringProbes: true)] {
        for law in Self.brokenLaws(timeline) { Issue.record("seed \(seed): \(law)") }
        if !schedule.plan.proxyExecution, timeline.cpus.contains(where: { $0.proxied != 0 || $0.unknown != 0 }) {
          Issue.record("seed \(seed): time on a donor's account, without proxy execution")
        }
      }
    }
  }

  static func brokenLaws(_ timeline: Timeline) -> [String] {
    timeline.waits.indices.flatMap { brokenLaws(of: $0, timeline) } + brokenStretches(timeline) + brokenHolds(timeline)
      + timeline.cpus.flatMap { brokenLaws(of: $0, timeline) }
      + timeline.tasks.filter { $0.proxiedRun > $0.run }.map { "pid \($0.id.pid) ran for others longer than it ran" }
  }

  private static func brokenLaws(of row: Int, _ timeline: Timeline) -> [String] {
    let wait = timeline.waits[row]
    var broken: [String] = []
    func check(_ holds: Bool, _ law: String) {
      if !holds { broken.append("wait of \(wait.waiter.pid) at \(wait.begin.rawValue): \(law)") }
    }
    check(wait.length >= 0, "length \(wait.length)")
    check(wait.times.total == wait.length, "the ten sum to \(wait.times.total) of \(wait.length)")
    check(WaitClass.allCases.allSatisfy { wait.times[$0] >= 0 }, "a class is negative")
    if let end = wait.end { check(end - wait.begin == wait.length, "its length is not its end less its begin") }
    if let asleep = wait.asleep { check(asleep >= 0 && asleep <= wait.length, "asleep for \(asleep)") }
    check((wait.owner == nil) || (wait.ownerEvidence != .unknown), "an owner without evidence")
    check(wait.owner?.pid != wait.waiter.pid, "it waits for itself")

    let chains = timeline.chains.filter { $0.wait == row }
    if !wait.isCutAtBegin, wait.kind == .mutex, wait.length > 0 {
      let end = wait.begin + wait.length
      check(chains.first?.begin == wait.begin && chains.last?.end == end, "its chains do not reach from end to end")
      check(zip(chains, chains.dropFirst()).allSatisfy { $0.end == $1.begin }, "its chains leave gaps or overlap")
    }
    for chain in chains {
      check(chain.path.first?.pid == wait.waiter.pid && chain.locks.first == wait.lock, "a chain begins elsewhere")
      check(chain.path.allSatisfy { $0.pid >= 0 }, "a chain goes through nobody")
    }
    let inversions = timeline.inversions.filter { $0.wait == row }
    let inverted = inversions.reduce(0) { $0 + $1.length }
    check(inverted == wait.times[.inverted], "inversions of \(inverted), inverted \(wait.times[.inverted])")
    for window in inversions {
      check(window.culprits.reduce(0) { $0 + $1.ran } == window.length, "culprits do not fill an inversion")
      check(window.culprits.allSatisfy { $0.task.pid != 0 && $0.task.pid != window.owner.pid }, "a culprit is none")
    }
    return broken
  }

  /// Segments fill each wait and sum to its classes; runs fill each CPU's busy time, and sum to its accounts and to its tasks'.
  private static func brokenStretches(_ timeline: Timeline) -> [String] {
    var broken: [String] = []
    func check(_ holds: Bool, _ law: @autoclosure () -> String) { if !holds { broken.append(law()) } }
    if timeline.made.contains(.segments) {
      let segments = Dictionary(grouping: timeline.segments, by: \.wait)
      for (row, wait) in timeline.waits.enumerated() {
        let own = segments[row, default: []]
        var times = ClassTimes()
        for segment in own { times[segment.kind] += segment.end - segment.begin }
        check(times == wait.times, "segments of wait \(row) sum to \(times), not \(wait.times)")
        check(own.isEmpty || own[0].begin == wait.begin, "the segments of wait \(row) begin elsewhere")
        check(
          zip(own, own.dropFirst()).allSatisfy { $0.end == $1.begin }, "segments of wait \(row) leave gaps or overlap")
        check(own.allSatisfy { $0.begin < $0.end }, "a segment of wait \(row) has no length")
      }
    }
    guard timeline.made.contains(.runs) else { return broken }
    let runs = Dictionary(grouping: timeline.runs, by: \.cpu)
    for cpu in timeline.cpus {
      let own = runs[cpu.cpu, default: []]
      func sum(_ isMeant: (RunRow) -> Bool) -> Int64 { own.filter(isMeant).reduce(0) { $0 + ($1.end - $1.begin) } }
      check(own.allSatisfy { $0.begin < $0.end && $0.task.pid != 0 }, "a run on CPU \(cpu.cpu) is none")
      check(zip(own, own.dropFirst()).allSatisfy { $0.end <= $1.begin }, "runs on CPU \(cpu.cpu) overlap")
      check(sum { _ in true } == cpu.busy, "runs on CPU \(cpu.cpu) are \(sum { _ in true }), busy is \(cpu.busy)")
      check(sum { $0.donor != nil } == cpu.proxied, "runs on CPU \(cpu.cpu) do not sum to its proxied time")
      check(
        sum { $0.donor == nil && $0.evidence == .unknown } >= cpu.unknown,
        "runs on CPU \(cpu.cpu) do not sum to its unknown time")
    }
    for (place, task) in timeline.tasks.enumerated() where task.id.pid != 0 {
      let own = timeline.runs.filter { Int($0.task.index.rawValue) == place }
      check(own.reduce(0) { $0 + ($1.end - $1.begin) } == task.run, "runs of pid \(task.id.pid) are not its time")
    }
    return broken
  }

  /// What an owner did is no longer than the hold, and its time on another's account is that of the splits.
  private static func brokenHolds(_ timeline: Timeline) -> [String] {
    timeline.holds.flatMap { hold -> [String] in
      var broken: [String] = []
      func check(_ holds: Bool, _ law: String) {
        if !holds { broken.append("hold of \(hold.owner.pid) at \(hold.begin.rawValue): \(law)") }
      }
      let times = hold.times
      check(times.total <= hold.end - hold.begin, "its owner did more than there was time for")
      check(
        [times.run, times.proxiedRun, times.preempted, times.waiting, times.sleeping].allSatisfy { $0 >= 0 },
        "negative time: \(times)")
      let splits = timeline.splits.filter { $0.curr.index == hold.owner.index }.map {
        max(0, min($0.end, hold.end) - max($0.begin, hold.begin))
      }
      check(times.proxiedRun == splits.reduce(0, +), "splits of \(splits.reduce(0, +)), not \(times.proxiedRun)")
      return broken
    }
  }

  private static func brokenLaws(of cpu: CPURow, _ timeline: Timeline) -> [String] {
    var broken: [String] = []
    func check(_ holds: Bool, _ law: String) { if !holds { broken.append("CPU \(cpu.cpu): \(law)") } }
    check(cpu.busy + cpu.idle + cpu.lost == timeline.span, "busy, idle and lost are not the span")
    check(cpu.own + cpu.proxied + cpu.unknown == cpu.busy, "own, proxied and unknown are not busy")
    check([cpu.busy, cpu.idle, cpu.lost, cpu.own, cpu.proxied, cpu.unknown].allSatisfy { $0 >= 0 }, "negative time")
    let splits = timeline.splits.filter { $0.cpu == cpu.cpu }
    check(splits.reduce(0) { $0 + ($1.end - $1.begin) } == cpu.proxied, "splits do not sum to the proxied time")
    check(splits.allSatisfy { $0.begin < $0.end && $0.curr.pid != $0.donor.pid }, "a split is none")
    check(zip(splits, splits.dropFirst()).allSatisfy { $0.end <= $1.begin }, "splits overlap")
    return broken
  }

  /// A journal that must give up early knows less, but nothing else: what it takes from events and probes stays.
  @Test(arguments: PropertySchedule.chunks(400, from: 20_000, by: 100))
  func aShortJournalOnlyKnowsLess(seeds: Range<UInt64>) {
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed)
      let whole = schedule.timeline()
      for limit in [4, 16, 40] {
        var options = ProxyMachine.Options()
        options.proxyExecution = schedule.plan.proxyExecution
        options.journalLimit = limit
        let short = PropertySchedule.timeline(schedule.events, options)
        for law in Self.brokenLaws(short) { Issue.record("seed \(seed), journal of \(limit): \(law)") }
        #expect(short.cpus.map(\.busy) == whole.cpus.map(\.busy), "seed \(seed), journal of \(limit)")
        #expect(short.waits.map(\.length) == whole.waits.map(\.length), "seed \(seed), journal of \(limit)")
        // Without a later owner in sight a lock that was released has none; that may come to be known better.
        for (few, all) in zip(short.waits, whole.waits) {
          guard let owner = few.owner, few.ownerEvidence == .probe || few.ownerEvidence == .event else { continue }
          if owner.pid != all.owner?.pid {
            Issue.record("seed \(seed), journal of \(limit): owner at \(few.begin.rawValue) is \(owner.pid)")
          }
        }
      }
    }
  }

  /// The beginning of a trace says the same whether or not the trace goes on.
  @Test(arguments: PropertySchedule.chunks(600, from: 30_000, by: 100))
  func aTraceThatEndsEarlierSaysTheSameOfWaitsThatEnded(seeds: Range<UInt64>) {
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed, hasHoles: false)
      var random = SeededGenerator(seed: seed)
      let early = Array(schedule.events.prefix(random.number(2...schedule.events.count)))
      var options = ProxyMachine.Options()
      options.proxyExecution = schedule.plan.proxyExecution
      let (cut, whole) = (PropertySchedule.timeline(early, options), schedule.timeline())
      for law in Self.brokenLaws(cut) { Issue.record("seed \(seed), cut: \(law)") }
      for (row, same) in zip(cut.waits, whole.waits) where row.end != nil {
        let isEqual =
          (row.begin, row.length, row.result, row.asleep) == (same.begin, same.length, same.result, same.asleep)
        if !isEqual { Issue.record("seed \(seed): the wait at \(row.begin.rawValue) depends on what follows") }
        if let owner = row.owner, row.ownerEvidence == .probe || row.ownerEvidence == .event,
          owner.pid != same.owner?.pid
        {
          Issue.record("seed \(seed): the owner at \(row.begin.rawValue) depends on what follows")
        }
      }
    }
  }
}
