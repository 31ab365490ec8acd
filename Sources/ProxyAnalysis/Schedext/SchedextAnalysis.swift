import ProxyModel
import TraceCore

/// What the capture shows of a BPF scheduler: which it was, the calls of its callbacks, the donors that it was handed, the kernel's
/// counters, and how it ended.
enum SchedextAnalysis: Analysis {
  static let name = "schedext"
  static let purpose = "what a BPF scheduler was told"
  static let needs: [EventNeed] = []
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = [.handoffs, .splits, .migrations]

  static func tables(_ context: ReportContext) -> [Table] { [] }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let (summary, marks) = (context.timeline.schedExt, context.timeline.marks)
    // Most captures have nothing to do with sched_ext, and every kernel describes its events.
    if summary.isEmpty { return [] }
    var content: [SummaryBlock.Content] = [.line(presence(context))]
    for exit in summary.exits.prefix(context.top) {
      content.append(
        .line([
          "scheduler ", .quote(exit.scheduler.text), " was unloaded at ", .instant(exit.time),
          .plain(" (reason \(exit.reason)\(ExitReason.words(exit.reason).map { ": \($0)" } ?? ""))"),
        ]))
    }
    if !marks.isEmpty { content.append(.line(callbacks(context))) }
    if let admission = Admission.line(context) { content.append(.line(admission)) }
    if context.rows.pairing.contains(where: { $0.kind == .donorRunning || $0.kind == .undispatchedOwner }) {
      let rule = CallbackRule(context).meaning
      content.append(.line([.plain("a callback for an owner, or for a donor that does not start, is \(rule)")]))
    }
    let tables = tasks(context) + counters(summary, context)
    return [SummaryBlock(.proxyExecution, place: 1, "sched_ext", content)] + donorBlocks(context)
      + (tables.isEmpty ? [] : [SummaryBlock(.top, place: 8, "sched_ext callbacks and counters", tables)])
  }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    let total = context.timeline.marks.total
    guard total != MarkCounts() else { return [] }
    var unavailableResults: [UnavailableResult] = []
    if !context.knowsBlockedEnqueues {
      unavailableResults.append(
        UnavailableResult("nr_blocked_enqueues", needs: [.anyOf(.enqueued, .message), .event(.contentionBegan)]))
    }
    if !context.records(.contentionBegan) {
      unavailableResults.append(UnavailableResult("which callbacks were called for donors and owners", needs: .owners))
    }
    return unavailableResults
  }

  private static func presence(_ context: ReportContext) -> [TextFragment] {
    let summary = context.timeline.schedExt
    guard let first = summary.firstSeen, let last = summary.lastSeen else {
      return ["whether a BPF scheduler was loaded is not known but for its end"]
    }
    let seen: [TextFragment] = ["seen from ", .instant(first), " to ", .instant(last)]
    if let (name, flags) = context.capture.schedulerFacts {
      let tail: [TextFragment] = flags.map { [", flags ", .quote($0), ": "] } ?? [": "]
      return ["BPF scheduler ", .quote(name)] + tail + seen
    }
    return ["a BPF scheduler was loaded: "] + seen + (summary.exits.isEmpty ? [", its name is not known"] : [])
  }

  private static func callbacks(_ context: ReportContext) -> [TextFragment] {
    let total = context.timeline.marks.total
    return [
      "callbacks: ", .count(total.running), " running, ", .count(total.stopping), " stopping, ",
      .count(total.enqueue), " enqueue; nr_blocked_enqueues ",
      context.knowsBlockedEnqueues ? .count(total.blockedEnqueue) : "not known",
    ]
  }

  // MARK: Blocked donors

  private static func donorBlocks(_ context: ReportContext) -> [SummaryBlock] {
    let donors = BlockedDonors(context.rows, waits: context.timeline.waits)
    guard donors.total.calls > 0 else { return [] }
    let ranked = donors.donors.sorted { ($1.value.calls, $0.key.rawValue) < ($0.value.calls, $1.key.rawValue) }
    var rows: [[TextFragment]] = ranked.prefix(context.top).map { task, figures in
      let row = context.timeline[task]
      return [.task(TaskLabel(index: task, pid: row.id.pid, comm: row.comm, priority: row.priority))] + cells(figures)
    }
    if donors.donors.count > 1 { rows.append([.plain("all \(donors.donors.count) donors")] + cells(donors.total)) }
    let table = SummaryTable(
      columns: [
        .init("donor", .text), .init("enqueues", .number), .init("a wait", .number), .init("a donation", .number),
        .init("at owner %", .share), .init("by kernel", .number), .init("steered", .number),
        .init("paid", .duration),
      ], rows: rows)
    var content: [SummaryBlock.Content] = [.table(table)] + undonated(donors)
    let releases = context.rows.handoffs.count { $0.kind == .release }
    let span = context.timeline.span
    if context.countsNanoseconds, span > 0, releases > 0 {
      // In hundredths, rounded.
      let rate = (UInt64(releases) &* 100_000_000_000 &+ UInt64(span) / 2) / UInt64(span)
      let cents = rate % 100
      content.append(
        .line([
          "locks were handed on ", .count(UInt64(releases)),
          .plain(" times, \(rate / 100).\(cents < 10 ? "0" : "")\(cents) a second"),
        ]))
    }
    return [
      SummaryBlock(.top, place: 4, "Blocked donors in the scheduler's hands", content),
      SummaryBlock(.top, place: 5, "Donation latency in parts", DonationParts(context.rows.handoffs).content),
    ].filter { !$0.content.isEmpty }
  }

  /// Waits that never donated, and why as far as events tell.
  private static func undonated(_ donors: BlockedDonors) -> [SummaryBlock.Content] {
    let states = EnqueueRow.OwnerState.allCases.compactMap { state in
      donors.withoutDonation[state].map { "\(state.rawValue) \($0)" }
    }
    guard !states.isEmpty else { return [] }
    let count = donors.withoutDonation.values.reduce(0, +)
    var text =
      "\(count) \(count == 1 ? "wait" : "waits") without a donation; the owner, when the scheduler was asked last: "
      + states.joined(separator: ", ")
    if donors.pinned > 0 {
      text += ". Migration was disabled for the waiter in \(donors.pinned): the kernel does not move it"
    }
    if donors.withoutDonation[.runnable] != nil || donors.withoutDonation[.running] != nil {
      text += ". From Linux 7.4 on a donor with another core-scheduling cookie than its owner's is refused, "
      text += "which no event shows"
    }
    return [.line([.plain(text)])]
  }

  private static func cells(_ figures: BlockedDonors.Figures) -> [TextFragment] {
    func ratio(_ value: Double?) -> TextFragment {
      value.map { .plain("\(Int($0 * 10 + 0.5) / 10).\(Int($0 * 10 + 0.5) % 10)") } ?? .unknown
    }
    return [
      .count(UInt64(figures.calls)), ratio(figures.callsPerWait), ratio(figures.callsPerDonation),
      figures.placed > 0 ? .share(of: Int64(figures.onOwnersCPU), in: Int64(figures.placed)) : .unknown,
      .count(UInt64(figures.movedByKernel)), .count(UInt64(figures.steered)), .duration(figures.paid),
    ]
  }

  // MARK: Callbacks and counters

  /// The tasks with most callbacks.
  private static func tasks(_ context: ReportContext) -> [SummaryBlock.Content] {
    func sum(_ counts: MarkCounts) -> UInt64 { counts.running &+ counts.stopping &+ counts.enqueue }
    let chosen = context.timeline.marks.tasks.filter { context.chooses($0.task) }
    let ranked = chosen.sorted { (sum($1.counts), $0.task.rawValue) < (sum($0.counts), $1.task.rawValue) }
    guard !ranked.isEmpty else { return [] }
    let rows: [[TextFragment]] = ranked.prefix(context.top).map { task, counts in
      let row = context.timeline[task]
      let label = TaskLabel(index: task, pid: row.id.pid, comm: row.comm, priority: row.priority)
      return [
        .task(label), .count(counts.running), .count(counts.stopping), .count(counts.enqueue),
        context.knowsBlockedEnqueues ? .count(counts.blockedEnqueue) : .unknown,
      ]
    }
    return [
      .table(
        SummaryTable(
          columns: [
            .init("task", .text), .init("running", .number), .init("stopping", .number), .init("enqueue", .number),
            .init("blocked enqueue", .number, leaves: 0),
          ], rows: rows))
    ]
  }

  private static func counters(_ summary: SchedExtSummary, _ context: ReportContext) -> [SummaryBlock.Content] {
    guard !summary.counters.isEmpty else { return [] }
    let rows: [[TextFragment]] = summary.counters.prefix(max(context.top, 32)).map {
      [.quote($0.name.text), .plain(String($0.sum)), .count($0.count)]
    }
    return [
      .table(
        SummaryTable(
          columns: [.init("counter", .text), .init("grew by", .number), .init("times", .number)], rows: rows))
    ]
  }
}
