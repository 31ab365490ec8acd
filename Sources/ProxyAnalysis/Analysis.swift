public import ProxyModel
public import TraceCore

/// One question that a capture can answer: its tables and summary blocks.
///
/// An analysis of this module has a folder, which is called as its ``name`` with a capital letter, and a line in
/// ``AnalysisRegistry``. It reads a ``ReportContext`` and nothing else, and knows nothing of output formats.
public protocol Analysis: Sendable {
  /// One lower-case word, unique among the analyses.
  static var name: String { get }
  /// What it shows, as a clause: `who waited for which lock`.
  static var purpose: String { get }
  /// The events that the capture must record for the analysis to mean anything; all of these.
  static var needs: [EventNeed] { get }
  /// Rows of the timeline that its tables are made of. Where only tables of other analyses are asked for, the model makes none of
  /// them.
  static var tableRows: RowKinds { get }
  /// Rows of the timeline that its findings and blocks are made of.
  static var summaryRows: RowKinds { get }

  /// Rows of the model that are made only where somebody asks for them, and that its tables are made of; none of these unless
  /// the analysis says so. A report of a capture without them leaves the analysis out.
  static var rows: OptionalRows { get }

  /// Its tables. Called whether ``needs`` are met or not, so that every format can name a table that is not available.
  /// - Returns: the same names and columns for every capture.
  static func tables(_ context: ReportContext) -> [Table]
  /// What the text report shows. Called only where ``needs`` are met, as are the functions below.
  static func blocks(_ context: ReportContext) -> [SummaryBlock]
  /// Results that the capture does not allow although ``needs`` are met.
  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult]
}

extension Analysis {
  /// All: right for every analysis, and as slow as can be.
  public static var tableRows: RowKinds { .all }
  /// All: right for every analysis, and as slow as can be.
  public static var summaryRows: RowKinds { .all }
  /// None.
  public static var rows: OptionalRows { [] }
  /// None.
  public static func blocks(_ context: ReportContext) -> [SummaryBlock] { [] }
  /// None.
  public static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] { [] }

  /// The needs that a capture does not meet; empty where the analysis is available.
  public static func missing(in context: ReportContext) -> [EventNeed] {
    needs.filter { !$0.isMet(by: context.recordedRoles) }
  }
}

/// An event that a result is made of, or several of which one is enough.
public struct EventNeed: Sendable, Hashable {
  /// Any one of these; the first is the one to recommend.
  public var alternatives: [EventRole]

  /// A need that any of some roles meets.
  /// - Parameter alternatives: at least one.
  public init(anyOf alternatives: [EventRole]) { self.alternatives = alternatives }

  /// A need that one role meets.
  public static func event(_ role: EventRole) -> EventNeed { EventNeed(anyOf: [role]) }

  /// A need that any of some roles meets.
  public static func anyOf(_ roles: EventRole...) -> EventNeed { EventNeed(anyOf: roles) }

  /// Whether a capture that recorded these roles meets it.
  public func isMet(by roles: Set<EventRole>) -> Bool { alternatives.contains(where: roles.contains) }
}

extension EventNeed: CustomStringConvertible {
  /// `lock:contended_release or sched:sched_waking`.
  public var description: String { alternatives.map(\.eventName).joined(separator: " or ") }
}

extension [EventNeed] {
  /// The events that show waits from beginning to end.
  package static let waits = [EventNeed.event(.contentionBegan), .event(.contentionEnded)]
  /// The events that show who owned the locks that were waited for.
  package static let owners = waits + [.anyOf(.contendedRelease, .waking, .probedWait)]

  /// `needs sched:sched_switch and lock:contention_begin`.
  public var explanation: String {
    // Where several are needed, a choice among some stands in brackets.
    let words = map { count > 1 && $0.alternatives.count > 1 ? "(\($0))" : "\($0)" }
    return "needs " + words.joined(separator: " and ")
  }
}

/// A result that a capture does not allow, although the analysis as a whole is available.
public struct UnavailableResult: Sendable, Hashable {
  /// What is missing, as a noun phrase: `time spent in waits`.
  public var result: String
  /// Which events would give it.
  public var needs: [EventNeed]

  /// A result with the events that would give it.
  public init(_ result: String, needs: [EventNeed]) {
    self.result = result
    self.needs = needs
  }
}
