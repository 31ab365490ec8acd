import Foundation
import GRDB
import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore
import TraceTestKit

@testable import ProxyExport

/// Every value of every table of every kind of fixture, in both formats.
struct ExportTests {
  private let root = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString)")

  /// A cell as the two formats are to hold it.
  private static func expected(_ cell: Cell, _ kind: ProxyAnalysis.Column.Kind) -> ParquetFile.Value {
    switch cell {
    case .empty: .null
    case .integer(let value), .secondsFromStart(let value), .share(billionths: let value): .integer(value)
    case .count(let value): .integer(Int64(value))
    case .instant(let time): .integer(Int64(time.rawValue))
    case .address(let value): .text(Array(("0x" + String(value, radix: 16)).utf8))
    case .word(let word): kind == .flag ? .boolean(word == "yes") : .text(Array(word.utf8))
    case .text(let text): .text(Array(text.utf8))
    case .comm(let comm): .text(Array(comm.text.utf8))
    case .evidence(let evidence): .text(Array(evidence.name.utf8))
    }
  }

  private static func value(_ value: DatabaseValue, _ kind: ProxyAnalysis.Column.Kind) -> ParquetFile.Value {
    switch value.storage {
    case .null: .null
    case .int64(let number): kind == .flag ? .boolean(number == 1) : .integer(number)
    case .double(let number): .integer(Int64((number * 1e9).rounded()))
    case .string(let text): .text(Array(text.utf8))
    case .blob: .null
    }
  }

  @Test(arguments: TestEffort.some(FixtureCapture.analysed, quick: 5)) func everyValueIsThere(name: String) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let report = try FixtureCapture.report(name)
    let id = try CaptureID(path: FixtureCapture.path(name), instance: nil)
    let capture = ExportedCapture(report, id: id)
    try ParquetDirectory(root.appending(path: "parquet").path).write(capture)
    let database = root.appending(path: "all.db").path
    let sqlite = try SQLiteFile(database)
    try sqlite.add(capture)
    try sqlite.finish()
    let queue = try DatabaseQueue(path: database)
    for result in report.tables {
      let isCapture = result.name == "capture"
      let folder = isCapture ? "captures" : result.name
      let file = try ParquetFile(
        Array(Data(contentsOf: root.appending(path: "parquet/\(folder)/\(id.text).parquet"))))
      var rows: [[Cell]] = []
      if result.missing.isEmpty { result.table.forEachRow { rows.append($0) } }
      #expect(file.rowCount == Int64(rows.count), "\(result.name)")
      #expect((file.metadata["proxytrace.not_available"] == nil) == result.missing.isEmpty)
      #expect(try file.column("capture_id") == rows.map { _ in .text(Array(id.text.utf8)) })
      let order = isCapture ? "capture_id" : "id"
      let stored = try queue.read { try Row.fetchAll($0, sql: "SELECT * FROM \(folder) ORDER BY \(order)") }
      #expect(stored.count == rows.count)
      for (place, column) in result.table.columns.enumerated() where !isCapture || column.name != "id" {
        let values = rows.map { Self.expected($0[place], column.kind) }
        #expect(try file.column(column.name) == values, "\(result.name).\(column.name)")
        let found = stored.map { Self.value($0[column.name], column.kind) }
        #expect(found == values, "\(result.name).\(column.name) in SQLite")
        // Locks have their symbols beside them.
        guard column.kind == .address, column.name == "lock", result.name != "findings" else { continue }
        let symbols = rows.map { row -> ParquetFile.Value in
          guard case .address(let address) = row[place], let symbol = report.context.symbols[LockAddress(address)]
          else {
            return .null
          }
          return .text(Array(symbol.utf8))
        }
        #expect(try file.column("\(column.name)_symbol") == symbols)
      }
    }
  }

  @Test func notAvailableEmptyAndZeroAreThreeThings() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    // It has no marks, so no pairing; no owner was kept from its CPU, so no inversion; and one CPU's records lack nothing.
    let name = "proxy-on-plain/same-cpu.dat"
    let report = try FixtureCapture.report(name)
    let capture = ExportedCapture(report, id: try CaptureID(path: FixtureCapture.path(name), instance: nil))
    let database = root.path + ".db"
    defer { try? FileManager.default.removeItem(atPath: database) }
    let sqlite = try SQLiteFile(database)
    try sqlite.add(capture)
    try sqlite.finish()
    let queue = try DatabaseQueue(path: database)
    let rows = try queue.read {
      try Row.fetchAll($0, sql: "SELECT table_name, available, row_count, reason FROM availability")
    }
    func row(_ name: String) throws -> Row { try #require(rows.first { $0["table_name"] == name }) }
    #expect(try row("pairing")["available"] == false && row("pairing")["row_count"] == nil as Int?)
    #expect(
      try row("pairing")["reason"] == "needs (\(EventRole.running.eventName) or bpf_trace:bpf_trace_printk) and "
        + "(\(EventRole.stopping.eventName) or bpf_trace:bpf_trace_printk)")
    #expect(try row("inversions")["available"] == true && row("inversions")["row_count"] == 0)
    #expect(try row("inversions")["reason"] == nil as String?)
    let zeros = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM cpus WHERE lost_ns = 0") }
    #expect(zeros == 1)
  }

  @Test func theSameCaptureGivesTheSameFiles() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let name = "proxy-on-plain/crowd.dat"
    let directory = ParquetDirectory(root.path)
    func files() throws -> [String: Data] {
      let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".parquet") }
      return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: root.appending(path: $0))) })
    }
    for _ in 1...2 {
      let id = try CaptureID(path: FixtureCapture.path(name), instance: nil)
      try directory.write(ExportedCapture(FixtureCapture.report(name), id: id))
    }
    let first = try files()
    let copy = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).dat").path
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: FixtureCapture.path(name), toPath: copy)
    try directory.write(ExportedCapture(FixtureCapture.report(name), id: CaptureID(path: copy, instance: nil)))
    #expect(try files() == first)
    #expect(first.count == Report.tableNames.count + 1)
    #expect(Set(SQLViews.tableNames) == Set(first.keys.map { String($0.split(separator: "/")[0]) }))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: root.path).allSatisfy { !$0.contains(".part") })
  }

  @Test func whatCannotBeWrittenLeavesNothing() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let name = "proxy-on-plain/crowd.dat"
    let capture = ExportedCapture(
      try FixtureCapture.report(name), id: try CaptureID(path: FixtureCapture.path(name), instance: nil))
    // A file in the place of the last folder.
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try Data().write(to: root.appending(path: "captures"))
    #expect(throws: OutputError.self) { try ParquetDirectory(root.path).write(capture) }
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.contains(".parquet") }
    #expect(files.isEmpty, "\(files)")
    // A directory in the place of the file.
    #expect(throws: OutputError.self) {
      let file = try SQLiteFile(root.path)
      try file.add(capture)
      try file.finish()
    }
    let beside = try FileManager.default.contentsOfDirectory(atPath: root.deletingLastPathComponent().path)
    #expect(beside.allSatisfy { !$0.hasPrefix(".\(root.lastPathComponent)") })
  }

  @Test func anIDIsTheContents() throws {
    let folder = FileManager.default.temporaryDirectory
    let file = folder.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data("abc".utf8).write(to: URL(filePath: file))
    // FIPS 180-2, appendix B.1.
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    let id = try CaptureID(path: file, instance: nil)
    #expect(id.sha256 == sum && id.text == "ba7816bf8f01cfea")
    #expect(try CaptureID(path: file, instance: "") == id)
    let other = try CaptureID(path: file, instance: "sched")
    #expect(other.sha256 == sum && other.text != id.text && other.text.count == 16)
    #expect(throws: TraceError.self) { try CaptureID(path: "-", instance: nil) }
    #expect(throws: TraceError.self) { try CaptureID(path: file + ".none", instance: nil) }
    #expect(throws: TraceError.self) { try CaptureID(path: folder.path, instance: nil) }
  }

  @Test func labels() throws {
    #expect(ExportLabel("a") == nil && ExportLabel("=b") == nil && ExportLabel("a b=c") == nil)
    let labels = try ["z=1", "a=say \"x\"\\\n=y", "z=2", "e="].map { try #require(ExportLabel($0)) }
    #expect(ExportLabel.json(labels) == #"{"a":"say \"x\"\\\u000a=y","e":"","z":"2"}"#)
    #expect(ExportLabel.json([]) == "{}")
  }
}
