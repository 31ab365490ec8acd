import ProxyModel
import TraceCore

/// Who ran in inversion windows, and for how long.
enum CulpritsAnalysis: Analysis {
  static let name = "culprits"
  static let purpose = "who ran instead of a lock's owner, and for how long"
  static let needs = [EventNeed].owners
  static let tableRows: RowKinds = .inversions
  static let summaryRows: RowKinds = []

  /// A task in a window.
  struct Row: Sendable {
    var inversion: Int
    var window: InversionRow
    var culprit: InversionRow.Culprit
  }

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: culprits(of: context.rows.inversions), in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = CulpritsAnalysis.Row

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == CulpritsAnalysis.Row {
      output.reference("inversion_id", "the window, in the table inversions") { $0.inversion }
      output.reference("wait_id", "the wait, in the table waits") { $0.window.wait }
      output.task("", "the task that ran") { $0.culprit.task }
      output.number("cpu", "the CPU on which it ran, and the owner should have") { $0.window.cpu }
      output.duration("run_ns", "how long it ran in the window; all of a window sum to its duration_ns") {
        $0.culprit.ran
      }
    }
  }

  /// The culprits of the chosen windows, window by window.
  static func culprits(of windows: ChosenRows<InversionRow>) -> ChosenRows<Row> {
    // Where each window's culprits begin: a number for each window, not for each culprit.
    var begins = [0]
    begins.reserveCapacity(windows.all.count + 1)
    for window in windows.all { begins.append(begins[begins.count - 1] + window.culprits.count) }
    let (all, ends) = (windows.all, begins)
    let rows = Rows<Row>(count: begins[begins.count - 1]) { (place: Int) -> Row in
      let inversion = Self.window(of: place, ends)
      let window = all[inversion]
      return Row(inversion: inversion, window: window, culprit: window.culprits[place - ends[inversion]])
    }
    guard windows.isPartial else { return ChosenRows(rows) }
    let chosen = Set(windows.indices.map { windows.id(at: $0) - 1 })
    return ChosenRows(rows) { chosen.contains($0.inversion) }
  }

  /// The window in which a culprit stands, by bisection.
  private static func window(of place: Int, _ begins: [Int]) -> Int {
    var (low, high) = (0, begins.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if begins[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }
}
