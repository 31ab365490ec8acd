/// Kinds of rows of a ``Timeline``. A machine makes those that it is asked for, and no others: most of what a capture full of
/// contention costs is rows.
///
/// Everything else of a timeline (CPUs, tasks, gaps, the verdict, sched_ext with its rows, diagnostics) is made in any case, and no
/// kind depends on whether another one is made.
public struct RowKinds: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// ``Timeline/waits``.
  public static let waits = RowKinds(rawValue: 1 << 0)
  /// ``Timeline/chains``.
  public static let chains = RowKinds(rawValue: 1 << 1)
  /// ``Timeline/deadlocks``, and those of ``Timeline/chains`` that they are.
  public static let deadlocks = RowKinds(rawValue: 1 << 2)
  /// ``Timeline/splits``.
  public static let splits = RowKinds(rawValue: 1 << 3)
  /// ``Timeline/inversions``.
  public static let inversions = RowKinds(rawValue: 1 << 4)
  /// ``Timeline/handoffs``.
  public static let handoffs = RowKinds(rawValue: 1 << 5)
  /// ``Timeline/holds``.
  public static let holds = RowKinds(rawValue: 1 << 6)
  /// ``Timeline/migrations``.
  public static let migrations = RowKinds(rawValue: 1 << 7)
  /// ``Timeline/stalls``.
  public static let stalls = RowKinds(rawValue: 1 << 8)
  /// How long holds were, of ``holds``: less than a third of what these cost.
  public static let heldTimes = RowKinds(rawValue: 1 << 9)

  /// Of ``stalls`` those that a problem can be made of: not those of waits whose donation took less than a tick, or that had none.
  public static let problemStalls = RowKinds(rawValue: 1 << 10)

  /// Sums over ``waits``, made along with these; otherwise they cost whoever asks for them a pass.
  package static let waitSums = RowKinds(rawValue: 1 << 11)

  /// Every kind, also those that are yet to come.
  public static let all = RowKinds(rawValue: .max)
}
