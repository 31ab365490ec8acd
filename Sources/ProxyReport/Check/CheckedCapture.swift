public import ProxyCompare

/// What became of all rules for one capture.
public struct CheckedCapture: Sendable {
  /// The capture as the user named it. Hostile text.
  public var path: String
  /// A result for each rule, in the order of the rules.
  public var results: [RuleResult]

  /// The results of one capture.
  public init(path: String, results: [RuleResult]) {
    self.path = path
    self.results = results
  }
}

extension CheckedCapture {
  /// How many rules are broken, or cannot be decided.
  public var failureCount: Int { results.count { $0.outcome != .kept } }
}
