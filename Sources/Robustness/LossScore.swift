public import ProxyModel
public import TraceCore
import TraceTestKit

/// What a report of a capture with holes claims to know, against the report of the same capture without them.
public struct LossScore: Sendable {
  /// Claims of evidence `probe` or `event` that were compared: owners, donors, chains, inversion windows. Where the whole
  /// capture's own claim is inferred there is nothing to compare them with.
  public var claims = 0
  /// Those of them that the whole capture contradicts, in words.
  public var wrong: [String] = []
  /// Sum of the waits that are in both, and the part of it that was known and is not any more.
  public var waited: Int64 = 0
  public var turnedUnknown: Int64 = 0
  /// Part of the CPUs' time that the holes cover.
  public var lost: Int64 = 0
  public var cpuTime: Int64 = 0

  public init() {}

  public init(whole: Timeline, damaged: Timeline) {
    compareWaits(whole, damaged)
    compareChains(whole, damaged)
    compareSplits(whole, damaged)
    compareInversions(whole, damaged)
    lost = damaged.cpus.reduce(0) { $0 + $1.lost }
    cpuTime = damaged.span * Int64(damaged.cpus.count)
  }

  public static func += (a: inout LossScore, b: LossScore) {
    a.claims += b.claims
    a.wrong += b.wrong
    a.waited += b.waited
    a.turnedUnknown += b.turnedUnknown
    a.lost += b.lost
    a.cpuTime += b.cpuTime
  }

  private struct Key: Hashable {
    var pid: Pid
    var lock: LockAddress
    var begin: Timestamp

    init(_ wait: WaitRow) { (pid, lock, begin) = (wait.waiter.pid, wait.lock, wait.begin) }
  }

  /// A wait of the damaged capture and the same of the whole one.
  private func pairs(_ whole: Timeline, _ damaged: Timeline) -> [(damaged: Int, whole: Int)] {
    let known = Dictionary(whole.waits.indices.map { (Key(whole.waits[$0]), $0) }) { first, _ in first }
    return damaged.waits.indices.compactMap { index in known[Key(damaged.waits[index])].map { (index, $0) } }
  }

  private mutating func compareWaits(_ whole: Timeline, _ damaged: Timeline) {
    for (index, other) in pairs(whole, damaged) {
      let (wait, truth) = (damaged.waits[index], whole.waits[other])
      waited += min(wait.length, truth.length)
      turnedUnknown += max(0, wait.times[.unknown] - truth.times[.unknown])
      guard wait.ownerEvidence.isKnown, truth.ownerEvidence.isKnown else { continue }
      claims += 1
      if wait.owner?.pid != truth.owner?.pid {
        wrong.append("owner of the wait of \(wait.waiter.pid) at \(wait.begin.rawValue)")
      }
    }
  }

  private mutating func compareChains(_ whole: Timeline, _ damaged: Timeline) {
    let byWait = Dictionary(grouping: whole.chains, by: \.wait)
    let partner = Dictionary(uniqueKeysWithValues: pairs(whole, damaged).map { ($0.damaged, $0.whole) })
    for chain in damaged.chains where chain.evidence.isKnown {
      guard let other = partner[chain.wait] else { continue }
      for truth in byWait[other, default: []] where truth.begin < chain.end && chain.begin < truth.end {
        guard truth.evidence.isKnown else { continue }
        claims += 1
        if chain.path.map(\.pid) != truth.path.map(\.pid) {
          wrong.append("chain of \(chain.path.map(\.pid)) at \(chain.begin.rawValue), not \(truth.path.map(\.pid))")
        }
      }
    }
  }

  private mutating func compareSplits(_ whole: Timeline, _ damaged: Timeline) {
    let byCPU = Dictionary(grouping: whole.splits, by: \.cpu)
    for split in damaged.splits where split.evidence.isKnown {
      claims += 1
      // All of it must be there with the same donor.
      let same = byCPU[split.cpu, default: []].filter {
        $0.begin < split.end && split.begin < $0.end && $0.donor.pid == split.donor.pid && $0.curr.pid == split.curr.pid
      }
      let covered = same.reduce(Int64(0)) { $0 + (min($1.end, split.end) - max($1.begin, split.begin)) }
      if covered < split.end - split.begin {
        wrong.append("donor \(split.donor.pid) of \(split.curr.pid) at \(split.begin.rawValue) on CPU \(split.cpu)")
      }
    }
  }

  private mutating func compareInversions(_ whole: Timeline, _ damaged: Timeline) {
    for window in damaged.inversions where window.evidence.isKnown {
      claims += 1
      let same = whole.inversions.filter {
        $0.begin < window.end && window.begin < $0.end && $0.waiter.pid == window.waiter.pid
          && $0.owner.pid == window.owner.pid
      }
      let covered = same.reduce(Int64(0)) { $0 + (min($1.end, window.end) - max($1.begin, window.begin)) }
      if covered < window.length {
        wrong.append("inversion of \(window.waiter.pid) by \(window.owner.pid) at \(window.begin.rawValue)")
      }
    }
  }
}

extension Evidence {
  fileprivate var isKnown: Bool { self == .probe || self == .event }
}

/// Holes in a capture's events that a seed draws: one to three, each on one CPU.
public enum SeededLoss {
  public static func events(_ events: [SchedEvent], seed: UInt64) -> [SchedEvent] {
    guard events.count > 40 else { return events }
    var random = SeededGenerator(seed: seed)
    let cpus = Set(events.map(\.cpu)).sorted()
    var result = events
    for _ in 0..<random.number(1...3) {
      let first = random.number(0...(events.count - 30))
      let last = min(first + random.number(5...200), events.count - 1)
      let (begin, end) = (events[first].timestamp, max(events[first].timestamp, events[last].timestamp))
      result = EventLoss.drop(from: result, on: random.element(cpus), in: begin...end, isCounted: random.oneIn(2))
    }
    return result
  }
}
