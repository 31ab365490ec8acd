import Foundation
import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

struct JSONTests {
  static let hostile: [[UInt8]] = [
    [0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80], Array("a\u{1b}[2J".utf8), Array("\"},{\"".utf8), Array("\\".utf8),
    Array("\u{202e}gpj".utf8), Array("=cmd()".utf8), Array("a\r\nb\tc".utf8), Array("\u{1f600}\u{7f}".utf8),
    [0x61, 0, 0x62],
    Array("\u{2028}</x>".utf8),
  ]

  private static func parse(_ sink: ByteSink) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(sink.bytes)) as? [String: Any])
  }

  @Test(arguments: hostile) func namesNeverBreakTheDocument(_ name: [UInt8]) throws {
    let task = TaskSnapshot(pid: 9, priority: Priority(120), comm: Comm(name))
    let events = [
      Sample.switched(0, cpu: 0, Sample.idle, .running, task), Sample.began(1, cpu: 0, task, Sample.mutex, .mutex),
      Sample.event(2, cpu: 0, task, .other),
    ]
    var context = Sample.context(events)
    context.capture.uname = String(decoding: name, as: UTF8.self)
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(context), to: sink)
    let document = try Self.parse(sink)
    let tables = try #require(document["tables"] as? [String: Any])
    let waits = try #require(tables["waits"] as? [String: Any])
    let rows = try #require(waits["rows"] as? [[String: Any]])
    #expect(rows.first?["waiter_comm"] as? String == Comm(name).text)
    // Nothing in it can drive a terminal.
    #expect(sink.bytes.allSatisfy { $0 >= 0x20 || $0 == 0x0a })
    #expect(!sink.text.unicodeScalars.contains { $0.properties.generalCategory == .format })
  }

  @Test func integersAreNumbersOf64Bits() throws {
    let table = Table(
      "sample", rows: [Cell.count(.max), .integer(.min), .empty, .secondsFromStart(1)],
      columns: [TableColumn("cell", .count, "anything") { $0 }])
    let sink = ByteSink()
    try JSONWriter(version: "0").write(
      Report.TableResult(table: table, missing: []), of: Sample.context(), to: sink)
    #expect(sink.text.contains("\"cell\": 18446744073709551615}"))
    #expect(sink.text.contains("\"cell\": -9223372036854775808}"))
    #expect(sink.text.contains("\"cell\": null}"))
    #expect(sink.text.contains("\"cell\": 0.000000001}"))
    _ = try Self.parse(sink)
  }

  @Test func whatIsNotAvailableIsNoEmptyTable() throws {
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(Sample.context([], roles: [.switched])), to: sink)
    let tables = try #require(Self.parse(sink)["tables"] as? [String: [String: Any]])
    #expect(tables["waits"]?["not_available"] as? String == "needs lock:contention_begin and lock:contention_end")
    #expect(tables["waits"]?["rows"] == nil && tables["waits"]?["columns"] != nil)
    #expect(tables["cpus"]?["rows"] != nil)
  }
}
