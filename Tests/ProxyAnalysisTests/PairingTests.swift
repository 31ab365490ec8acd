import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct PairingTests {
  private static func row(
    _ kind: PairingRow.Kind, _ callback: MarkRecord.Kind, at time: Int64, clash: PairingRow.Clash?,
    owner: TaskLabel? = nil
  ) -> PairingRow {
    PairingRow(
      kind: kind, callback: callback, task: Literal.waiter, time: Literal.at(time), cpu: 1, clash: clash, donor: nil,
      owner: owner, since: Literal.at(0))
  }

  private static func clash(_ what: PairingRow.Clash.What, _ time: Int64) -> PairingRow.Clash {
    PairingRow.Clash(what: what, task: Literal.middle, time: Literal.at(time), cpu: 2)
  }

  private static let timeline = Literal.timeline {
    $0.pairing = [
      row(.runningWithoutStopping, .running, at: 10, clash: clash(.running, 30)),
      row(.stoppingWithoutRunning, .stopping, at: 40, clash: nil),
      row(.donorRunning, .running, at: 50, clash: clash(.switchedIn, 60), owner: Literal.owner),
      row(.undispatchedOwner, .stopping, at: 90, clash: clash(.switchedIn, 70)),
    ]
  }

  @Test func aRowHasTheCallbackAndTheClash() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("pairing") == [
        "1 running-without-stopping 1 @10 10000ns 61 waiter 100 2 @30 running is followed by running of 62",
        "2 stopping-without-running 1 @40 40000ns 61 waiter 100 - - stopping without running since nothing",
        "3 donor-running 1 @50 50000ns 61 waiter 100 2 @60 "
          + "running for a blocked task that does not start, then switch of 62",
        "4 undispatched-owner 1 @90 90000ns 61 waiter 100 2 @70 "
          + "stopping for an owner that runs for its donor, after switch of 62",
      ])
  }

  /// A row has two CPUs, two tasks, and the time between its two events.
  @Test func theFilterTakesEitherEvent() throws {
    func ids(_ filter: RowFilter) throws -> [Int] {
      try Report(Literal.context(Self.timeline, filter: filter)).ids("pairing")
    }
    #expect(try ids(RowFilter(cpus: NumberList("2"))) == [1, 3, 4])
    #expect(try ids(RowFilter(cpus: NumberList("1"))) == [1, 2, 3, 4])
    #expect(try ids(RowFilter(pids: NumberList("62"))) == [1, 3, 4])
    #expect(try ids(RowFilter(from: Literal.at(15), to: Literal.at(20))) == [1])
    #expect(try ids(RowFilter(from: Literal.at(75), to: Literal.at(80))) == [4])
  }

  /// Marks come as messages or as events of their own; either will do.
  @Test func marksOrMessagesAreNeeded() throws {
    // Nearly every kernel describes bpf_trace_printk: that alone does not count.
    let described = Report(Literal.context(Literal.timeline(), missing: [.running, .stopping]))
    #expect(
      described.table("pairing")?.notAvailable
        == "not available: needs (proxytrace:running or bpf_trace:bpf_trace_printk) and (proxytrace:stopping or "
        + "bpf_trace:bpf_trace_printk)")
    // A mark that was seen in a message does.
    let seen = Literal.timeline { $0.seen = [.switched, .running, .stopping] }
    #expect(Report(Literal.context(seen, missing: [.running, .stopping])).table("pairing")?.notAvailable == nil)
    #expect(
      Report(Literal.context(Self.timeline, missing: [.switched, .running, .stopping])).findings.isEmpty)
  }
}
