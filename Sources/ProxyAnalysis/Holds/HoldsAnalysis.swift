import ProxyModel
import TraceCore

/// Who owned locks while others waited for them.
enum HoldsAnalysis: Analysis {
  static let name = "holds"
  static let purpose = "who owned locks that others waited for"
  static let needs = [EventNeed].owners
  static let tableRows: RowKinds = .holds
  static let summaryRows: RowKinds = .heldTimes

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.holds, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = HoldRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == HoldRow {
      output.lock("address of the lock") { $0.lock }
      output.task("owner", "the owner") { $0.owner }
      output.instant("begin_ns", "from when on it is known to own the lock") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "the release, or the end of what is known") { $0.end }
      output.duration("hold_ns", "from begin_ns to end_ns") { $0.end - $0.begin }
      output.count("waiters", "the most tasks that waited at once") { UInt64(max(0, $0.waiters)) }
      output.duration(
        "run_ns", "part of hold_ns in which the owner ran, and not on another's account as far as is known"
      ) {
        $0.times.run
      }
      output.duration("proxied_run_ns", "part of hold_ns in which the owner ran on another's account") {
        $0.times.proxiedRun
      }
      output.duration("preempted_ns", "part of hold_ns in which the owner was on a runqueue and did not run") {
        $0.times.preempted
      }
      output.duration("waiting_ns", "part of hold_ns in which the owner was blocked on another mutex") {
        $0.times.waiting
      }
      output.duration(
        "sleeping_ns", "part of hold_ns in which the owner slept otherwise, or was woken and not queued yet"
      ) {
        $0.times.sleeping
      }
      output.evidence("how the owner is known") { $0.evidence }
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let holds = context.rows.heldTimes
    let totals = context.filter.isEmpty ? context.timeline.heldTotals : nil
    let top = TopTotals(ofTasksWith: holds, context, totals: totals) { ($0.end - $0.begin, $0.owner.index) }
    return TopTasksBlock("Top owners", place: 4, noun: "owner", count: "holds", top, context).blocks
  }
}
