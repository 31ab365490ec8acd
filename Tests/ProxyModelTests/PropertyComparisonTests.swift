import ProxyModel
import Testing
import TraceCore
import TraceTestKit

/// The streaming model and the naive one on the same events: what they say must be the same, to the nanosecond.
struct PropertyComparisonTests {
  @Test(arguments: PropertySchedule.chunks(1000))
  func streamingAndNaiveModelAgree(seeds: Range<UInt64>) {
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed)
      for ignoringProbes in schedule.plan.emitsProbes ? [false, true] : [false] {
        let difference = Self.firstDifference(schedule, ignoringProbes: ignoringProbes)
        if let difference {
          Issue.record("seed \(seed)\(ignoringProbes ? " without its probes" : ""): \(difference)")
        }
      }
    }
  }

  static func firstDifference(_ schedule: PropertySchedule, ignoringProbes: Bool) -> String? {
    let timeline = schedule.timeline(ignoringProbes: ignoringProbes)
    // A probe that is left out still tells by its record who was current.
    let events = schedule.events.map { event in
      switch event.body {
      case .probedSwitch where ignoringProbes, .probedWait where ignoringProbes, .probedSetNext where ignoringProbes:
        SchedEvent(timestamp: event.timestamp, cpu: event.cpu, pid: event.pid, body: .other)
      default: event
      }
    }
    let naive = NaiveModel(events, proxies: schedule.plan.proxyExecution, cpuCount: schedule.plan.cpuCount)
    return curr(timeline, naive) ?? waits(timeline, naive) ?? owners(timeline, naive) ?? splits(timeline, naive)
      ?? classes(timeline, naive) ?? inversions(timeline, naive)
  }

  private static func curr(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    guard timeline.cpus.map(\.cpu) == naive.cpus else { return "CPUs \(timeline.cpus.map(\.cpu)), naive \(naive.cpus)" }
    for row in timeline.cpus {
      let usage = naive.usage(row.cpu)
      if (row.busy, row.idle, row.lost) != usage {
        return "CPU \(row.cpu): busy, idle, lost \((row.busy, row.idle, row.lost)), naive \(usage)"
      }
    }
    return nil
  }

  private static func waits(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    for (row, wait) in zip(timeline.waits, naive.waits) {
      let same =
        row.waiter.pid == wait.waiter && row.lock == wait.lock && row.begin == wait.begin && row.length == wait.length
        && row.result == wait.result && row.asleep == wait.asleep && row.isCutAtBegin == wait.isCut
      if !same {
        return "a wait is \(row.waiter.pid) \(row.lock) \(row.begin.rawValue) +\(row.length) \(row.result) "
          + "asleep \(String(describing: row.asleep)) \(row.isCutAtBegin), naive \(wait)"
      }
    }
    return timeline.waits.count == naive.waits.count ? nil : "\(timeline.waits.count) waits, naive \(naive.waits.count)"
  }

  private static func owners(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    for (number, (row, wait)) in zip(timeline.waits, naive.waits).enumerated() where !wait.isCut {
      let story = naive.stories[wait.lock]
      let owner = story?.read(number) ?? story?.owner(wait.first) ?? .unknown
      let expected: (Pid?, Evidence) =
        switch owner {
        case .unknown: (nil, .unknown)
        // Only a probe reads that there is none: a lock that was released may have been handed over.
        case .free(.probe): (nil, .probe)
        case .free(let evidence):
          (nil, naive.besideHole(evidence, wait.first).combined(with: .inferred(.foundFree)))
        // What a probe reads at that instant no hole changes.
        case .task(let pid, .probe): (pid, .probe)
        case .task(let pid, let evidence): (pid, naive.besideHole(evidence, wait.first))
        }
      if (row.owner?.pid, row.ownerEvidence) != expected {
        return "the owner for \(row.waiter.pid) at \(row.begin.rawValue) is \(row.owner?.pid ?? -1) "
          + "(\(row.ownerEvidence)), naive \(expected)"
      }
    }
    return nil
  }

  private static func splits(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    var rows: [NaiveSplit] = []
    for row in timeline.splits.sorted(by: { ($0.cpu, $0.begin) < ($1.cpu, $1.begin) }) {
      if let last = rows.last, last.cpu == row.cpu, last.end == row.begin, last.curr == row.curr.pid,
        last.donor == row.donor.pid
      {
        rows[rows.count - 1].end = row.end
      } else {
        rows.append(
          NaiveSplit(cpu: row.cpu, begin: row.begin, end: row.end, curr: row.curr.pid, donor: row.donor.pid))
      }
    }
    let expected = naive.splits()
    for (row, split) in zip(rows, expected) where row != split { return "a split is \(row), naive \(split)" }
    if rows.count != expected.count { return "\(rows.count) splits, naive \(expected.count): \(rows) \(expected)" }
    for row in timeline.cpus where row.unknown != naive.unknownTime(row.cpu) {
      return "CPU \(row.cpu): donor unknown for \(row.unknown), naive \(naive.unknownTime(row.cpu))"
    }
    return nil
  }

  private static func classes(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    for (row, times) in zip(timeline.waits, naive.classTimes()) where row.times != times {
      let sums = WaitClass.allCases.filter { row.times[$0] != times[$0] }.map {
        "\($0.name) \(row.times[$0]), naive \(times[$0])"
      }
      return "the wait of \(row.waiter.pid) at \(row.begin.rawValue): \(sums.joined(separator: "; "))"
    }
    return nil
  }

  private static func inversions(_ timeline: Timeline, _ naive: NaiveModel) -> String? {
    let rows = timeline.inversions.map { row in
      NaiveInversion(
        wait: row.wait, begin: row.begin, end: row.end, owner: row.owner.pid, cpu: row.cpu,
        culprits: Dictionary(row.culprits.map { ($0.task.pid, $0.ran) }, uniquingKeysWith: +))
    }
    let expected = naive.inversions()
    for (row, window) in zip(rows, expected) where row != window { return "an inversion is \(row), naive \(window)" }
    return rows.count == expected.count ? nil : "\(rows.count) inversions, naive \(expected.count)"
  }
}
