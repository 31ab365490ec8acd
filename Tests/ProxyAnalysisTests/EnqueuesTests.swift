import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// What a BPF scheduler made of the blocked donors that it was handed.
struct EnqueuesTests {
  private static func row(
    _ time: Int64, _ reason: EnqueueRow.Reason, donor: TaskLabel = Literal.waiter, placed: CPU? = 0,
    donatedAfter: Int64? = nil, wait: Int? = 0
  ) -> EnqueueRow {
    EnqueueRow(
      time: Literal.at(time), donor: donor, cpu: 0, owner: Literal.owner, ownerCPU: 0, ownerState: .runnable,
      reason: reason, placedCPU: placed, dispatchQueue: nil, donatedAfter: donatedAfter, wait: wait, evidence: .event)
  }

  private static func timeline(_ rows: [EnqueueRow]) -> Timeline { Literal.timeline { $0.enqueues = Rows(rows) } }

  @Test func aRowHasAllThatIsKnown() throws {
    let report = Report(Literal.context(Literal.everyTable))
    #expect(
      try report.lines("enqueues") == [
        "1 @14 14000ns 61 waiter 100 0 60 owner 139 1 running blocked 1 0xc000000000000001 6000 1 event"
      ])
    let bare = EnqueueRow(
      time: Literal.at(1), donor: Literal.waiter, cpu: 0, owner: nil, ownerCPU: nil, ownerState: .released,
      reason: .handedBack, placedCPU: nil, dispatchQueue: nil, donatedAfter: nil, wait: nil, evidence: .unknown)
    #expect(
      try Report(Literal.context(Self.timeline([bare]))).lines("enqueues") == [
        "1 @1 1000ns 61 waiter 100 0 - - - - released handed-back - - - unknown"
      ])
  }

  // MARK: Storms

  /// Three hand-backs in a row, no more than a millisecond apart, are one; calls for another donor between them do not end it.
  @Test func handBacksInARowAreAFinding() {
    let rows = [
      Self.row(10, .blocked), Self.row(20, .handedBack), Self.row(25, .sliceOver, donor: Literal.middle),
      Self.row(30, .handedBack), Self.row(1030, .handedBack), Self.row(1040, .migrated), Self.row(1050, .handedBack),
      Self.row(1060, .handedBack),
    ]
    #expect(
      Report(Literal.context(Self.timeline(rows))).findingLines == [
        "enqueue-storm 1010000ns 1/1 --wait 1 1010000ns: waiter:61 was handed back to its scheduler in vain, once; 3 times in "
          + "a row, with no owner run on its account; its mutex's owner owner:60 was runnable on CPU 0"
      ])
  }

  @Test(
    arguments: [
      // Too few; too far apart; an owner ran in between.
      [(20, .handedBack), (30, .handedBack)], [(20, .handedBack), (30, .handedBack), (1031, .handedBack)],
      [(20, .handedBack), (30, .handedBack), (40, .sliceOver), (50, .handedBack)],
    ] as [[(Int64, EnqueueRow.Reason)]])
  func whatIsNoStorm(_ rows: [(Int64, EnqueueRow.Reason)]) {
    let timeline = Self.timeline(rows.map { Self.row($0.0, $0.1) })
    #expect(Report(Literal.context(timeline)).findingLines == [])
    let ticks = Literal.context(
      Self.timeline((0..<9).map { Self.row($0, .handedBack) }), clock: Literal.counter)
    #expect(Report(ticks).findingLines == [])
  }

  // MARK: Donors

  @Test func figuresOfDonors() {
    var timeline = Self.timeline([
      Self.row(10, .blocked), Self.row(20, .sliceOver), Self.row(30, .sliceOver, placed: 1),
      Self.row(40, .blocked, placed: nil, wait: 1), Self.row(50, .blocked, donor: Literal.middle, wait: 2),
    ])
    timeline.waits = [
      Literal.wait(from: 5, for: 30), Literal.wait(from: 38, for: 30),
      Literal.wait(.mutex, Literal.middle, from: 45, for: 9),
    ]
    timeline.waits = Rows(
      timeline.waits.enumerated().map { index, row in
        var row = row
        row.isPinned = index < 2
        return row
      })
    timeline.handoffs = [
      HandoffRow(
        kind: .donation, wait: 0, lock: Literal.lockA, from: Literal.waiter, to: Literal.owner, begin: Literal.at(11),
        end: Literal.at(19), wake: 0, queue: 3000, run: 4000, acquire: 1000, migrated: true, evidence: .event)
    ]
    timeline.migrations = [
      MigrationRow(kind: .proxy, task: Literal.waiter, from: 0, to: 1, time: Literal.at(14), evidence: .event),
      MigrationRow(kind: .steered, task: Literal.middle, from: 0, to: 1, time: Literal.at(51), evidence: .event),
      MigrationRow(kind: .return, task: Literal.waiter, from: 1, to: 0, time: Literal.at(34), evidence: .event),
    ]
    timeline.splits = [
      SplitRow(
        cpu: 1, begin: Literal.at(19), end: Literal.at(26), donor: Literal.waiter, curr: Literal.owner, depth: 1,
        evidence: .event)
    ]
    timeline.schedExt.see(at: Literal.at(10))
    let report = Report(Literal.context(timeline))
    #expect(
      report.block("Blocked donors in the scheduler's hands") == [
        "waiter:61 4 2.0 4.0 2/3 1 0 7000ns", "middle:62 1 1.0 - 1/1 0 1 0ns", "all 2 donors 5 1.7 5.0 3/4 1 1 7000ns",
        "2 waits without a donation; the owner, when the scheduler was asked last: runnable 2. Migration was disabled for the "
          + "waiter in 1: the kernel does not move it. From Linux 7.4 on a donor with another core-scheduling cookie than its "
          + "owner's is refused, which no event shows",
      ])
    #expect(
      report.block("Donation latency in parts")?.first
        == "donation, by the kernel 1 8000ns 8000ns 0ns 3000ns 4000ns 1000ns")
  }
}
