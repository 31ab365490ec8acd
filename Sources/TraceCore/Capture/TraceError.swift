/// Why a capture cannot be analysed at all. What can be skipped is a ``Diagnostic`` instead.
public struct TraceError: Error, Sendable, Hashable {
  /// The kinds of errors; each leads to an exit status.
  public enum Reason: Sendable, Hashable {
    case cannotOpen
    case notATrace
    case unsupported
    case damaged
    case noEvents
    case noSuchInstance
    case noSuchRow
    /// A map of events (``EventMap``) says what means nothing.
    case badMap
  }

  /// What kind of error it is.
  public var reason: Reason
  /// The input as the user named it.
  public var path: String
  /// What is wrong, as a clause. May quote the file: hostile text.
  public var problem: String
  /// Where in the file, in bytes.
  public var offset: UInt64?
  /// What to do about it, as a clause.
  public var advice: String

  /// An error about an input.
  public init(_ reason: Reason, path: String, _ problem: String, offset: UInt64? = nil, advice: String) {
    self.reason = reason
    self.path = path
    self.problem = problem
    self.offset = offset
    self.advice = advice
  }
}

extension TraceError: CustomStringConvertible {
  /// `FILE: what is wrong (offset N): what to do about it`.
  public var description: String {
    let place = offset.map { " (offset \($0))" } ?? ""
    return "\(path): \(problem)\(place); \(advice)"
  }
}
