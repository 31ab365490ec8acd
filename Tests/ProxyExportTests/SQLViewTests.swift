import Foundation
import GRDB
import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

@testable import ProxyExport

/// The views' answers against the rows that they are about.
struct SQLViewTests {
  private static func database(_ names: [String], _ body: (Database, [Report]) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).db").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try SQLiteFile(path)
    var reports: [Report] = []
    for name in names {
      reports.append(try FixtureCapture.report(name))
      let id = try CaptureID(path: FixtureCapture.path(name), instance: nil)
      try file.add(ExportedCapture(reports[reports.count - 1], id: id))
    }
    try file.finish()
    try DatabaseQueue(path: path).read { try body($0, reports) }
  }

  private static let names = [
    "proxy-on-plain/same-cpu.dat", "proxy-on-plain/crowd.dat", "proxy-off-plain/same-cpu.dat",
    "linux-6.12/same-cpu.dat",
    "linux-6.12/crowd.dat",
  ]

  @Test func percentilesAreTheReports() throws {
    try Self.database(Self.names) { database, reports in
      var lengths: [[String]: [Int64]] = [:]
      for report in reports {
        for wait in report.context.timeline.waits
        where wait.kind == .mutex && wait.end != nil && !wait.isCutAtBegin && !wait.touchesGap {
          let kernel = report.context.capture.kernelRelease ?? ""
          let lock = report.context.symbols[wait.lock] ?? "a lock without a symbol"
          lengths[[kernel, lock], default: []].append(wait.length)
        }
      }
      let rows = try Row.fetchAll(database, sql: "SELECT * FROM v_waits_by_lock_and_kernel")
      #expect(rows.count == lengths.count && rows.count > 1)
      for row in rows {
        let waits = Distribution(try #require(lengths[[row["kernel"], row["lock_name"]]]))
        #expect(row["waits"] == waits.count && row["total_ns"] == waits.total && row["max_ns"] == waits.max)
        #expect(row["p50_ns"] == waits.percentile(50) && row["p90_ns"] == waits.percentile(90))
        #expect(row["p99_ns"] == waits.percentile(99))
      }
      let regressions = try Row.fetchAll(
        database, sql: "SELECT * FROM v_regressions WHERE base_kernel LIKE '6.12%' AND new_kernel LIKE '7.3%'")
      #expect(!regressions.isEmpty)
      for row in regressions {
        let base = Distribution(try #require(lengths[[row["base_kernel"], row["lock_name"]]]))
        let new = Distribution(try #require(lengths[[row["new_kernel"], row["lock_name"]]]))
        #expect(row["p99_ratio"] == Double(new.percentile(99)) / Double(base.percentile(99)))
      }
    }
  }

  @Test func theWorstWaitAndWhereTimeWent() throws {
    try Self.database(Self.names) { database, reports in
      let waits = reports.flatMap { Array($0.context.timeline.waits) }
      let worst = try #require(try Row.fetchOne(database, sql: "SELECT * FROM v_worst_waits WHERE place = 1"))
      #expect(worst["wait_ns"] == waits.map(\.length).max())
      let classes = try Row.fetchAll(database, sql: "SELECT * FROM v_wait_classes")
      #expect(classes.count == reports.count)
      for report in reports {
        let row = try #require(classes.first { $0["path"] == report.context.capture.path })
        let mutexes = report.context.timeline.waits.filter { $0.kind == .mutex }
        #expect(row["waits"] == mutexes.count)
        for kind in WaitClass.allCases {
          #expect(row["\(kind.name)_ns"] == mutexes.reduce(0) { $0 + $1.times[kind] }, "\(kind)")
        }
      }
    }
  }

  @Test func donatedTimeIsThatOfTheTasks() throws {
    try Self.database(Self.names) { database, reports in
      var donated: [[String]: Int64] = [:]
      for report in reports {
        for task in report.context.timeline.tasks where task.id.pid != 0 {
          donated[[report.context.capture.kernelRelease ?? "", task.comm.text], default: 0] += task.donated
        }
      }
      let rows = try Row.fetchAll(database, sql: "SELECT * FROM v_donated_by_task WHERE comm IS NOT NULL")
      for row in rows { #expect(row["donated_ns"] == donated[[row["kernel"], row["comm"]]]) }
      #expect(rows.contains { $0["donated_ns"] > 0 })
    }
  }

  @Test func culpritsDelaysAndClassesAreThoseOfTheRows() throws {
    try Self.database(Self.names) { database, reports in
      let timelines = reports.map(\.context.timeline)
      func total(_ sql: String) throws -> Int64? { try Int64.fetchOne(database, sql: sql) }
      let windows = timelines.flatMap { Array($0.inversions) }
      #expect(try total("SELECT sum(run_ns) FROM v_culprits") == windows.reduce(0) { $0 + $1.length })
      let delays = timelines.flatMap { Array($0.delays) }.filter { $0.end != nil }
      #expect(try total("SELECT sum(total_ns) FROM v_delays_by_task") == delays.reduce(0) { $0 + $1.length })
      #expect(try total("SELECT max(max_ns) FROM v_delays_by_task") == delays.map(\.length).max())
      let waits = timelines.flatMap { Array($0.waits) }
      for kind in WaitClass.allCases {
        let sum = try total("SELECT sum(time_ns) FROM v_classes_over_time WHERE class = '\(kind.name)'") ?? 0
        #expect(sum == waits.reduce(0) { $0 + $1.times[kind] }, "\(kind)")
      }
    }
  }

  @Test func everyViewIsListedAndRuns() throws {
    #expect(SQLViews.list.count == SQLViews.text.split(separator: "\n").count { $0.hasPrefix("CREATE VIEW ") })
    try Self.database(["lost/overrun.dat"]) { database, _ in
      for view in SQLViews.list {
        #expect(view.name.hasPrefix("v_") && !view.purpose.isEmpty)
        _ = try Row.fetchAll(database, sql: "SELECT * FROM \(view.name)")
      }
    }
  }

  @Test func aFolderWithAQuoteIsQuoted() {
    let script = SQLViews.script(for: .duckdb, parquet: "it's")
    #expect(script.contains("read_parquet('it''s/waits/*.parquet')"))
    #expect(SQLViews.script(for: .spark, parquet: "d").contains("CREATE OR REPLACE TEMPORARY VIEW v_worst_waits AS"))
  }
}
