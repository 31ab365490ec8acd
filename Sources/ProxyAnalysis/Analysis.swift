public import TraceCore

/// One question that a capture can answer: its tables, findings and summary blocks.
///
/// An analysis is a folder of this module that bears its ``name`` with a capital, and a line in ``AnalysisRegistry``. It
/// reads a ``ReportContext`` and nothing else, and knows nothing of output formats.
public protocol Analysis: Sendable {
  /// One lower-case word.
  static var name: String { get }
  /// What it tells, as a clause: `who waited for which lock`.
  static var purpose: String { get }
  /// What the capture must record for it to say anything; all of these.
  static var needs: [EventNeed] { get }

  /// Its tables. Called whether ``needs`` are met or not, so that every format can name a table that is not available.
  static func tables(_ context: ReportContext) -> [Table]
  /// What stands out, in any order. Called only where ``needs`` are met, like all that follow.
  static func findings(_ context: ReportContext) -> [FindingKey]
  /// One of them. There can be one for each row, so each is made when somebody looks at it.
  static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding
  /// What the text report shows of it.
  static func blocks(_ context: ReportContext) -> [SummaryBlock]
  /// Which of its results the capture does not allow although ``needs`` are met.
  static func limits(_ context: ReportContext) -> [Limit]
}

extension Analysis {
  public static func findings(_ context: ReportContext) -> [FindingKey] { [] }
  public static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
    preconditionFailure("\(name) has no findings")
  }
  public static func blocks(_ context: ReportContext) -> [SummaryBlock] { [] }
  public static func limits(_ context: ReportContext) -> [Limit] { [] }

  /// The needs that a capture does not meet; empty where the analysis is available.
  public static func missing(in context: ReportContext) -> [EventNeed] {
    needs.filter { !$0.isMet(by: context.recordedRoles) }
  }
}

/// A kind of event that a result rests on, or several of which one is enough.
public struct EventNeed: Sendable, Hashable {
  /// Any one of these; the first is the one to recommend.
  public var alternatives: [EventRole]

  public init(anyOf alternatives: [EventRole]) { self.alternatives = alternatives }

  /// Just this one.
  public static func event(_ role: EventRole) -> EventNeed { EventNeed(anyOf: [role]) }

  public static func anyOf(_ roles: EventRole...) -> EventNeed { EventNeed(anyOf: roles) }

  public func isMet(by roles: Set<EventRole>) -> Bool { alternatives.contains(where: roles.contains) }
}

extension EventNeed: CustomStringConvertible {
  /// `lock:contended_release or sched:sched_waking`.
  public var description: String { alternatives.map(\.eventName).joined(separator: " or ") }
}

extension [EventNeed] {
  /// What it takes to know waits from beginning to end.
  static let waits = [EventNeed.event(.contentionBegan), .event(.contentionEnded)]
  /// What it takes to know who owned the locks that were waited for.
  static let owners = waits + [.anyOf(.contendedRelease, .waking, .probedWait)]

  /// `needs sched:sched_switch and lock:contention_begin`.
  public var explanation: String { "needs " + map(\.description).joined(separator: " and ") }
}

/// A result that a capture does not allow, although the analysis as a whole is available.
public struct Limit: Sendable, Hashable {
  /// What is missing, as a noun phrase: `time spent in waits`.
  public var result: String
  /// Which events would give it.
  public var needs: [EventNeed]

  public init(_ result: String, needs: [EventNeed]) {
    self.result = result
    self.needs = needs
  }
}
