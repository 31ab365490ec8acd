import TraceCore

/// What must be known of a text before its first event is read.
///
/// A text reports missing records where the next record of that CPU is, but ``LostEvents`` are placed where the last
/// one was. And messages are searched for marks only of callbacks without events of their own. So the whole text is
/// scanned first. Few texts need that: a reader may skip it, look only at the lines before the first event, and start
/// over with a scan where ``needsFullScan(_:_:)`` says so (``TextReader/restart()``).
struct TextScan {
  /// Records that are missing.
  struct Hole {
    /// The place in the text of the line that it comes after; -1 for one that comes before all events.
    var after: Int64
    var time: UInt64
    var cpu: CPU
    var loss: LostEvents

    var event: SchedEvent { SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: 0, body: .lost(loss)) }
  }

  /// In order of `after`.
  private(set) var holes: [Hole] = []
  /// CPUs that the head names (`#P:4`, `cpus=4`); 0 where none does.
  private(set) var cpuCount = 0
  /// Of the first event's time, in nanoseconds; 0 where times are plain numbers. `nil`: there is no event.
  private(set) var resolution: UInt64?
  /// Roles that events of the user's map have in this text.
  private(set) var ownRoles: Set<EventRole> = []
  /// Callbacks that have an event of their own in this text.
  private(set) var ownMarks: MarkKinds = []

  /// Whether only the lines before the first event were looked at.
  private(set) var isPartial: Bool
  /// What lines at the text's ends show of where CPUs begin and end, of a text that was not scanned as a whole.
  private var ends: TextEnds?
  /// The text's captures but the first one, which alone is read, and where that ends.
  private(set) var others: [TextFullScan.Section] = []
  private(set) var end = UInt64.max
  /// Lines are not in order of time, and sorting them mends that.
  private(set) var isUnsorted = false
  /// The kernel has lost records, as a line or the text's head says.
  private(set) var hasLoss = false
  /// Lines by which somebody has cut out others.
  private(set) var cuts = TextTally()
  /// Records that were overwritten, as the text's head says.
  private(set) var overwritten: UInt64 = 0
  /// Where the first event is.
  private var firstEvent = UInt64.max

  /// - Parameters:
  ///   - survey: What the text's beginning has shown. All of a text is scanned as it is to be read: mended.
  ///   - file: The text, if it is not compressed.
  ///   - isPartial: Look only at lines at the text's ends, where that may be enough: roles of a user's map must be known of
  ///     all of the text.
  ///   - isSorted: The lines were put in order of time: that they were files of single CPUs does not matter any more.
  init(
    _ source: inout TextSource, _ map: EventMap, _ survey: TextSurvey, _ file: FileView?, isPartial: Bool,
    isSorted: Bool = false
  ) {
    self.isPartial = isPartial && map.own.isEmpty && survey.isPlain
    source.mend(with: nil)
    if self.isPartial, let file, scanHead(&source), let ends = TextEnds(file) {
      self.ends = ends
      holes = ends.holes.sorted { ($0.after, $0.cpu) < ($1.after, $1.cpu) }
      return
    }
    self.isPartial = false
    source.rewind()
    let sample = source.sample()
    source.mend(with: TextMender(map, survey, WrapSurvey(sample)))
    scanAll(&source, map, isSorted: isSorted)
  }

  /// The text was sorted since it was found to hold these captures besides.
  mutating func keep(others: [TextFullScan.Section]) { self.others = others }

  /// Whether it is known where a CPU's records begin and end.
  @inline(__always)
  func knows(_ cpu: CPU) -> Bool { !isPartial || ends?.knows(cpu) ?? false }

  /// - Returns: Whether there are no losses before the first event.
  private mutating func scanHead(_ source: inout TextSource) -> Bool {
    var parser = TextLine()
    while resolution == nil, let line = source.nextLine() {
      var scanner = TextScanner(line.bytes)
      noteHead(line.bytes)
      switch parser.read(&scanner) {
      case .event: (resolution, firstEvent) = (parser.head.resolution, line.offset)
      case .loss, .cut, .torn: return false
      case .remark: if TextFullScan.overwritten(line.bytes) ?? 0 > 0 { return false }
      case .foreign: break
      }
    }
    return true
  }

  /// Whether reading this line demands a scan of the whole text first.
  @inline(__always)
  func needsFullScan(_ kind: TextLine.Kind, _ line: TextSource.Line) -> Bool {
    switch kind {
    case .event: false
    // A foreign line may belong to the line before it, or be an event behind a prefix.
    case .foreign, .torn, .loss, .cut: isPartial
    // The lines before the first event were looked at.
    case .remark:
      isPartial && line.offset > firstEvent
        && (TextFullScan.isHead(line.bytes) || cpuCount == 0 && Self.cpuCount(line.bytes) != nil)
    }
  }

  private mutating func noteHead(_ line: UnsafeRawBufferPointer) {
    if cpuCount == 0, let count = Self.cpuCount(line) { cpuCount = count }
  }

  /// The number of CPUs that a line of the head names.
  static func cpuCount(_ line: UnsafeRawBufferPointer) -> Int? {
    guard line.count < 200 else { return nil }
    var scanner = TextScanner(line)
    if scanner.byte() == UInt8(ascii: "#") {
      while !scanner.isAtEnd, !scanner.has("#P:") { scanner.position += 1 }
      guard scanner.skip("#P:") else { return nil }
    } else if !scanner.skip("cpus=") {
      return nil
    }
    return scanner.decimal().flatMap { $0 <= KernelLimits.cpuCount ? Int($0) : nil }
  }

  private mutating func scanAll(_ source: inout TextSource, _ map: EventMap, isSorted: Bool) {
    var (full, count) = readAll(&source, map, until: .max)
    if full.sections.count > 1, !isSorted, !full.areCPUs {
      others = Array(full.sections.dropFirst())
      end = others[0].offset
      source.rewind()
      (full, count) = readAll(&source, map, until: end)
    }
    (holes, cuts, overwritten) = (full.holes, full.cuts, full.overwritten)
    hasLoss = full.hasLoss || overwritten > 0
    // Of a CPU whose clock steps back the lines are in the order in which they were written.
    isUnsorted = full.isUnsorted && !full.hasStepBack && count > 0
  }

  private mutating func readAll(
    _ source: inout TextSource, _ map: EventMap, until end: UInt64
  ) -> (TextFullScan, Int) {
    var (full, parser, events, count) = (TextFullScan(), TextLine(), TextEvents(map), 0)
    let fields = FieldCheck(map)
    while let line = source.nextLine(), line.offset < end {
      var scanner = TextScanner(line.bytes)
      noteHead(line.bytes)
      switch parser.read(&scanner) {
      case .event:
        if resolution == nil { resolution = parser.head.resolution }
        let index = events.index(of: parser.name)
        let (_, role, isOwn) = events.facts(index)
        if isOwn, let role { ownRoles.insert(role) }
        ownMarks.formUnion(events.mark(index))
        let hasFields = fields.read(line).hasFields
        full.noteEvent(parser.head, at: line.offset, next: role == .switched ? fields.nextTask : nil)
        if !hasFields { full.noteBad(parser.head.cpu) }
        count += 1
      case .loss: full.noteLoss(parser.cpu, parser.count)
      case .cut: full.noteCut(at: line.offset)
      case .remark: full.noteRemark(line.bytes, at: line.offset)
      case .torn: full.noteTorn(parser.head.cpu)
      case .foreign: if let piece = TornLine(line.bytes) { full.noteTorn(piece.cpu) }
      }
    }
    full.finish()
    return (full, count)
  }
}
