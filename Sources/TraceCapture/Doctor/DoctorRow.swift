/// One thing that decides what can be recorded on a machine.
public struct DoctorRow: Sendable, Hashable {
  public enum Level: String, Sendable {
    case good, note
    /// Results will be less exact, or fewer.
    case limits
    /// Nothing can be recorded.
    case blocks
  }

  /// How sure the finding is.
  public enum Confidence: String, Sendable {
    /// The kernel says so itself.
    case certain
    /// It follows from what the kernel says of itself.
    case likely
    /// It cannot be found out, or not without root.
    case unknown
  }

  public var key: String
  public var level: Level
  /// What was found. May quote file names and kernel parameters: hostile text.
  public var found: String
  /// Why it matters.
  public var why: String
  /// What to do about it; empty = nothing.
  public var remedy: String
  public var confidence: Confidence

  init(
    _ key: String, _ level: Level, _ found: String, why: String, remedy: String = "", confidence: Confidence = .certain
  ) {
    self.key = key
    self.level = level
    self.found = found
    self.why = why
    self.remedy = remedy
    self.confidence = confidence
  }
}

/// What a recording on this machine can show.
public enum RecordingPower: String, Sendable {
  /// The donor is read from the kernel's own structures.
  case exact
  /// Events alone: owners and donors are inferred.
  case inferred
  case nothing
}

/// What `doctor` finds out.
public struct Diagnosis: Sendable, Hashable {
  public var rows: [DoctorRow]
  /// For the user who asks.
  public var power: RecordingPower
  /// The same for root; `nil` where the user is root.
  public var powerAsRoot: RecordingPower?
}
