public import ProxyAnalysis
import TraceCore

/// What a filter chooses, in words.
public enum FilterText {
  /// Lines for the report's head: the filter, the number of rows that it chooses, and what it does not change; none without a
  /// filter.
  static func lines(_ report: Report, _ style: TextStyle) -> [String] {
    let filter = report.context.filter
    guard !filter.isEmpty else { return [] }
    let counts = report.tables.filter { $0.missing.isEmpty && $0.table.unfilteredCount > 0 }.map { result in
      let (count, all) = (result.table.rowCount, result.table.unfilteredCount)
      return [result.name, count == 0 ? "none" : String(count), "of", String(all)].joined(
        separator: LineBreaker.noBreakSpace)
    }
    let chosen = "chosen: " + choices(filter, report.context.capture.clock).joined(separator: "; ")
    let rows = "rows: " + (counts.isEmpty ? "none at all" : counts.joined(separator: ", "))
    return ([chosen, rows] + notes(filter)).flatMap { style.wrap($0) }
  }

  private static func choices(_ filter: RowFilter, _ clock: TraceClock) -> [String] {
    var choices: [String] = []
    if let cpus = filter.cpus { choices.append("CPU \(cpus)") }
    if let from = filter.from { choices.append("from \(clock.format(from))") }
    if let to = filter.to { choices.append("to \(clock.format(to))") }
    if let pids = filter.pids { choices.append("pid \(pids)") }
    if let comm = filter.comm { choices.append("name \(TextEscape.terminal(comm.text))") }
    return choices
  }

  /// What a reader of the figures must know, as clauses.
  static func notes(_ filter: RowFilter) -> [String] {
    var notes: [String] = []
    if filter.hasWindow {
      notes.append("durations of rows that cross the window's edge are whole")
      notes.append("sums per CPU and per task (cpus, tasks) are those of the whole trace")
    }
    if filter.cpus != nil { notes.append("tables without a CPU are not filtered by CPU") }
    if filter.pids != nil || filter.comm != nil { notes.append("tables without a task are not filtered by task") }
    return notes
  }

  /// Why a table that a filter has emptied has no rows.
  public static func nothingChosen(in result: Report.TableResult) -> String {
    let count = NumberText.counted(UInt64(result.table.unfilteredCount), "row")
    return "\(result.name): the filters choose none of \(count)"
  }
}
