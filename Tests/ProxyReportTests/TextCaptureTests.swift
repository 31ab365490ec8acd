import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Analyses of ftrace text: of real captures as `trace-cmd report` prints them, of the kernel's own text, and of pieces.
struct TextCaptureTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  /// All captures of the fixtures, but for what docs/text.md says of text: it does not tell instances apart, and trace-cmd prints
  /// the clock `boot` as plain numbers.
  static let captures: [String] = {
    let names = FileManager.default.enumerator(atPath: fixtures.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dat") }.sorted()
  }()
  private static let others: Set = ["formats/two-instances.dat", "formats/clock-boot.dat"]
  static let comparable = captures.filter { !others.contains($0) && TestEffort.analyses($0) }

  // MARK: Whole captures

  @Test(arguments: comparable)
  func theTablesAreThoseOfTheRecords(name: String) throws {
    let path = Self.fixtures.appending(path: name).path
    let text = try Self.print(path, ["-t"])
    defer { try? FileManager.default.removeItem(atPath: text) }
    let (expected, found) = (Report(try Self.context(path)), Report(try Self.context(text)))
    #expect(expected.tables.map(\.name) == found.tables.map(\.name))
    #expect(expected.context.timeline.waits.count > 0)
    for (a, b) in zip(expected.tables, found.tables) {
      if a.name == "capture" { continue }
      let (x, y) = (try Self.rows(a), try Self.rows(b))
      #expect(x == y, "table \(a.name)")
    }
    // What the text says of the capture as a whole; kernel and clock it does not.
    let facts = [expected, found].map { report -> [String: Cell] in
      var facts: [String: Cell] = [:]
      guard let table = report.table("capture")?.table else { return facts }
      table.forEachRow { row in
        for (column, cell) in zip(table.columns, row) { facts[column.name] = cell }
      }
      for name in ["path", "format", "kernel", "clock"] { facts[name] = nil }
      return facts
    }
    #expect(facts[0] == facts[1] && facts[0].count == 16)
  }

  // MARK: The kernel's own text

  /// The five long waits that the workload itself has measured, to the microsecond.
  @Test func theKernelsTextHasItsLongWaits() throws {
    let context = try Self.context(Self.fixtures.appending(path: "text/kernel-text.trace.txt").path)
    #expect(context.capture.format.textResolution == 1000)
    let truth = try String(
      contentsOf: Self.fixtures.appending(path: "text/kernel-text.truth.csv"), encoding: .utf8
    ).split(separator: "\n").filter { $0.hasPrefix("W,vip,") }.map { $0.split(separator: ",") }
    let waits = context.timeline.waits.filter { $0.waiter.comm == "vip" }
    #expect(waits.count == 5 && truth.count == 5)
    for (wait, row) in zip(waits, truth) {
      let (from, to) = (try #require(UInt64(row[5])), try #require(UInt64(row[6])))
      let end = try #require(wait.end)
      #expect(wait.begin.rawValue > from && end.rawValue < to + 1000, "\(wait)")
      #expect(wait.length > 60_000_000 && wait.begin.rawValue % 1000 == 0 && wait.length % 1000 == 0)
      #expect(wait.owner?.comm == "lowly" && wait.result == .acquired)
    }
  }

  // MARK: What text does not tell

  /// Without flags nobody is said to wake whom, nor is an interrupt.
  @Test(arguments: [(["-t"], false), (["-t", "-l"], true)])
  func wakersAreNamedWhereFlagsTell(arguments: [String], tells: Bool) throws {
    let text = try Self.print(Self.fixtures.appending(path: "linux-6.12/crowd.dat").path, arguments)
    defer { try? FileManager.default.removeItem(atPath: text) }
    let teller = StoryTeller(try Self.context(text), try CaptureSession(path: text).record().events)
    let stories = try teller.context.timeline.waits.indices.prefix(30).map { try teller.text($0, showsAll: true) }
      .joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(stories.contains("or an interrupt on top of it, wakes") == !tells)
    #expect(stories.contains(" wakes ") && (tells || !stories.contains("an interrupt wakes")))
  }

  @Test func jsonHasNothingOfTheMachine() throws {
    let context = try Self.context(Self.fixtures.appending(path: "text/kernel-text.trace.txt").path)
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(context), to: sink)
    for member in ["\"byte_order\": null", "\"version\": null", "\"long_size\": null", "\"text_resolution_ns\": 1000"] {
      #expect(sink.text.contains(member), "\(member)")
    }
  }

  // MARK: Pieces

  /// 1,000 lines out of the middle: waits inside are those of the whole, waits that go on are open to the last line.
  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "proxy-off-plain/crowd.dat", "proxy-on-probed/crowd.dat"])
  func piecesOfAText(name: String) throws {
    let text = try Self.print(Self.fixtures.appending(path: name).path, ["-t"])
    defer { try? FileManager.default.removeItem(atPath: text) }
    let whole = try Self.context(text).timeline
    let lines = try Data(contentsOf: URL(filePath: text)).split(separator: 0x0a).dropFirst()
    var (inside, open) = (0, 0)
    for start in stride(from: 300, to: lines.count - 1000, by: 700) {
      let path = try Self.scratch(Data(lines.dropFirst(start).prefix(1000).joined(separator: [0x0a])))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let piece = try Self.context(path).timeline
      let found = Set(piece.waits.map { Wait($0) })
      for wait in whole.waits where wait.begin > piece.begin && wait.begin < piece.end {
        if let end = wait.end, end < piece.end {
          inside += 1
          #expect(found.contains(Wait(wait)), "from line \(start): \(wait)")
        } else if wait.end.map({ $0 > piece.end }) ?? true {
          open += 1
          let same = piece.waits.first { $0.begin == wait.begin && $0.waiter.pid == wait.waiter.pid }
          #expect(same?.result == .open && same?.end == nil, "from line \(start): \(wait)")
          #expect(same.map { wait.begin + $0.length == piece.end } == true, "from line \(start): \(wait)")
        }
      }
    }
    #expect(inside > 10 && open > 0)
  }

  // MARK: Tools

  /// What a wait is, without who owned the lock.
  private struct Wait: Hashable {
    var waiter: Pid
    var lock: LockAddress
    var begin: Timestamp
    var end: Timestamp?
    var length: Int64

    init(_ row: WaitRow) {
      (waiter, lock, begin, end, length) = (row.waiter.pid, row.lock, row.begin, row.end, row.length)
    }
  }

  private static func context(_ path: String) throws -> ReportContext {
    try CaptureSession(path: path).load().context()
  }

  /// A table's cells, but for the symbols of locks: a text does not have them.
  private static func rows(_ table: Report.TableResult) throws -> [[Cell]] {
    var rows: [[Cell]] = []
    table.table.forEachRow { row in
      rows.append(zip(table.table.columns, row).filter { !$0.0.name.contains("symbol") }.map(\.1))
    }
    return rows
  }

  private static func scratch(_ content: Data) throws -> String {
    let path = NSTemporaryDirectory() + "text-\(UUID().uuidString)"
    try content.write(to: URL(filePath: path))
    return path
  }

  /// What trace-cmd prints of a capture, as a file.
  private static func print(_ path: String, _ arguments: [String]) throws -> String {
    let output = try scratch(Data())
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/trace-cmd")
    process.arguments = ["report"] + arguments + ["-i", path]
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return output
  }
}
