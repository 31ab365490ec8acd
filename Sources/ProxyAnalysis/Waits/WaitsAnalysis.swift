import ProxyModel
import TraceCore

/// Who waited for which sleeping lock, how long, and how it ended.
enum WaitsAnalysis: Analysis {
  static let name = "waits"
  static let purpose = "who waited for which lock"
  static let needs = [EventNeed].waits
  static let tableRows: RowKinds = .waits
  static let summaryRows: RowKinds = [.waits, .waitSums]

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.waits, in: context, Columns())]
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] { WaitingTime.blocks(context) }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    let missing = [EventNeed].owners.filter { !$0.isMet(by: context.recordedRoles) }
    return missing.isEmpty
      ? [] : [UnavailableResult("who owned the locks, and where waiting time went", needs: missing)]
  }

  private struct Columns: RowColumns {
    typealias Row = WaitRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == WaitRow {
      output.word("kind", "kind of lock", by: { $0.kind })
      output.task("waiter", "the waiting task") { $0.waiter }
      output.lock("address of the lock") { $0.lock }
      output.instant(
        "begin_ns", "the first contention_begin; with gap = start the earliest instant that is certain"
      ) {
        $0.begin
      }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "the contention_end; empty where the capture has none") { $0.end }
      output.duration(
        "wait_ns", "length; of an open wait to the capture's end, of a lost one to the gap"
      ) { $0.length }
      output.word(
        "result", "acquired, failed and the errno, open (the capture ended) or lost (a gap swallowed the end)"
      ) {
        $0.result.name
      }
      putReconstructed(in: &output)
      output.word(
        "gap", "gap: lost events overlap the wait; start: it began before what is recorded; start+gap; no",
        by: { $0.gapNote })
    }

    @inline(__always)
    private func putReconstructed<Output: CellOutput>(in output: inout Output) where Output.Row == WaitRow {
      output.task("owner", "the lock's owner when the wait began") { $0.owner }
      output.evidence("how the owner is known", prefix: "owner_") { $0.ownerEvidence }
      output.count("depth", "number of locks in the deepest chain; empty where no owner is known") {
        $0.depth > 0 ? UInt64($0.depth) : nil
      }
      put(.own, "the waiter itself was on a CPU", in: &output)
      put(
        .handoff, "the lock, or one further up the chain, was released and no later owner is known", in: &output)
      put(.unknown, "the chain's last owner is not known, or on whose account it ran", in: &output)
      put(
        .proxied, "the chain's last owner ran on the account of the waiter or of a task of its chain", in: &output)
      put(.running, "the chain's last owner ran on its own account or another's", in: &output)
      put(
        .inverted, "a task less urgent than its most urgent waiter ran instead of the chain's last owner", in: &output)
      put(.preempted, "a task as urgent or more ran instead of the chain's last owner", in: &output)
      put(.delayed, "the chain's last owner was runnable on an idle CPU", in: &output)
      put(.waking, "the chain's last owner was woken and not queued yet", in: &output)
      put(.sleeping, "the chain's last owner slept on something else than a mutex", in: &output)
    }

    /// The time of a class.
    @inline(__always)
    private func put<Output: CellOutput>(
      _ kind: WaitClass, _ doc: @autoclosure () -> String, in output: inout Output
    ) where Output.Row == WaitRow {
      output.duration("\(kind.name)_ns", "part of wait_ns: \(doc())") { $0.times[kind] }
    }
  }
}

extension WaitResult {
  /// As the tables print it: `failed -4`.
  var name: String {
    switch self {
    case .acquired: "acquired"
    case .failed(let errno): "failed \(errno)"
    case .open: "open"
    case .lost: "lost"
    }
  }
}

extension WaitRow {
  /// What lost events do to a row, as the tables print it.
  enum GapNote: String, BitwiseCopyable {
    case no, gap, start
    case both = "start+gap"
  }

  /// What they do to this one.
  var gapNote: GapNote {
    switch (isCutAtBegin, touchesGap) {
    case (false, false): .no
    case (false, true): .gap
    case (true, false): .start
    case (true, true): .both
    }
  }

  /// Whether its length is only a lower bound: the capture does not contain all of the wait.
  var isCut: Bool { isCutAtBegin || result == .open || result == .lost }
}
