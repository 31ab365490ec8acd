import ProxyModel
import TraceCore

/// Who ran, and who waited.
enum TasksAnalysis: Analysis {
  static let name = "tasks"
  static let purpose = "how long each task ran and waited"
  static let needs = [EventNeed.event(.switched)]
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = .waits

  static func tables(_ context: ReportContext) -> [Table] {
    let columns = Columns(
      knowsWaits: context.records(.contentionBegan),
      cgroups: TaskCgroups(context.capture.machineFacts["cgroups"], of: context.timeline.tasks))
    return [Table(name, of: context.rows.tasks, in: context, columns)]
  }

  private struct Columns: RowColumns {
    typealias Row = TaskRow

    let knowsWaits: Bool
    let cgroups: TaskCgroups

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == TaskRow {
      output.number("pid", "pid of the task; one that the kernel hands out again names another task, in another row") {
        $0.id.pid
      }
      output.comm(Column("comm", .text, "the task's last name")) { $0.comm }
      output.number("prio", "the task's last kernel priority; smaller is more urgent") { $0.priority?.rawValue }
      output.count("life", "which of the tasks with that pid it is, from 1") { UInt64($0.id.life) }
      output.duration("run_ns", "time on a CPU") { $0.run }
      output.duration("proxied_run_ns", "part of run_ns on another task's account") { $0.proxiedRun }
      output.duration("donated_ns", "time that others ran on its account") { $0.donated }
      output.duration("wait_ns", "time in waits for sleeping locks") { knowsWaits ? $0.waited : nil }
      output.duration("inverted_ns", "part of wait_ns in which a less urgent task kept the owner from running") {
        knowsWaits ? $0.inverted : nil
      }
      output.count("waits", "waits for sleeping locks that it began") { knowsWaits ? $0.waits : nil }
      output.count("switches", "times it was switched in") { $0.switches }
      output.text("cgroup", "path of its cgroup; empty where the recorder did not note it") { cgroups.path(of: $0) }
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    context.records(.contentionBegan) ? TopWaiters.blocks(context) : []
  }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    context.records(.contentionBegan)
      ? [] : [UnavailableResult("time that tasks spent in waits", needs: [.event(.contentionBegan)])]
  }
}
