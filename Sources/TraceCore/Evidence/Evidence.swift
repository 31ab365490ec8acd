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

  /// A conclusion from two facts is known no better than the weaker one. Of two rules a guess (``InferenceRule/isGuess``) is the weaker.
  @inlinable
  public func combined(with other: Evidence) -> Evidence {
    // Nothing is known better than by a probe, which is what most callers combine with.
    if case .probe = other { return self }
    return weaker(other)
  }

  /// The weaker one; of equally weak ones this one. The strongest is ``probe``, then come ``event``, rules, guesses, and ``unknown``.
  @usableFromInline
  func weaker(_ other: Evidence) -> Evidence {
    switch (self, other) {
    case (_, .probe), (.unknown, _), (.event, .event), (.inferred, .event): self
    case (.probe, _), (_, .unknown), (.event, .inferred): other
    case (.inferred(let own), .inferred(let rule)): rule.isGuess && !own.isGuess ? other : self
    }
  }
}
