/// Rows that are made only where somebody asks for them: there can be nearly as many as events, and most reports show none.
public struct OptionalRows: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// ``Timeline/segments``: what each wait was spent on, stretch by stretch.
  public static let segments = OptionalRows(rawValue: 1)
  /// ``Timeline/runs``: who ran on each CPU, and on whose account.
  public static let runs = OptionalRows(rawValue: 2)
  /// ``Timeline/delays``: how long each runnable task waited for a CPU.
  public static let delays = OptionalRows(rawValue: 4)

  /// All of them.
  public static let all: OptionalRows = [.segments, .runs, .delays]

  /// Those that need every step of the scheduler, even where nobody waits for a lock.
  static let everyStep: OptionalRows = [.runs, .delays]
}
