import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// Which rows each property of a filter chooses. What it means for one kind of row is tested with its analysis.
struct RowFilterTests {
  private static func hold(_ owner: TaskLabel, _ begin: Int64, _ end: Int64) -> HoldRow {
    HoldRow(
      lock: Literal.lockA, owner: owner, begin: Literal.at(begin), end: Literal.at(end), waiters: 1, evidence: .event)
  }

  private static func ids(_ holds: [HoldRow], _ filter: RowFilter) throws -> [Int] {
    try Report(Literal.context(Literal.timeline { $0.holds = Rows(holds) }, filter: filter)).ids("holds")
  }

  // MARK: Every kind of row

  @Test(arguments: [
    ("cpus", "1", [2]), ("gaps", "1", [1]), ("gaps", "0", []), ("splits", "0", [1]), ("splits", "1", []),
    ("inversions", "1", [1]), ("inversions", "0", []), ("pairing", "0", [1]), ("pairing", "1", [1]),
    ("pairing", "2", []), ("migrations", "0", [1]), ("migrations", "1", [1]), ("migrations", "2-3", []),
    ("enqueues", "0", [1]), ("enqueues", "1", [1]), ("enqueues", "2", []),
    // These have no CPU.
    ("waits", "9", [1, 2]), ("chains", "9", [1, 2]), ("handoffs", "9", [1, 2]), ("holds", "9", [1]),
    ("locks", "9", [1, 2]), ("tasks", "9", [1, 2, 3, 4]),
  ])
  func cpus(_ table: String, _ list: String, _ ids: [Int]) throws {
    let context = Literal.context(Literal.everyTable, filter: RowFilter(cpus: NumberList(list)))
    #expect(try Report(context).ids(table) == ids)
  }

  @Test(
    arguments: [
      ("waits", 0, 9, []), ("waits", 0, 10, [1]), ("waits", 81, 90, [1]), ("waits", 110, 200, [1]),
      ("waits", 111, 200, []), ("chains", 0, 59, [1]), ("chains", 60, 60, [1, 2]), ("chains", 61, 200, [2]),
      ("splits", 40, 41, [1]), ("splits", 41, 99, []), ("inversions", 0, 40, [1]), ("inversions", 61, 90, []),
      ("handoffs", 0, 50, [1]), ("handoffs", 21, 99, []), ("handoffs", 100, 100, [2]), ("holds", 100, 120, [1]),
      ("holds", 101, 120, []), ("migrations", 12, 12, [1]), ("migrations", 13, 99, []), ("pairing", 31, 34, [1]),
      ("enqueues", 14, 14, [1]), ("enqueues", 15, 99, []),
      ("pairing", 36, 99, []), ("gaps", 75, 75, [1]), ("gaps", 76, 99, []), ("locks", 85, 120, [1]),
      // These have no time.
      ("cpus", 900, 999, [1, 2]), ("tasks", 900, 999, [1, 2, 3, 4]),
    ] as [(String, Int64, Int64, [Int])])
  func times(_ table: String, _ from: Int64, _ to: Int64, _ ids: [Int]) throws {
    let filter = RowFilter(from: Literal.at(from), to: Literal.at(to))
    #expect(try Report(Literal.context(Literal.everyTable, filter: filter)).ids(table) == ids)
  }

  @Test(arguments: [
    ("waits", "60", [1]), ("waits", "62", [2]), ("waits", "63", []), ("chains", "63", [2]), ("chains", "60", [1, 2]),
    ("splits", "60", [1]), ("splits", "61", [1]), ("splits", "62", []), ("inversions", "62", [1]),
    ("inversions", "63", []), ("handoffs", "60", [1, 2]), ("handoffs", "62", []), ("holds", "60", [1]),
    ("holds", "61", []), ("migrations", "61", [1]), ("migrations", "60", []), ("pairing", "62", [1]),
    ("enqueues", "60", [1]), ("enqueues", "61", [1]), ("enqueues", "62", []),
    ("pairing", "60", []), ("tasks", "60,62", [1, 3]), ("locks", "62", [2]), ("locks", "60", [1]),
    // These have no task.
    ("cpus", "99", [1, 2]), ("gaps", "99", [1]),
  ])
  func pids(_ table: String, _ list: String, _ ids: [Int]) throws {
    let context = Literal.context(Literal.everyTable, filter: RowFilter(pids: NumberList(list)))
    #expect(try Report(context).ids(table) == ids)
  }

  // MARK: Edges and names

  /// Both edges belong to a window, and a row that overlaps it is whole.
  @Test(
    arguments: [
      (0, 9, []), (0, 10, [1]), (10, 10, [1]), (20, 20, [1, 2]), (21, 29, []), (15, 30, [1, 2, 3]), (31, 99, []),
    ] as [(Int64, Int64, [Int])])
  func windows(_ from: Int64, _ to: Int64, _ ids: [Int]) throws {
    let holds = [Self.hold(Literal.owner, 10, 20), Self.hold(Literal.owner, 20, 20), Self.hold(Literal.owner, 30, 30)]
    #expect(try Self.ids(holds, RowFilter(from: Literal.at(from), to: Literal.at(to))) == ids)
  }

  @Test func oneEdgeIsEnough() throws {
    let holds = [Self.hold(Literal.owner, 10, 20), Self.hold(Literal.owner, 30, 40)]
    #expect(try Self.ids(holds, RowFilter(from: Literal.at(21))) == [2])
    #expect(try Self.ids(holds, RowFilter(to: Literal.at(29))) == [1])
    #expect(RowFilter(to: Literal.at(29)).hasWindow && RowFilter(from: Literal.at(1)).hasWindow)
    #expect(!RowFilter(pids: NumberList("1")).hasWindow)
  }

  /// A damaged file can have a row end before it begins; it is then found at its beginning.
  @Test func aRowThatEndsBeforeItBegins() throws {
    let holds = [Self.hold(Literal.owner, 50, 10)]
    #expect(try Self.ids(holds, RowFilter(from: Literal.at(50), to: Literal.at(50))) == [1])
    #expect(try Self.ids(holds, RowFilter(from: Literal.at(10), to: Literal.at(10))) == [])
  }

  @Test(arguments: [
    ("own*", [1]), ("?iddle", [2]), ("[om]*", [1, 2, 3]), ("[!o]*", [2]), ("*", [1, 2, 3]), ("Owner", []),
    ("owner?", []), ("owne", []), ("\\owner", [1]),
  ])
  func names(_ pattern: String, _ ids: [Int]) throws {
    let holds = [Self.hold(Literal.owner, 0, 1), Self.hold(Literal.middle, 1, 2), Self.hold(Literal.other, 2, 3)]
    #expect(try Self.ids(holds, RowFilter(comm: CommPattern(pattern))) == ids)
  }

  /// Names need not be UTF-8: `?` is one byte.
  @Test func namesAreBytes() throws {
    let trap = Literal.task(1, pid: 62, Comm([0x61, 0xff, 0x0a]), 120)
    for (pattern, ids) in [("a??", [1]), ("a?", []), ("a*", [1])] {
      #expect(try Self.ids([Self.hold(trap, 0, 1)], RowFilter(comm: CommPattern(pattern))) == ids)
    }
  }

  @Test func pidAndNameAreOfTheSameTask() throws {
    let split = SplitRow(
      cpu: 0, begin: Literal.at(0), end: Literal.at(1), donor: Literal.waiter, curr: Literal.owner, depth: 1,
      evidence: .event)
    let timeline = Literal.timeline { $0.splits = [split] }
    for (pids, name, ids) in [("61", "waiter", [1]), ("60", "owner", [1]), ("60", "waiter", []), ("61", "owner", [])] {
      let filter = RowFilter(pids: NumberList(pids), comm: CommPattern(name))
      #expect(try Report(Literal.context(timeline, filter: filter)).ids("splits") == ids)
    }
  }

  @Test func anEmptyFilterChoosesEverything() throws {
    #expect(RowFilter().isEmpty)
    for filter in [
      RowFilter(cpus: NumberList("0")), RowFilter(from: Literal.at(0)), RowFilter(to: Literal.at(0)),
      RowFilter(pids: NumberList("0")), RowFilter(comm: CommPattern("*")),
    ] {
      #expect(!filter.isEmpty)
    }
    #expect(try Self.ids([Self.hold(Literal.owner, 0, 1)], RowFilter()) == [1])
  }

  /// A filter that chooses nothing is told from a table without rows.
  @Test func anEmptiedTableKnowsIt() throws {
    let timeline = Literal.timeline { $0.holds = [Self.hold(Literal.owner, 0, 1)] }
    let report = Report(Literal.context(timeline, filter: RowFilter(pids: NumberList("99"))))
    let holds = try #require(report.table("holds"))
    #expect(holds.isEmptiedByFilter && holds.table.rowCount == 0 && holds.table.unfilteredCount == 1)
    #expect(report.table("splits")?.isEmptiedByFilter == false)
  }
}
