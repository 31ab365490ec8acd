import Glibc
import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

/// Rows that tables write as bytes themselves are what their cells say, whatever the format, the length and the number of threads.
struct RowTextTests {
  private static func csv(_ table: Table, jobs: Int = 1) throws -> [UInt8] {
    let sink = ByteSink()
    try CSVWriter(jobs: jobs).write(Report.TableResult(table: table, missing: []), to: sink)
    return sink.bytes
  }

  private static func json(_ table: Table, jobs: Int = 1) throws -> [UInt8] {
    let sink = ByteSink()
    try JSONWriter(version: "0", jobs: jobs).write(
      Report.TableResult(table: table, missing: []), of: Sample.context(), to: sink)
    return sink.bytes
  }

  /// The same table, with a function for each cell.
  private static func cellwise(_ table: Table) -> Table {
    var rows: [[Cell]] = []
    table.forEachRow { rows.append(Array($0.dropFirst())) }
    let columns = table.columns.dropFirst().enumerated().map { place, column in
      TableColumn<[Cell]>(column.name, column.kind, column.doc) { $0[place] }
    }
    return Table(table.name, rows: rows, columns: columns)
  }

  @Test(arguments: [false, true]) func declaredColumnsWriteWhatTheirCellsSay(_ hasSymbols: Bool) throws {
    let symbols = hasSymbols ? [Sample.mutex: "big\u{1b}_\"mutex\"", Sample.semaphore: "=sem,"] : [:]
    for context in [
      Sample.context(symbols: symbols), Sample.context(Sample.inversion, symbols: symbols, proxies: true),
      Sample.context(clock: Sample.counter, symbols: symbols),
    ] {
      for result in Report(context).tables {
        let other = Self.cellwise(result.table)
        #expect(try Self.csv(result.table) == Self.csv(other), "\(result.name)")
        #expect(try Self.json(result.table) == Self.json(other), "\(result.name)")
        // What a page keeps of one row must do for the next.
        var column: [[Cell]] = result.table.columns.map { _ in [] }
        result.table.forEachRow { cells in for place in cells.indices { column[place].append(cells[place]) } }
        for place in column.indices { #expect(result.table.cells(ofColumn: place) == column[place]) }
      }
    }
  }

  /// Rows of all lengths: short ones by the thousand, and single ones that take more than a page.
  private static let long: Table = {
    var random = SeededGenerator(seed: 16)
    let rows = (0..<9000).map { row -> Cell in
      switch row % 1500 {
      case 7: .text(String(repeating: "long, ", count: 60_000))
      case 8: .word(String(repeating: "word", count: 80_000))
      default: .count(random.next() >> UInt64.random(in: 0..<64, using: &random))
      }
    }
    let name = String(repeating: "a_name_that_is_long_", count: 20)
    return Table(
      "long", rows: rows,
      columns: [
        TableColumn(name, .text, "anything") { $0 }, TableColumn("last", .number, "-1") { _ in .integer(-1) },
      ])
  }()

  @Test(arguments: [1, 2, 3, 16]) func threadsAndPagesChangeNothing(_ jobs: Int) throws {
    var expected: [String] = []
    Self.long.forEachRow { cells in
      let shown: String =
        switch cells[1] {
        case .text(let text): "\"\(text)\""
        case .word(let word): word
        case .count(let count): String(count)
        default: "?"
        }
      guard case .integer(let id) = cells[0] else { return }
      expected.append("\(id),\(shown),-1")
    }
    let header = Self.long.columns.map(\.name).joined(separator: ",")
    let text = try String(decoding: Self.csv(Self.long, jobs: jobs), as: UTF8.self)
    #expect(text == ([header] + expected).joined(separator: "\n") + "\n")
    #expect(try Self.json(Self.long, jobs: jobs) == Self.json(Self.long))
  }

  /// A failure ends all threads, and is told.
  @Test func aFullDeviceIsTold() throws {
    let full = try #require(fopen("/dev/full", "w"))
    defer { fclose(full) }
    let sink = ByteSink(descriptor: fileno(full), place: "/dev/full")
    #expect(throws: OutputError.self) {
      try CSVWriter(jobs: 4).write(Report.TableResult(table: Self.long, missing: []), to: sink)
    }
  }
}
