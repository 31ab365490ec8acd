/// How bad a skipped thing is for the results.
public enum Severity: Int, Sendable, Comparable {
  /// Worth knowing; nothing is missing.
  case note
  /// Some results may be coarser or incomplete.
  case warning
  /// Part of the input could not be used.
  case damage

  /// Whether `a` matters less.
  public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
}

/// Everything that can be skipped or doubted while a capture is read, in one table: name, severity, advice.
public enum DiagnosticKind: String, CaseIterable, Sendable {
  // The container.
  case truncatedFile
  case truncatedMetadata
  case unreadableSection
  case unreadableChunk
  case unclaimedData
  case anotherCapture
  case formatRejected
  case impossibleFormat
  case unusedMapping
  case clockUnknown
  case clockNotNanoseconds
  case clockPerCPU
  // The ring-buffer pages.
  case badPage
  case badRecord
  case timestampBackwards
  case unknownEventID
  // Text.
  case badLine
  case foreignLine
  case tornLine
  case lockWithoutAddress
  case cutByHand
  case sortedLines
  // The stream as the model sees it.
  case overwrittenBuffer
  case lostEvents
  case quietCPU
  case outOfOrder
  case switchDiscontinuity
  case filteredByTask
  case pidOutOfRange
  case contentionEndWithoutBegin
  case cpuOutOfRange
  case timestampOutOfRange
  case probesDisagree

  /// Whether a diagnostic's count is that of records, and not how often it happened.
  public var countsRecords: Bool { self == .lostEvents || self == .overwrittenBuffer }

  /// How bad it is for the results.
  public var severity: Severity {
    switch self {
    case .clockNotNanoseconds, .clockPerCPU, .sortedLines, .quietCPU, .contentionEndWithoutBegin: .note
    case .formatRejected, .unusedMapping, .clockUnknown, .timestampBackwards, .unknownEventID,
      .foreignLine, .lockWithoutAddress, .overwrittenBuffer, .lostEvents, .outOfOrder, .switchDiscontinuity,
      .filteredByTask, .probesDisagree, .pidOutOfRange:
      .warning
    case .truncatedFile, .truncatedMetadata, .unreadableSection, .unreadableChunk, .unclaimedData, .anotherCapture,
      .impossibleFormat, .badPage, .badRecord, .badLine, .tornLine, .cutByHand,
      .cpuOutOfRange, .timestampOutOfRange:
      .damage
    }
  }

  /// What happened, as a clause.
  public var summary: String {
    switch self {
    case .truncatedFile: "the file ends before the data that it announces"
    case .truncatedMetadata: "a section of metadata is cut short"
    case .unreadableSection: "a section could not be read"
    case .unreadableChunk: "a compressed chunk could not be decompressed"
    case .unclaimedData: "the file holds records that belong to no CPU"
    case .anotherCapture: "another capture follows the first one"
    case .formatRejected: "an event's format could not be used"
    case .impossibleFormat: "an event's format contradicts itself"
    case .unusedMapping: "the event map names an event that the capture does not describe"
    case .clockUnknown: "the file does not say which clock stamped it"
    case .clockNotNanoseconds: "the trace clock does not count nanoseconds"
    case .clockPerCPU: "the trace clock is each CPU's own"
    case .badPage: "a ring-buffer page is damaged"
    case .badRecord: "a record is damaged"
    case .timestampBackwards: "timestamps run backwards on a CPU"
    case .unknownEventID: "records of an event without a format"
    case .badLine: "an event's fields cannot be read out of its line"
    case .foreignLine: "lines that are no events"
    case .tornLine: "a line is a piece of an event whose other pieces are missing"
    case .lockWithoutAddress: "events of locks whose address the kernel did not print"
    case .cutByHand: "lines were cut out of the text"
    case .sortedLines: "the text's lines were not in order of time"
    case .overwrittenBuffer: "the ring buffer was overwritten before the text's first events"
    case .lostEvents: "the ring buffer lost events"
    case .quietCPU: "a CPU has no record at the trace's beginning or at its end"
    case .outOfOrder: "events are earlier than one before them"
    case .switchDiscontinuity: "a sched_switch does not continue the one before it"
    case .filteredByTask: "records of some tasks alone were kept"
    case .pidOutOfRange: "a pid that no kernel hands out"
    case .contentionEndWithoutBegin: "a wait ended whose beginning is not in the trace"
    case .cpuOutOfRange: "a CPU number that no kernel has"
    case .timestampOutOfRange: "a time that no clock has reached"
    case .probesDisagree: "the exit probe and the switch probe name different donors of a switch"
    }
  }

  /// What the reader of the report can do about it, or what it means for the figures.
  public var advice: String {
    switch self {
    case .truncatedFile: "copy the file again; what precedes the cut is analysed"
    case .truncatedMetadata, .unreadableSection: "names or events that stand there are missing"
    case .unreadableChunk, .badPage, .badRecord: "its records are treated as lost events"
    case .unclaimedData: "the table of CPUs is damaged: a CPU is missing, or some of its records, and counts as lost"
    case .anotherCapture: "only the first is read; split what was put together"
    case .formatRejected, .impossibleFormat: "its records are counted, not analysed"
    case .unusedMapping: "look for a misspelling; proxytrace info lists the capture's events"
    case .clockUnknown: "nanoseconds are assumed"
    case .clockNotNanoseconds: "record with -C mono to get times; durations here are in clock steps"
    case .clockPerCPU: "record with -C mono: the order of events of different CPUs may be off by the clocks' skew"
    case .timestampBackwards: "durations across the step are not to be trusted"
    case .unknownEventID: "its records are counted, not analysed"
    case .badLine: "the event is counted, not analysed; its CPU's state is not known up to the CPU's next event"
    case .foreignLine: "they are passed over"
    case .tornLine:
      "nothing is known of its CPU there, or of any CPU where it does not name one; take the text as it was printed"
    case .lockWithoutAddress: "such locks cannot be told apart, so their waits are not analysed; record with trace-cmd"
    case .cutByHand: "nothing is known of any CPU there; take all of the text"
    case .sortedLines: "they were sorted; those of one CPU kept their order"
    case .overwrittenBuffer: "each CPU begins at a time of its own; a larger buffer keeps more"
    case .lostEvents: "record with a larger buffer (trace-cmd record -b) or fewer events"
    case .quietCPU: "it may have been idle, or records are missing: what it did then counts as not known"
    case .outOfOrder: "each counts at the time of the one before it; durations there are not to be trusted"
    case .switchDiscontinuity: "events are missing that the ring buffer did not report; nothing is repaired by guess"
    case .filteredByTask:
      "what others do is not known: who runs instead, locks that they hold, busy and idle time; record without set_event_pid, -P, -F, -p"
    case .pidOutOfRange, .cpuOutOfRange, .timestampOutOfRange: "the record is not analysed"
    case .contentionEndWithoutBegin: "it began before the trace, and is not counted as a wait"
    case .probesDisagree: "the exit probe counts: it reads rq->donor itself"
    }
  }
}

/// One thing that was skipped or doubted, with where it was first seen.
public struct Diagnostic: Sendable, Hashable {
  /// What was skipped or doubted.
  public var kind: DiagnosticKind
  /// The CPU whose data it concerns; `nil` for the file as a whole.
  public var cpu: CPU?
  /// How often.
  public var count: UInt64
  /// File offset of the first occurrence in bytes, where it has one.
  public var offset: UInt64?
  /// Time of the first occurrence, where it has one.
  public var time: Timestamp?
  /// What exactly was found at the first occurrence. May quote the file: hostile text.
  public var detail: String
}

/// The diagnostics of a run, counted per kind and CPU, so that a damaged file cannot make them grow without bound.
public struct DiagnosticLog: Sendable {
  private struct Key: Hashable {
    var kind: DiagnosticKind
    var cpu: CPU?
  }

  private var entries: [Key: Diagnostic] = [:]

  /// An empty log.
  public init() {}

  /// Counts an occurrence; the first of its kind on a CPU keeps offset, time and detail.
  public mutating func record(
    _ kind: DiagnosticKind, cpu: CPU? = nil, count: UInt64 = 1, offset: UInt64? = nil, time: Timestamp? = nil,
    _ detail: @autoclosure () -> String = ""
  ) {
    let key = Key(kind: kind, cpu: cpu)
    if let index = entries.index(forKey: key) {
      entries.values[index].count &+= count
    } else {
      entries[key] = Diagnostic(kind: kind, cpu: cpu, count: count, offset: offset, time: time, detail: detail())
    }
  }

  /// Takes entries out that turn out to mean nothing.
  package mutating func remove(_ kind: DiagnosticKind) { entries = entries.filter { $0.key.kind != kind } }

  /// Adds another log's entries, e.g. the model's to the reader's.
  public mutating func merge(_ other: DiagnosticLog) {
    for entry in other.all {
      record(entry.kind, cpu: entry.cpu, count: entry.count, offset: entry.offset, time: entry.time, entry.detail)
    }
  }

  /// Whether nothing was skipped or doubted.
  public var isEmpty: Bool { entries.isEmpty }

  /// All entries, worst first, then in the table's order, then by CPU.
  public var all: [Diagnostic] {
    let order = Dictionary(uniqueKeysWithValues: DiagnosticKind.allCases.enumerated().map { ($1, $0) })
    return entries.values.sorted { a, b in
      if a.kind.severity != b.kind.severity { return a.kind.severity > b.kind.severity }
      if a.kind != b.kind { return order[a.kind, default: 0] < order[b.kind, default: 0] }
      return (a.cpu ?? -1) < (b.cpu ?? -1)
    }
  }

  /// Whether part of the input could not be used: the run ends with exit status 3.
  public var hasDamage: Bool { entries.values.contains { $0.kind.severity == .damage } }
}
