import ProxyModel
import TraceCore

/// The problems of a capture, the costliest first: what findings are made of.
struct RankedProblems: Sendable {
  /// What decides about a problem's place, and all that is said of problems that get no line.
  struct Entry: Sendable {
    /// Index into ``problems``.
    fileprivate var place: Int
    fileprivate var begin: Timestamp
    var kind: Finding.Kind
    var cost: Int64
    /// See ``Finding/matters``.
    var matters: Bool
  }

  private let problems: [Problem]
  /// By rank.
  let entries: [Entry]

  init(_ context: ReportContext) {
    let problems = ProblemCollector(context).problems.all
    // Sum of all waits for mutexes.
    let waiting = context.waitSums.mutexLength
    let entries = problems.indices.map { place in
      let problem = problems[place]
      let (kind, cost) = (problem.key.kind, problem.union.length)
      let matters = Self.matters(kind, cost, longest: problem.worst.length, waiting, context)
      return Entry(place: place, begin: problem.begin, kind: kind, cost: cost, matters: matters)
    }
    self.problems = problems
    self.entries = entries.sorted { a, b in
      if a.kind.isApart != b.kind.isApart { return b.kind.isApart }
      if a.cost != b.cost { return a.cost > b.cost }
      if a.kind.isBroken != b.kind.isBroken { return a.kind.isBroken }
      if a.begin != b.begin { return a.begin < b.begin }
      let (one, other) = (problems[a.place], problems[b.place])
      return (a.kind.rawValue, one.lock?.rawValue ?? 0, one.worst.task?.pid ?? 0)
        < (b.kind.rawValue, other.lock?.rawValue ?? 0, other.worst.task?.pid ?? 0)
    }
  }

  /// What costs a tick (HZ=1000) or more matters, and so does what costs one per cent of the waiting; but nothing that is
  /// shorter than a few context switches. A woken task finds its CPU idle for some microseconds each time: of that it is the
  /// longest that must have a tick.
  private static func matters(
    _ kind: Finding.Kind, _ cost: Int64, longest: Int64, _ waiting: Int64, _ context: ReportContext
  ) -> Bool {
    if kind.isBroken { return true }
    if context.countsNanoseconds {
      if (kind == .idleOwner ? longest : cost) >= ProblemCollector.tick { return true }
      if cost < 10_000 { return false }
    }
    return cost > 0 && cost >= waiting / 100
  }

  /// The finding with a rank, from 0.
  func finding(at rank: Int, _ context: ReportContext) -> Finding {
    let entry = entries[rank]
    let problem = problems[entry.place]
    let words = FindingWords(problem, context)
    return Finding(
      kind: entry.kind, cost: entry.cost, waits: problem.waitCount, windows: problem.count,
      instances: problem.longest, begin: problem.begin, end: problem.end, lock: problem.lock,
      lockKind: problem.lockKind, cpu: problem.mainCPU, task: problem.worst.task,
      culprit: problem.rankedCulprits.first, waiters: problem.rankedWaiters, evidence: problem.evidence,
      matters: entry.matters, headline: words.headline, detail: words.detail)
  }
}
