public import ProxyModel
import TraceCore
import TraceTestKit

/// What a report of a capture with holes claims to know, against the report of the same capture without them.
///
/// A claim is a row, or a stretch of one, of evidence `probe` or `event`. It is wrong where the whole capture knows otherwise;
/// a donor also where the whole capture has none. Where the whole capture's own claim is inferred it proves nothing.
public struct LossScore: Sendable {
  /// Claims that were compared, by what they are about.
  public enum Subject: String, Sendable, CaseIterable {
    case owner, chain, `class`, donor, inversion, hold, handoff, verdict
  }

  /// How many claims there were of each subject.
  public var claims: [Subject: Int] = [:]
  /// Those of them that the whole capture contradicts, in words; and laws that do not hold.
  public var wrong: [String] = []
  /// Those of them by subject.
  public var wrongClaims: [Subject: Int] = [:]
  /// Captures with holes.
  public var runs = 0
  /// Sum of the waits that are in both, and the part of it that was known and is not any more.
  public var waited: Int64 = 0
  public var turnedUnknown: Int64 = 0
  /// Part of the CPUs' time that the holes cover.
  public var lost: Int64 = 0
  public var cpuTime: Int64 = 0

  public init() {}

  /// Of a timeline whose times are others than those of the whole capture: what holds of every timeline.
  public init(laws timeline: Timeline) {
    checkLaws(timeline)
    runs = 1
  }

  public init(whole: Timeline, damaged: Timeline) {
    let pairs = Self.pairs(whole, damaged)
    compareWaits(whole, damaged, pairs)
    compareChains(whole, damaged)
    compareClasses(whole, damaged, pairs)
    compareSplits(whole, damaged)
    compareInversions(whole, damaged)
    compareHolds(whole, damaged)
    compareHandoffs(whole, damaged, pairs)
    compareVerdicts(whole.verdict, damaged.verdict)
    checkLaws(damaged)
    runs = 1
    // What the whole capture does not know either is not lost.
    lost = max(0, damaged.cpus.reduce(0) { $0 + $1.lost } - whole.cpus.reduce(0) { $0 + $1.lost })
    cpuTime = damaged.span * Int64(damaged.cpus.count)
  }

  /// All claims.
  public var claimCount: Int { claims.values.reduce(0, +) }

  public static func += (a: inout LossScore, b: LossScore) {
    a.claims.merge(b.claims, uniquingKeysWith: +)
    a.wrong += b.wrong
    a.wrongClaims.merge(b.wrongClaims, uniquingKeysWith: +)
    a.runs += b.runs
    a.waited += b.waited
    a.turnedUnknown += b.turnedUnknown
    a.lost += b.lost
    a.cpuTime += b.cpuTime
  }

  private mutating func count(_ subject: Subject, isRight: Bool, _ what: @autoclosure () -> String) {
    claims[subject, default: 0] += 1
    if isRight { return }
    wrongClaims[subject, default: 0] += 1
    wrong.append("\(subject.rawValue): \(what())")
  }

  /// An answer that the whole capture contradicts; where that one has none there is nothing to compare with.
  private mutating func compareVerdicts(_ whole: ProxyVerdict, _ damaged: ProxyVerdict) {
    let known: [ProxyVerdict.Answer] = [.on, .off]
    guard known.contains(whole.answer), known.contains(damaged.answer) else { return }
    count(.verdict, isRight: whole.answer == damaged.answer, "\(damaged.answer) by \(damaged.reasons)")
  }

  /// What holds of every timeline: no time is negative, and all of it is accounted for.
  private mutating func checkLaws(_ timeline: Timeline) {
    for wait in timeline.waits {
      if wait.length < 0 || WaitClass.allCases.contains(where: { wait.times[$0] < 0 })
        || wait.times.total != wait.length
      {
        wrong.append("law: the classes of the wait of \(wait.waiter.pid) at \(wait.begin.rawValue)")
      }
    }
    for cpu in timeline.cpus
    where cpu.busy + cpu.idle + cpu.lost != timeline.span || min(cpu.busy, cpu.idle, cpu.lost) < 0 {
      wrong.append("law: the time of CPU \(cpu.cpu)")
    }
  }

  private struct Key: Hashable {
    var pid: Pid
    var lock: LockAddress
    var begin: Timestamp

    init(_ wait: WaitRow) { (pid, lock, begin) = (wait.waiter.pid, wait.lock, wait.begin) }
  }

  /// By a wait of the damaged capture: the same one of the whole one.
  private static func pairs(_ whole: Timeline, _ damaged: Timeline) -> [Int: Int] {
    let known = Dictionary(whole.waits.indices.map { (Key(whole.waits[$0]), $0) }) { first, _ in first }
    var pairs: [Int: Int] = [:]
    for index in damaged.waits.indices { pairs[index] = known[Key(damaged.waits[index])] }
    return pairs
  }

  private mutating func compareWaits(_ whole: Timeline, _ damaged: Timeline, _ pairs: [Int: Int]) {
    for (index, other) in pairs.sorted(by: { $0.key < $1.key }) {
      let (wait, truth) = (damaged.waits[index], whole.waits[other])
      waited += min(wait.length, truth.length)
      turnedUnknown += max(0, wait.times[.unknown] - truth.times[.unknown])
      guard wait.ownerEvidence.isKnown, truth.ownerEvidence.isKnown else { continue }
      count(
        .owner, isRight: wait.owner?.pid == truth.owner?.pid,
        "\(Self.name(wait.owner)) for \(wait.waiter.pid) at \(wait.begin.rawValue), not \(Self.name(truth.owner))")
    }
  }

  private static func name(_ task: TaskLabel?) -> String { task.map { "\($0.pid)" } ?? "nobody" }

  /// Who waits for the same lock at the same time waits for the same owners.
  private mutating func compareChains(_ whole: Timeline, _ damaged: Timeline) {
    let byWaiter = Dictionary(grouping: whole.chains) { $0.path[0].pid }
    for chain in damaged.chains where chain.evidence.isKnown {
      for truth in byWaiter[chain.path[0].pid, default: []]
      where truth.begin < chain.end && chain.begin < truth.end && truth.evidence.isKnown {
        guard damaged.waits[chain.wait].lock == whole.waits[truth.wait].lock else { continue }
        count(
          .chain, isRight: chain.path.map(\.pid) == truth.path.map(\.pid),
          "\(chain.path.map(\.pid)) at \(chain.begin.rawValue), not \(truth.path.map(\.pid))")
      }
    }
  }

  /// A class is as well known as the chain that it follows from. Where donors are inferred, so is on whose account the owner
  /// runs, and how urgent the task is that runs instead.
  private mutating func compareClasses(_ whole: Timeline, _ damaged: Timeline, _ pairs: [Int: Int]) {
    let knowsDonors = [whole, damaged].allSatisfy { $0.verdict.answer != .on || $0.seen.contains(.probedSwitch) }
    func folded(_ kind: WaitClass) -> WaitClass {
      if knowsDonors { return kind }
      return kind == .proxied ? .running : kind == .inverted ? .preempted : kind
    }
    let (classes, truths) = (knownClasses(damaged), knownClasses(whole))
    for (wait, other) in pairs.sorted(by: { $0.key < $1.key }) {
      for row in classes[wait, default: []] {
        for truth in truths[other, default: []] where truth.begin < row.end && row.begin < truth.end {
          count(
            .class, isRight: folded(row.kind) == folded(truth.kind),
            "\(row.kind.name) of \(damaged.waits[wait].waiter.pid) at \(row.begin.rawValue), not \(truth.kind.name)")
        }
      }
    }
  }

  /// By wait: the stretches of classes within chains that are known.
  private func knownClasses(_ timeline: Timeline) -> [Int: [SegmentRow]] {
    let classes = Dictionary(grouping: timeline.segments, by: \.wait)
    var result: [Int: [SegmentRow]] = [:]
    for chain in timeline.chains where chain.evidence.isKnown {
      for var row in classes[chain.wait, default: []] where row.kind != .unknown && row.evidence.rule != .besideGap {
        (row.begin, row.end) = (max(row.begin, chain.begin), min(row.end, chain.end))
        if row.begin < row.end { result[chain.wait, default: []].append(row) }
      }
    }
    return result
  }

  private mutating func compareSplits(_ whole: Timeline, _ damaged: Timeline) {
    let byCPU = Dictionary(grouping: whole.splits, by: \.cpu)
    for split in damaged.splits where split.evidence.isKnown {
      // All of it must be there with the same donor.
      let same = byCPU[split.cpu, default: []].filter {
        $0.donor.pid == split.donor.pid && $0.curr.pid == split.curr.pid
      }
      count(
        .donor, isRight: Self.covers(same, \.begin, \.end, split.begin, split.end),
        "\(split.donor.pid) of \(split.curr.pid) at \(split.begin.rawValue) on CPU \(split.cpu)")
    }
  }

  /// As far as the whole capture knows the waiter's chain, it must have the window too.
  private mutating func compareInversions(_ whole: Timeline, _ damaged: Timeline) {
    let byWaiter = Dictionary(grouping: whole.chains) { $0.path[0].pid }
    for window in damaged.inversions where window.evidence.isKnown {
      let same = whole.inversions.filter { $0.waiter.pid == window.waiter.pid && $0.owner.pid == window.owner.pid }
      for truth in byWaiter[window.waiter.pid, default: []]
      where truth.begin < window.end && window.begin < truth.end && truth.evidence.isKnown {
        let (begin, end) = (max(truth.begin, window.begin), min(truth.end, window.end))
        count(
          .inversion, isRight: Self.covers(same, \.begin, \.end, begin, end),
          "\(window.waiter.pid) by \(window.owner.pid) at \(window.begin.rawValue)")
      }
    }
  }

  private mutating func compareHolds(_ whole: Timeline, _ damaged: Timeline) {
    let byLock = Dictionary(grouping: whole.holds, by: \.lock)
    for hold in damaged.holds where hold.evidence.isKnown {
      for truth in byLock[hold.lock, default: []]
      where truth.begin < hold.end && hold.begin < truth.end && truth.evidence.isKnown {
        count(
          .hold, isRight: hold.owner.pid == truth.owner.pid,
          "of \(hold.lock) by \(hold.owner.pid) at \(hold.begin.rawValue), not \(truth.owner.pid)")
      }
    }
  }

  private mutating func compareHandoffs(_ whole: Timeline, _ damaged: Timeline, _ pairs: [Int: Int]) {
    let byWait = Dictionary(grouping: whole.handoffs, by: \.wait)
    for handoff in damaged.handoffs where handoff.evidence.isKnown {
      guard let other = pairs[handoff.wait] else { continue }
      for truth in byWait[other, default: []]
      where truth.kind == handoff.kind && truth.evidence.isKnown && truth.end == handoff.end {
        count(
          .handoff, isRight: truth.from.pid == handoff.from.pid && truth.begin == handoff.begin,
          "\(handoff.kind) from \(handoff.from.pid) at \(handoff.begin.rawValue), not \(truth.from.pid)")
      }
    }
  }

  /// Whether rows that do not overlap each other cover a stretch.
  private static func covers<Row>(
    _ rows: [Row], _ rowBegin: KeyPath<Row, Timestamp>, _ rowEnd: KeyPath<Row, Timestamp>, _ begin: Timestamp,
    _ end: Timestamp
  ) -> Bool {
    let covered = rows.reduce(Int64(0)) {
      $0 + max(0, min($1[keyPath: rowEnd], end) - max($1[keyPath: rowBegin], begin))
    }
    return covered >= end - begin
  }
}

extension Evidence {
  fileprivate var isKnown: Bool { self == .probe || self == .event }
}
