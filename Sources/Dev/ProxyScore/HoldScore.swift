import ProxyModel
public import TraceCore
import TraceTestKit

/// How long locks are said to be owned, by how that is known, and how much of it the workload's own holds contradict.
///
/// A hold of the truth reaches from the return of the lock call to the call of unlock. Where none covers an instant, somebody is
/// entering or leaving, and nothing contradicts.
public struct HoldScore: Sendable {
  /// Nanoseconds.
  public struct Claims: Sendable {
    public var said: Int64 = 0
    /// In which the truth has another owner.
    public var wrong: Int64 = 0

    static func += (a: inout Claims, b: Claims) {
      a.said += b.said
      a.wrong += b.wrong
    }
  }

  public private(set) var byEvidence: [Evidence: Claims] = [:]

  public init() {}

  init(_ timeline: Timeline, _ truth: Truth) {
    let truths = Dictionary(grouping: truth.holds, by: \.lock).mapValues { $0.sorted { $0.begin < $1.begin } }
    for hold in timeline.holds {
      guard let truth = truths[hold.lock] else { continue }
      var claims = Claims(said: hold.end - hold.begin)
      for other in truth where other.pid != hold.owner.pid && other.begin < hold.end && hold.begin < other.end {
        claims.wrong += min(other.end, hold.end) - max(other.begin, hold.begin)
      }
      byEvidence[hold.evidence, default: Claims()] += claims
    }
  }

  static func += (a: inout HoldScore, b: HoldScore) { a.byEvidence.merge(b.byEvidence) { $0 += $1 } }
}

extension Dictionary where Value == HoldScore.Claims {
  fileprivate mutating func merge(_ other: Self, _ add: (inout Value, Value) -> Void) {
    for (key, value) in other { add(&self[key, default: Value()], value) }
  }
}
