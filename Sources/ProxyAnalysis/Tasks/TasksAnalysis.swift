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
    let knowsWaits = context.records(.contentionBegan)
    let cgroups = TaskCgroups(context.capture.machineFacts["cgroups"], of: context.timeline.tasks)
    return [
      Table(
        "tasks", rows: context.rows.tasks,
        columns: [
          .number("pid", "pid of the task; one that the kernel hands out again names another task, in another row") {
            $0.id.pid
          },
          .comm("comm", "the task's last name") { $0.comm },
          .priority("prio", "the task's last kernel priority; smaller is more urgent") { $0.priority },
          .count("life", "which of the tasks with that pid it is, from 1") { UInt64($0.id.life) },
          .duration("run_ns", "time on a CPU") { $0.run },
          .duration("proxied_run_ns", "part of run_ns on another task's account") { $0.proxiedRun },
          .duration("donated_ns", "time that others ran on its account") { $0.donated },
          .duration("wait_ns", "time in waits for sleeping locks") { knowsWaits ? $0.waited : nil },
          .duration("inverted_ns", "part of wait_ns in which a less urgent task kept the owner from running") {
            knowsWaits ? $0.inverted : nil
          },
          .count("waits", "waits for sleeping locks that it began") { knowsWaits ? $0.waits : nil },
          .count("switches", "times it was switched in") { $0.switches },
          TableColumn("cgroup", .text, "path of its cgroup; empty where the recorder did not note it") {
            cgroups.path(of: $0).map(Cell.text) ?? .empty
          },
        ])
    ]
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    context.records(.contentionBegan) ? TopWaiters.blocks(context) : []
  }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    context.records(.contentionBegan)
      ? [] : [UnavailableResult("time that tasks spent in waits", needs: [.event(.contentionBegan)])]
  }
}
