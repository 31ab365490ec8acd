import ProxyModel
import TraceCore

/// Turns gathered problems into findings, the costliest first.
struct FindingMaker {
  private let context: ReportContext
  /// Sum of all waits for mutexes.
  private let waiting: Int64

  /// All findings of a context; their place in the list, from 1, is their id.
  static func findings(_ context: ReportContext) -> [Finding] {
    let maker = FindingMaker(context)
    return ProblemCollector(context).problems.all.map(maker.finding).sorted { a, b in
      if a.kind.isApart != b.kind.isApart { return b.kind.isApart }
      if a.cost != b.cost { return a.cost > b.cost }
      if a.kind.isBroken != b.kind.isBroken { return a.kind.isBroken }
      if a.begin != b.begin { return a.begin < b.begin }
      return (a.kind.rawValue, a.lock?.rawValue ?? 0, a.task?.pid ?? 0)
        < (b.kind.rawValue, b.lock?.rawValue ?? 0, b.task?.pid ?? 0)
    }
  }

  private init(_ context: ReportContext) {
    self.context = context
    waiting = context.waitSums.mutexLength
  }

  /// What costs a tick (HZ=1000) or more matters, and so does what costs one per cent of the waiting; but nothing that is
  /// shorter than a few context switches. A woken task finds its CPU idle for some microseconds each time: of that it is the
  /// longest that must have a tick.
  private func matters(_ kind: Finding.Kind, _ cost: Int64, longest: Int64) -> Bool {
    if kind.isBroken { return true }
    if context.countsNanoseconds {
      if (kind == .idleOwner ? longest : cost) >= ProblemCollector.tick { return true }
      if cost < 10_000 { return false }
    }
    return cost > 0 && cost >= waiting / 100
  }

  private func finding(_ problem: Problem) -> Finding {
    let (cost, worst, kind) = (problem.union.length, problem.worst, problem.key.kind)
    let words = FindingWords(problem, context)
    return Finding(
      kind: kind, cost: cost, waits: problem.waitCount, windows: problem.count,
      instances: problem.longest.map { .init(begin: $0.begin, length: $0.end - $0.begin, place: $0.place) },
      begin: problem.begin, end: problem.end, lock: problem.lock, lockKind: problem.lockKind, cpu: problem.mainCPU,
      task: worst.task, culprit: problem.rankedCulprits.first, waiters: problem.rankedWaiters,
      evidence: problem.evidence, matters: matters(kind, cost, longest: worst.end - worst.begin),
      headline: words.headline, detail: words.detail)
  }
}
