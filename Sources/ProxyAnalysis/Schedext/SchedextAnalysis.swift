import ProxyModel
import TraceCore

/// What the capture shows of a BPF scheduler: when it was loaded, the calls of its callbacks, and the kernel's counters.
enum SchedextAnalysis: Analysis {
  static let name = "schedext"
  static let purpose = "what a BPF scheduler was told"
  static let needs: [EventNeed] = []

  static func tables(_ context: ReportContext) -> [Table] { [] }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let (summary, marks) = (context.timeline.schedExt, context.timeline.marks)
    // Most captures have nothing to do with sched_ext, and every kernel describes its events.
    if summary.isEmpty { return [] }
    var content: [SummaryBlock.Content] = [.line(presence(summary))]
    for exit in summary.exits.prefix(context.top) {
      content.append(
        .line([
          "scheduler ", .quote(exit.scheduler.text), " was unloaded at ", .instant(exit.time),
          .plain(" (reason \(exit.reason))"),
        ]))
    }
    if !marks.isEmpty { content.append(.line(callbacks(context))) }
    let tables = tasks(context) + counters(summary, context)
    return [SummaryBlock(.proxyExecution, place: 1, "sched_ext", content)]
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

  private static func presence(_ summary: SchedExtSummary) -> [TextFragment] {
    guard let first = summary.firstSeen, let last = summary.lastSeen else {
      return ["whether a BPF scheduler was loaded is not known but for its end"]
    }
    return ["a BPF scheduler was loaded: seen from ", .instant(first), " to ", .instant(last)]
      + (summary.exits.isEmpty ? [", its name is not known"] : [])
  }

  private static func callbacks(_ context: ReportContext) -> [TextFragment] {
    let total = context.timeline.marks.total
    return [
      "callbacks: ", .count(total.running), " running, ", .count(total.stopping), " stopping, ",
      .count(total.enqueue), " enqueue; nr_blocked_enqueues ",
      context.knowsBlockedEnqueues ? .count(total.blockedEnqueue) : "not known",
    ]
  }

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
