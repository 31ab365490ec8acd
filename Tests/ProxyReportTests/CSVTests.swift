import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

struct CSVTests {
  /// A table of one text column and one number.
  private static func table(_ cells: [Cell]) -> Table {
    Table(
      "sample", rows: cells,
      columns: [
        TableColumn("cell", .text, "anything") { $0 }, TableColumn("number", .number, "-1") { _ in .integer(-1) },
      ])
  }

  private static func lines(_ cells: [Cell], _ writer: CSVWriter = CSVWriter()) throws -> String {
    let sink = ByteSink()
    try writer.write(Report.TableResult(table: table(cells), missing: []), to: sink)
    return sink.text
  }

  @Test func quotesWhatRFC4180Wants() throws {
    let text = try Self.lines([.text("plain"), .text("a,b"), .text("say \"x\""), .text("two\nlines"), .empty])
    #expect(text == "id,cell,number\n1,plain,-1\n2,\"a,b\",-1\n3,\"say \"\"x\"\"\",-1\n4,\"two\nlines\",-1\n5,,-1\n")
  }

  @Test(arguments: [
    "=cmd()", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\u{ff1d}x", "\u{ff0b}1", "\u{ff0d}1", "\u{ff20}x",
  ])
  func guardsFormulas(_ text: String) throws {
    let guarded = try Self.lines([.text(text)])
    #expect(guarded.contains("'" + text))
    let comm = try Self.lines([.comm(Comm(text))])
    #expect(comm.contains("'" + text))
    let raw = try Self.lines([.text(text)], CSVWriter(isRaw: true))
    #expect(!raw.contains("'"))
    #expect(raw.contains(text))
  }

  @Test func figuresAreNeverGuarded() throws {
    let text = try Self.lines([
      .integer(-20), .secondsFromStart(-1_500_000_001), .count(.max), .instant(Timestamp(.max)), .address(.max),
    ])
    #expect(
      text == """
        id,cell,number
        1,-20,-1
        2,-1.500000001,-1
        3,18446744073709551615,-1
        4,18446744073709551615,-1
        5,0xffffffffffffffff,-1

        """)
  }

  /// A header keeps a glob over many captures readable; the table `capture` has the reason.
  @Test func aTableThatIsNotAvailableIsItsHeader() throws {
    let sink = ByteSink()
    let need = EventNeed.event(.contentionBegan)
    try CSVWriter().write(Report.TableResult(table: Self.table([.integer(1)]), missing: [need]), to: sink)
    #expect(sink.text == Self.table([]).columns.map(\.name).joined(separator: ",") + "\n")
  }

  @Test func onATerminalControlsAreEscaped() throws {
    let text = try Self.lines([.comm("a\u{1b}[2J")], CSVWriter(escapesControls: true))
    #expect(text.contains("1,a\\x1b[2J,-1"))
  }
}
