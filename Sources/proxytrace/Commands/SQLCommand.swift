public import ArgumentParser
import Glibc
public import ProxyExport
import ProxyReport

struct SQLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Lists the views that come with exported tables, or prints them as SQL.",
    discussion: """
      The views answer the usual questions about many captures: the worst waits, percentiles by lock and kernel, who donated \
      how much, what got slower from one kernel to another. A SQLite file that export has written holds them already.

      Examples:
        proxytrace sql
        proxytrace sql --print --parquet tables | duckdb fleet.duckdb
        proxytrace sql --print --engine spark --parquet s3a://bucket/tables > views.sql
      """)

  @Flag(help: "Print statements that make every table and every view.")
  var print = false

  @Option(help: "Who is to run them: sqlite, duckdb, spark, clickhouse.")
  var engine: SQLViews.Engine = .duckdb

  @Option(
    help: ArgumentHelp("Where export --parquet has written, as the engine is to find it.", valueName: "dir"),
    completion: .directory)
  var parquet = "."

  func run() throws {
    var status = RunStatus()
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      if print {
        try sink.write(SQLViews.script(for: engine, parquet: parquet))
      } else {
        for view in SQLViews.list { try sink.write("\(view.name)\n    \(view.purpose)\n") }
      }
      try sink.flush()
    } catch {
      status.fail(error)
    }
    try status.exit()
  }
}

extension SQLViews.Engine: ExpressibleByArgument {}
