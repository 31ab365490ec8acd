/// How a fact is known. Nothing inferred is ever presented as observed.
public enum Evidence: Hashable, Sendable, BitwiseCopyable {
  /// Read from the kernel's own structures by a proxytrace probe.
  case probe
  /// Stated by an upstream event.
  case event
  /// Deduced by a named rule.
  case inferred(InferenceRule)
  /// Not derivable from this trace.
  case unknown

  /// The word that tables print.
  public var name: String {
    switch self {
    case .probe: "probe"
    case .event: "event"
    case .inferred: "inferred"
    case .unknown: "unknown"
    }
  }

  /// The rule, where one was needed.
  public var rule: InferenceRule? {
    if case .inferred(let rule) = self { rule } else { nil }
  }

  private var weakness: Int {
    switch self {
    case .probe: 0
    case .event: 1
    case .inferred(let rule): rule.isGuess ? 3 : 2
    case .unknown: 4
    }
  }

  /// A conclusion from two facts is known no better than the weaker one. Of two rules a guess (``InferenceRule/isGuess``) is the weaker.
  public func combined(with other: Evidence) -> Evidence { other.weakness > weakness ? other : self }
}
