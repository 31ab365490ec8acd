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
