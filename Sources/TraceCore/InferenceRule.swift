/// The rules by which a fact is deduced where no event states it. Each says what it needs, what it concludes, and how it
/// can be wrong; `docs/inference.md` has them with what they score against truth.
public enum InferenceRule: String, Sendable, Hashable, CaseIterable {
  /// Premise: a task's `contention_end` with result 0. Conclusion: from then on it owns the lock, until a release, or until
  /// somebody else's acquisition shows that it released without a waiter.
  /// Wrong: an uncontended unlock leaves no event, so the end of such a hold may be earlier than shown.
  case acquired
}
