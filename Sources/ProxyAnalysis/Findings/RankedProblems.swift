import ProxyModel
import TraceCore

/// The problems of a capture, the costliest first: what findings are made of.
final class RankedProblems: Sendable {
  let problems: Problems
  /// Places of the problems, by rank.
  let order: [UInt32]
  /// Sum of all waits for mutexes.
  private let waiting: Int64
  private let countsNanoseconds: Bool

  init(_ context: ReportContext) {
    let problems = ProblemCollector(context).takeProblems()
    waiting = context.waitSums.mutexLength
    countsNanoseconds = context.countsNanoseconds
    let all = problems.all
    let costs = all.indices.map { all[$0].cost }
    var order = all.indices.map { UInt32($0) }
    order.sort { a, b in
      let (one, other) = (Int(a), Int(b))
      let (kind, otherKind) = (all[one].key.kind, all[other].key.kind)
      if kind.isApart != otherKind.isApart { return otherKind.isApart }
      if costs[one] != costs[other] { return costs[one] > costs[other] }
      if kind.isBroken != otherKind.isBroken { return kind.isBroken }
      if all[one].begin != all[other].begin { return all[one].begin < all[other].begin }
      return Self.isBefore(problems.whole(one, context), problems.whole(other, context))
    }
    self.order = order
    self.problems = problems
  }

  /// The order of problems that begin at once and cost the same.
  private static func isBefore(_ one: Problem, _ other: Problem) -> Bool {
    (one.key.kind.rawValue, one.lock?.rawValue ?? 0, one.worst.task?.pid ?? 0)
      < (other.key.kind.rawValue, other.lock?.rawValue ?? 0, other.worst.task?.pid ?? 0)
  }

  var count: Int { order.count }

  private func problem(at rank: Int) -> ProblemCost { problems.all[Int(order[rank])] }

  func kind(at rank: Int) -> Finding.Kind { problem(at: rank).key.kind }

  func cost(at rank: Int) -> Int64 { problem(at: rank).cost }

  /// See ``Finding/matters``.
  ///
  /// What costs a tick (HZ=1000) or more matters, and so does what costs one per cent of the waiting; but nothing that is
  /// shorter than a few context switches. A woken task finds its CPU idle for some microseconds each time: of that it is the
  /// longest that must have a tick.
  func matters(at rank: Int) -> Bool {
    let problem = problem(at: rank)
    if problem.key.kind.isBroken { return true }
    let cost = problem.cost
    if countsNanoseconds {
      if (problem.key.kind == .idleOwner ? problem.longest : cost) >= ProblemCollector.tick { return true }
      if cost < 10_000 { return false }
    }
    return cost > 0 && cost >= waiting / 100
  }

  /// The finding with a rank, from 0.
  func finding(at rank: Int, _ context: SharedContext) -> Finding {
    finding(problems.whole(Int(order[rank]), context.context), at: rank, context)
  }

  /// The finding of a problem with its rank.
  func finding(_ problem: Problem, at rank: Int, _ context: SharedContext) -> Finding {
    let words = FindingWords(problem, context)
    return Finding(
      kind: problem.key.kind, cost: cost(at: rank), waits: problem.waitCount, windows: problem.count,
      instances: problem.longest, begin: problem.begin, end: problem.end, lock: problem.lock,
      lockKind: problem.lockKind, cpu: problem.mainCPU, task: problem.worst.task,
      culprit: problem.rankedCulprits.first, waiters: problem.rankedWaiters, evidence: problem.evidence,
      matters: matters(at: rank), headline: words.headline, detail: words.detail)
  }
}
