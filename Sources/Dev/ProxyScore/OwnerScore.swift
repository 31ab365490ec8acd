public import ProxyModel
public import TraceCore
public import TraceTestKit

/// How many owners of mutex waits were named, and how many of them rightly, against the holds that the workload measured.
public struct OwnerScore: Sendable {
  public var waits = 0
  /// Waits of which the model says who owned the lock when they began, or that nobody did.
  public var known = 0
  public var right = 0
  /// Waits that slept, and of which it says nothing.
  public var sleptUnknown = 0
  /// Named owners by how they are known: how many, and how many of them rightly.
  public var byEvidence: [Evidence: (known: Int, right: Int)] = [:]
  /// Rows of the waits that are wrong, for whoever looks into them.
  public var wrong: [Int] = []

  public init() {}

  /// Scores the waits on the truth's locks.
  ///
  /// A hold in the truth reaches from the return of the lock call to the call of unlock, so that around a handover no hold
  /// covers the instant: there the one before and the one after are both right, and so is "nobody".
  public init(_ timeline: Timeline, _ truth: Truth) {
    let locks = truth.locks
    let holds = Dictionary(grouping: truth.holds, by: \.lock)
    for (row, wait) in timeline.waits.enumerated() where wait.kind == .mutex && locks.contains(wait.lock) {
      waits += 1
      guard wait.ownerEvidence != .unknown else {
        if let asleep = wait.asleep, asleep > 0 { sleptUnknown += 1 }
        continue
      }
      known += 1
      let isRight = Self.isRight(wait, holds[wait.lock] ?? [])
      if isRight { right += 1 } else { wrong.append(row) }
      byEvidence[wait.ownerEvidence, default: (0, 0)].known += 1
      if isRight { byEvidence[wait.ownerEvidence, default: (0, 0)].right += 1 }
    }
  }

  private static func isRight(_ wait: WaitRow, _ holds: [Truth.Row]) -> Bool {
    let around = holds.filter { $0.begin < wait.begin && wait.begin < $0.end }
    guard let owner = wait.owner else { return around.isEmpty }
    if !around.isEmpty { return around.contains { $0.pid == owner.pid } }
    let before = holds.filter { $0.end <= wait.begin }.max { $0.end < $1.end }
    let after = holds.filter { $0.begin >= wait.begin }.min { $0.begin < $1.begin }
    return before?.pid == owner.pid || after?.pid == owner.pid
  }

  /// Share of the named owners that are right; 1 where none was named.
  public var precision: Double { known == 0 ? 1 : Double(right) / Double(known) }
  /// Share of the waits of which nothing is said.
  public var unknown: Double { waits == 0 ? 0 : 1 - Double(known) / Double(waits) }

  public static func += (a: inout OwnerScore, b: OwnerScore) {
    a.waits += b.waits
    a.known += b.known
    a.right += b.right
    a.sleptUnknown += b.sleptUnknown
    a.byEvidence.merge(b.byEvidence) { ($0.known + $1.known, $0.right + $1.right) }
  }
}
