import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct HiddenAddressTests {
  private static let hidden = Literal.context(Literal.everyTable, symbols: [Literal.lockA: "lock_a"]).hidingAddresses()

  /// No cell of any table has an address of the capture, and everything else is the same.
  @Test(arguments: Report.tableNames) func noTableHasAnAddress(_ name: String) throws {
    let raw = try Report(Literal.context(Literal.everyTable, symbols: [Literal.lockA: "lock_a"])).lines(name)
    let hidden = try Report(Self.hidden).lines(name)
    for line in hidden { #expect(!line.contains("0xa0") && !line.contains("0xb0")) }
    let undone = hidden.map { $0.replacing("0x1", with: "0xa0").replacing("0x2", with: "0xb0") }
    #expect(undone == raw)
  }

  /// Findings of all kinds are made of the rows that have hidden addresses.
  @Test func noFindingHasAnAddress() {
    func context() -> ReportContext {
      var timeline = Literal.everyTable
      timeline.stalls = Rows(
        [WaitClass.delayed, .handoff, .waking].map { kind in
          StallRow(
            wait: 0, waiter: timeline.waits[0].waiter, begin: Literal.at(10), end: Literal.at(5000), kind: kind, cpu: 1,
            owner: Literal.owner, ownedLock: kind == .delayed ? Literal.lockA : Literal.lockB, donor: .unknown,
            evidence: .event)
        })
      return Literal.context(timeline)
    }
    let raw = Report(context()).findings
    let hidden = Report(context().hidingAddresses()).findings
    #expect(Set(raw.map(\.kind)).isSuperset(of: [.inversion, .idleOwner, .lateWakeup, .otherLock]))
    for finding in raw { #expect(finding.lock.map { $0 == Literal.lockA || $0 == Literal.lockB } ?? true) }
    for finding in hidden {
      #expect(finding.lock.map { $0 == LockAddress(1) || $0 == LockAddress(2) } ?? true)
      #expect(!finding.text.shown.contains("0xa0") && !finding.text.shown.contains("0xb0"))
    }
    #expect(hidden.map(\.kind) == raw.map(\.kind) && hidden.map(\.cost) == raw.map(\.cost))
  }

  @Test func symbolsStay() {
    #expect(Self.hidden.symbols == [LockAddress(1): "lock_a"])
  }

  @Test func rowsOfALockStillBelongTogether() throws {
    let report = Report(Self.hidden)
    #expect(try report.lines("waits", "lock") == ["0x1", "0x2"])
    #expect(try report.lines("holds", "lock") == ["0x1"])
    #expect(try report.lines("chains", "locks") == ["0x1", "0x1>0x2"])
  }
}
