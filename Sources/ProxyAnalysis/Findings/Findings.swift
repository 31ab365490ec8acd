/// What is wrong in a capture, the costliest first; their place in the list, from 1, is their id.
///
/// Findings are made when they are asked for: there can be as many as locks and tasks, and a report shows a few.
public struct Findings: Sendable {
  private let problems: RankedProblems?
  private let context: SharedContext

  /// - Parameter problems: `nil` for no finding.
  init(_ problems: RankedProblems?, _ context: ReportContext) {
    (self.problems, self.context) = (problems, SharedContext(context))
  }

  /// What is wrong in the finding at a place.
  public func kind(at place: Int) -> Finding.Kind { ranked.kind(at: place) }

  /// See ``Finding/cost``.
  public func cost(at place: Int) -> Int64 { ranked.cost(at: place) }

  /// See ``Finding/matters``.
  public func matters(at place: Int) -> Bool { ranked.matters(at: place) }

  func made(_ places: Range<Int>) -> [Finding] {
    ranked.make(of: places, context) { ranked.finding($0, at: $1, context) }
  }

  func figures(_ places: Range<Int>) -> [FindingFigures] {
    ranked.make(of: places, context) {
      FindingFigures($0, cost: ranked.cost(at: $1), matters: ranked.matters(at: $1))
    }
  }

  private var ranked: RankedProblems {
    guard let problems else { preconditionFailure("no such finding") }
    return problems
  }
}

extension Findings: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// Number of findings.
  public var endIndex: Int { problems?.count ?? 0 }

  /// The finding at a place.
  public subscript(place: Int) -> Finding { ranked.finding(at: place, context) }
}
