import ProxyModel
import TraceCore

/// What each CPU did with its time.
enum CpusAnalysis: Analysis {
  static let name = "cpus"
  static let purpose = "how each CPU spent its time"
  static let needs = [EventNeed.event(.switched)]
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.cpus, in: context, Columns(span: context.timeline.span))]
  }

  private struct Columns: RowColumns {
    typealias Row = CPURow

    let span: Int64

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == CPURow {
      output.number("cpu", "the kernel's number of the CPU") { $0.cpu }
      output.duration("span_ns", "length of the capture; busy_ns + idle_ns + lost_ns") { _ in span }
      output.duration("busy_ns", "time with a task other than the idle task; self_ns + proxied_ns + unknown_ns") {
        $0.busy
      }
      output.duration("idle_ns", "time with the idle task") { $0.idle }
      output.duration("self_ns", "part of busy_ns in which the task ran on its own account") { $0.own }
      output.duration("proxied_ns", "part of busy_ns in which the task ran on a donor's account") { $0.proxied }
      output.duration("unknown_ns", "part of busy_ns in which the donor is not known") { $0.unknown }
      output.duration("lost_ns", "time in which records are missing") { $0.lost }
      output.count("switches", "times that the running task changed") { $0.switches }
      output.count("proxied_switches", "switches to a task that runs on a donor's account") { $0.proxiedSwitches }
      output.count("donations", "times that a wait's donor had an owner run on its account for the first time") {
        $0.donations
      }
      output.count("lost_events", "records that the ring buffer lost; empty where it did not count") { $0.lostEvents }
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let (cpus, span) = (context.rows.cpus, context.timeline.span)
    guard !cpus.isEmpty else { return [] }
    // Of what is not known the time itself says enough, without its share.
    let all: [(title: String, isAlwaysShown: Bool, hasShare: Bool, time: (CPURow) -> Int64)] = [
      ("busy", true, true, \.busy), ("idle", true, true, \.idle), ("proxied", false, true, \.proxied),
      ("unknown", false, false, \.unknown), ("lost", false, false, \.lost),
    ]
    // A figure is worth its column only where there is any.
    let figures = all.filter { figure in figure.isAlwaysShown || cpus.contains { figure.time($0) > 0 } }
    let columns = figures.flatMap { figure in
      [SummaryTable.Column(figure.title, .duration)] + (figure.hasShare ? [.init("%", .share)] : [])
    }
    func row(_ label: TextFragment, _ cpu: CPURow, span: Int64) -> [TextFragment] {
      let times = figures.flatMap { figure in
        [TextFragment.duration(figure.time(cpu))]
          + (figure.hasShare ? [.share(of: figure.time(cpu), in: span)] : [])
      }
      return [label] + times + [.count(cpu.switches)]
    }
    var rows = cpus.map { row(.cpu($0.cpu), $0, span: span) }
    if cpus.count > 1 {
      rows.append(row(cpus.isPartial ? "sum" : "all", sum(cpus), span: context.time(ofCPUs: cpus.count)))
    }
    let table = SummaryTable(columns: [.init("cpu", .number)] + columns + [.init("switches", .number)], rows: rows)
    return [SummaryBlock(.top, place: 5, "CPUs", [.table(table)])]
  }

  private static func sum(_ cpus: ChosenRows<CPURow>) -> CPURow {
    cpus.reduce(into: CPURow(cpu: -1)) { sum, cpu in
      sum.busy &+= cpu.busy
      sum.idle &+= cpu.idle
      sum.proxied &+= cpu.proxied
      sum.unknown &+= cpu.unknown
      sum.lost &+= cpu.lost
      sum.switches &+= cpu.switches
    }
  }
}
