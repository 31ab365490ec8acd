import ProxyModel
import TraceCore

// Findings come in order of their cost, and the rows that they are made of lie in order of time. Who makes them one after the other
// maps some pages of the row file for each. Of many at once the rows are read in order, and a page serves for several.

extension RankedProblems {
  /// Makes something of each of many problems.
  /// - Parameter make: called in any order.
  /// - Returns: In order of ranks.
  func make<Value>(of ranks: Range<Int>, _ context: SharedContext, _ make: (Problem, _ rank: Int) -> Value) -> [Value] {
    var made: [Value?] = Array(repeating: nil, count: ranks.count)
    var walk = problems.walkThroughWindows()
    // Problems are in order of their first windows.
    for rank in ranks.sorted(by: { order[$0] < order[$1] }) {
      made[rank - ranks.lowerBound] = make(problems.whole(Int(order[rank]), context.context, &walk), rank)
    }
    walk.end()
    return made.compactMap(\.self)
  }
}

extension Findings {
  /// What is told of one finding takes some 2 KB.
  private static let batchSize = 256

  /// How many batches make up all findings.
  package var batchCount: Int { (count + Self.batchSize - 1) / Self.batchSize }

  /// Findings that are made together, which is faster than one by one: for who needs all. Several threads may make different ones.
  package func batch(_ number: Int) -> [Finding] {
    made(number * Self.batchSize..<Swift.min((number + 1) * Self.batchSize, count))
  }
}

/// What a table shows of a finding.
struct FindingFigures: Sendable {
  let kind: Finding.Kind
  let cost: Int64
  let waits, windows: Int
  let worst: Finding.Instance
  let begin, end: Timestamp
  let lock: LockAddress?
  let lockKind: WaitKind?
  let cpu: CPU?
  let task: TaskLabel?
  let evidence: Evidence
  let matters: Bool

  init(_ problem: Problem, cost: Int64, matters: Bool) {
    (kind, self.cost, self.matters) = (problem.key.kind, cost, matters)
    (waits, windows, worst) = (problem.waitCount, problem.count, problem.longest[0])
    (begin, end, evidence) = (problem.begin, problem.end, problem.evidence)
    (lock, lockKind, cpu, task) = (problem.lock, problem.lockKind, problem.mainCPU, problem.worst.task)
  }
}

/// Figures of findings by rank. Any thread may ask for them; in ascending order they are made fastest.
final class FindingFiguresList: Sendable {
  /// As many as a table's piece has, so that threads make other ones.
  private static let batchSize = 1024
  private static let keptBatches = 4

  private let findings: Findings
  /// Those made last.
  private let batches = Guarded<[(number: Int, figures: [FindingFigures])]>([])

  init(_ findings: Findings) { self.findings = findings }

  subscript(rank: Int) -> FindingFigures {
    let (number, place) = rank.quotientAndRemainder(dividingBy: Self.batchSize)
    if let known = batches.withLock({ $0.first { $0.number == number } }) { return known.figures[place] }
    let begin = number * Self.batchSize
    let figures = findings.figures(begin..<min(begin + Self.batchSize, findings.count))
    batches.withLock { batches in
      if batches.count == Self.keptBatches { batches.removeFirst() }
      batches.append((number, figures))
    }
    return figures[place]
  }
}
