public import TraceCore

/// A capture that something has happened to, and what its report owes the user.
public struct DamagedCapture: Sendable {
  /// What must be told where records are not as they were.
  public enum Duty: Sendable {
    /// That a record is not as it was, in time, event or task.
    case tellChanges
    /// That records are missing; that their content is another cannot be noticed, since nothing in the file is stored twice.
    case tellMissing
    /// Nothing: the file says something else now, and says it well.
    case none
  }

  public var bytes: [UInt8]
  /// What was done to it.
  public var what: String
  public var duty: Duty
  /// Whether the damage can leave nothing to report.
  public var mayBeRefused: Bool
  /// CPUs whose records may differ; `nil` = any.
  public var damagedCPUs: Set<CPU>?
  /// The records, by CPU and place in its order, that are gone; all others must be there. `nil` = not known.
  public var gone: (cpu: CPU, range: Range<Int>)?

  public init(
    _ bytes: [UInt8], _ what: String, duty: Duty, mayBeRefused: Bool = true, damagedCPUs: Set<CPU>? = nil,
    gone: (cpu: CPU, range: Range<Int>)? = nil
  ) {
    self.bytes = bytes
    self.what = what
    self.duty = duty
    self.mayBeRefused = mayBeRefused
    self.damagedCPUs = damagedCPUs
    self.gone = gone
  }
}

/// How a report dealt with damage.
public enum Outcome: String, Sendable, CaseIterable {
  /// Every record is as it was.
  case unharmed
  /// Records differ, and the report says what was skipped or doubted.
  case told
  /// One error says why nothing can be reported.
  case refused
  /// Records differ in a way that nothing in the file betrays.
  case unnoticeable
  /// Records differ, the file betrays it, and nothing is said: a defect.
  case silent
  /// A rule that holds for every input is broken, or a CPU that was not touched lost records: a defect.
  case broken
}

/// What was found on one damaged capture.
public struct Judgement: Sendable {
  public var outcome: Outcome
  public var reasons: [String]
  public var examination: Examination

  /// Holds what became of a damaged capture against what became of the whole one.
  public init(_ damage: DamagedCapture, _ result: Examination, whole: Examination) {
    examination = result
    reasons = result.violations
    if result.error != nil {
      if !damage.mayBeRefused { reasons.append("refused, although there is something to report") }
      outcome = reasons.isEmpty ? .refused : .broken
      return
    }
    for cpu in whole.records.keys.sorted() where damage.damagedCPUs?.contains(cpu) == false {
      if result.records[cpu] != whole.records[cpu] { reasons.append("CPU \(cpu) was not touched, and differs") }
    }
    if let gone = damage.gone, var rest = whole.records[gone.cpu] {
      rest.removeSubrange(gone.range)
      if result.records[gone.cpu, default: []] != rest {
        reasons.append("CPU \(gone.cpu) has other records than those that were left")
      }
    }
    // In all: records of a CPU whose number was damaged are there, under another.
    let isMissing = result.records.values.reduce(0) { $0 + $1.count } < whole.records.values.reduce(0) { $0 + $1.count }
    let owes =
      switch damage.duty {
      case .tellChanges: result.records != whole.records
      case .tellMissing: isMissing
      case .none: false
      }
    if !reasons.isEmpty {
      outcome = .broken
    } else if result.records == whole.records {
      outcome = .unharmed
    } else if result.isTold {
      outcome = .told
    } else {
      outcome = owes ? .silent : .unnoticeable
    }
  }
}
