import Foundation
import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

@testable import ProxyModel

/// What the filters choose of the literal samples, table by table.
struct FilterTests {
  /// Ids of a table's chosen rows.
  private static func ids(_ table: String, _ context: ReportContext, _ filter: RowFilter) throws -> [Int64] {
    var context = context
    context.filter = filter
    var ids: [Int64] = []
    try #require(Report(context).table(table)).table.forEachRow { cells in
      if case .integer(let id) = cells[0] { ids.append(id) }
    }
    return ids
  }

  private static func text(_ context: ReportContext, _ filter: RowFilter) throws -> String {
    var context = context
    context.filter = filter
    let sink = ByteSink()
    try TextReport().write(Report(context), to: sink)
    return sink.text
  }

  private static func window(_ from: UInt64, _ to: UInt64) -> RowFilter {
    RowFilter(from: Sample.at(from), to: Sample.at(to))
  }

  private static func tasks(_ pids: String) -> RowFilter { RowFilter(pids: NumberList(pids)) }

  private static let inversion = Sample.context(Sample.inversion, proxies: true)

  /// Two moves of the donor, which the samples do not have: from CPU 0 to 1, and back.
  private static var moving: ReportContext {
    var context = Sample.context()
    let donor = TaskLabel(index: TaskIndex(rawValue: 1), pid: 61, comm: "donor", priority: Priority(100))
    context.timeline.migrations = [
      MigrationRow(kind: .proxy, task: donor, from: 0, to: 1, time: Sample.at(200), evidence: .unknown),
      MigrationRow(kind: .return, task: donor, from: 1, to: 2, time: Sample.at(900), evidence: .unknown),
    ]
    return context
  }

  @Test(arguments: [
    ("cpus", "1", [2]), ("gaps", "1", [1]), ("gaps", "0", []), ("tasks", "1", [1, 2, 3]), ("waits", "7", [1, 2, 3, 4]),
    ("migrations", "0", [1]), ("migrations", "1", [1, 2]), ("migrations", "2-3", [2]), ("chains", "7", [1, 2, 3]),
  ]) func cpus(_ table: String, _ list: String, _ ids: [Int64]) throws {
    #expect(try Self.ids(table, Self.moving, RowFilter(cpus: NumberList(list))) == ids)
  }

  @Test(arguments: [("splits", "0", [1, 2]), ("splits", "1", []), ("inversions", "0", [1]), ("inversions", "1-9", [])])
  func cpusOfAnInversion(_ table: String, _ list: String, _ ids: [Int64]) throws {
    #expect(try Self.ids(table, Self.inversion, RowFilter(cpus: NumberList(list))) == ids)
  }

  @Test(
    arguments: [
      ("waits", 0, 99, []), ("waits", 0, 100, [1]), ("waits", 931, 1200, [2, 3]), ("waits", 1900, 5000, [4]),
      ("chains", 901, 929, [2]), ("handoffs", 930, 940, [1]), ("handoffs", 931, 940, []), ("holds", 0, 100, [1]),
      ("holds", 901, 2000, []), ("gaps", 1200, 1300, [1]), ("gaps", 0, 1179, []), ("migrations", 900, 900, [2]),
      ("migrations", 201, 899, []), ("locks", 931, 1175, [2]), ("cpus", 0, 1, [1, 2]), ("tasks", 0, 1, [1, 2, 3]),
    ] as [(String, UInt64, UInt64, [Int64])])
  func times(_ table: String, _ from: UInt64, _ to: UInt64, _ ids: [Int64]) throws {
    // The lock's first row is of waits 1, 3 and 4: the third begins at 1180.
    #expect(try Self.ids(table, Self.moving, Self.window(from, to)) == ids)
  }

  @Test(
    arguments: [
      ("splits", 401, 4000, [2]), ("inversions", 401, 500, [1]), ("inversions", 0, 399, []),
      ("handoffs", 3901, 9000, [2]),
    ] as [(String, UInt64, UInt64, [Int64])])
  func timesOfAnInversion(_ table: String, _ from: UInt64, _ to: UInt64, _ ids: [Int64]) throws {
    #expect(try Self.ids(table, Self.inversion, Self.window(from, to)) == ids)
  }

  @Test func oneEdgeIsEnough() throws {
    #expect(try Self.ids("waits", Sample.context(), RowFilter(from: Sample.at(1171))) == [3, 4])
    #expect(try Self.ids("waits", Sample.context(), RowFilter(to: Sample.at(149))) == [1])
  }

  @Test(arguments: [
    ("waits", "60", [1]), ("waits", "62", [2, 3]), ("waits", "61", [1, 3, 4]), ("chains", "60", [1]),
    ("chains", "61-62", [1, 2, 3]), ("handoffs", "60", [1]), ("handoffs", "62", []), ("holds", "60", [1]),
    ("holds", "61", []), ("migrations", "61", [1, 2]), ("migrations", "60,62", []), ("tasks", "60,62", [1, 3]),
    ("locks", "62", [1, 2]), ("locks", "60", [1]), ("cpus", "60", [1, 2]), ("gaps", "60", [1]),
  ]) func pids(_ table: String, _ list: String, _ ids: [Int64]) throws {
    #expect(try Self.ids(table, Self.moving, Self.tasks(list)) == ids)
  }

  @Test(arguments: [
    ("splits", "61", [1, 2]), ("splits", "60", [1, 2]), ("splits", "63", []), ("inversions", "63", [1]),
    ("inversions", "60", [1]), ("inversions", "61", [1]), ("inversions", "64", []),
  ]) func pidsOfAnInversion(_ table: String, _ list: String, _ ids: [Int64]) throws {
    #expect(try Self.ids(table, Self.inversion, Self.tasks(list)) == ids)
  }

  @Test(arguments: [
    ("own*", [1]), ("d?nor", [2]), ("[do]*", [1, 2]), ("[!do]*", [3]), ("*", [1, 2, 3]), ("Donor", []), ("=cmd*", [3]),
    ("donor?", []), ("dono", []), ("\\donor", [2]), ("*\u{1b}??", [3]),
  ]) func names(_ pattern: String, _ ids: [Int64]) throws {
    #expect(try Self.ids("tasks", Sample.context(), RowFilter(comm: CommPattern(pattern))) == ids)
  }

  @Test func pidAndNameAreOfTheSameTask() throws {
    let filter = RowFilter(pids: NumberList("60"), comm: CommPattern("donor"))
    #expect(try Self.ids("waits", Sample.context(), filter) == [])
  }

  @Test func findingsAndBlocksAreOfTheChosenRows() throws {
    var context = Self.inversion
    context.filter = Self.window(3950, 9000)
    let report = Report(context)
    #expect(report.findings.map { "\($0.table) \($0.row)" } == ["handoffs 2"])
    #expect(report.blocks.first { $0.title == "Top owners" } == nil)
    let text = try Self.text(Sample.context(), Self.window(1000, 1100))
    #expect(text.contains("besides 1 wait for other locks"))
    #expect(!text.contains("owner   60"))
  }

  @Test func sumsOfLocksAreOfTheChosenRows() throws {
    var context = Sample.context()
    context.filter = Self.window(1900, 2000)
    let locks = try #require(Report(context).table("locks")).table
    locks.forEachRow { cells in
      #expect(
        Array(cells.prefix(6)) == [
          .integer(1), .address(Sample.mutex.rawValue), .word("mutex"), .count(1), .integer(400_000), .integer(400_000),
        ])
    }
    #expect(locks.rowCount == 1)
  }

  @Test func theHeadSaysWhatWasChosen() throws {
    let filter = RowFilter(
      cpus: NumberList("0,2-3"), from: Sample.at(931), to: Sample.at(1200), pids: NumberList("62"),
      comm: CommPattern("\u{1b}*"))
    let text = try Self.text(Sample.context(), filter)
    #expect(text.contains("chosen: CPU 0,2-3; from 15.000931; to 15.001200; pid 62; name \\x1b*\n"))
    #expect(text.contains("rows: cpus 1 of 2, waits none of 4, chains none of 3, handoffs none of 1,"))
    #expect(text.contains("durations of rows that cross the window's edge are whole\n"))
    #expect(text.contains("sums per CPU and per task (cpus, tasks) are those of the whole trace\n"))
    #expect(text.contains("Top waiters\n  no wait is chosen\n"))
    for line in text.split(separator: "\n") { #expect(line.count <= 100) }
    #expect(try !Self.text(Sample.context(), RowFilter()).contains("chosen"))
  }

  @Test func cpusAreSummedAsChosen() throws {
    let context = Sample.context()
    #expect(try Self.text(context, Self.window(0, 1)).contains("  all    2.175   54.4"))
    #expect(try !Self.text(context, RowFilter(cpus: NumberList("0"))).contains("  all "))
    #expect(try !Self.text(context, RowFilter(cpus: NumberList("5"))).contains("\nCPUs\n"))
  }

  @Test func aTableWithNothingChosenSaysSo() throws {
    var context = Sample.context()
    context.filter = Self.tasks("99")
    let (sink, report) = (ByteSink(), Report(context))
    try TextReport().write(#require(report.table("waits")), of: report.context, to: sink)
    #expect(sink.text == "waits: the filters choose none of 4 rows\n")
    // A table that never had rows is another matter.
    #expect(report.table("splits")?.isEmptiedByFilter == false)
    #expect(report.table("gaps")?.isEmptiedByFilter == false)
  }

  @Test func jsonSaysWhatWasChosen() throws {
    var context = Sample.context()
    context.filter = RowFilter(from: Sample.at(1700), pids: NumberList("60"))
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(context), to: sink)
    let document = try #require(JSONSerialization.jsonObject(with: Data(sink.bytes)) as? [String: Any])
    let filter = try #require(document["filter"] as? [String: Any])
    #expect(filter["pids"] as? String == "60")
    #expect(filter["from"] as? UInt64 == 15_001_700_000)
    #expect(filter["to"] is NSNull && filter["cpus"] is NSNull && filter["comm"] is NSNull)
    #expect((filter["notes"] as? [String])?.first == "durations of rows that cross the window's edge are whole")
    let tables = try #require(document["tables"] as? [String: [String: Any]])
    #expect(tables["waits"]?["unfiltered_rows"] as? Int == 4)
    #expect((tables["waits"]?["rows"] as? [Any])?.isEmpty == true)
  }
}
