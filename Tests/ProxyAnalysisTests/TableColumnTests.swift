import Foundation
import ProxyAnalysis
import Testing

/// Tables have the columns that docs promise, in their order.
struct TableColumnTests {
  /// Behind the column `id`.
  static let promised = [
    "cpus": """
    cpu, span_ns, busy_ns, idle_ns, self_ns, proxied_ns, unknown_ns, lost_ns, switches, proxied_switches, donations, \
    lost_events
    """,
    "waits": """
    kind, waiter_pid, waiter_comm, waiter_prio, waiter_life, lock, lock_symbol, begin_ns, begin_s, end_ns, wait_ns, result, owner_pid, owner_comm, \
    owner_prio, owner_life, owner_evidence, owner_rule, depth, self_ns, handoff_ns, unknown_ns, proxied_ns, running_ns, inverted_ns, \
    preempted_ns, delayed_ns, waking_ns, sleeping_ns, gap
    """,
    "chains": """
    wait_id, begin_ns, begin_s, end_ns, depth, path, locks, lock_symbols, terminal_pid, terminal_comm, terminal_prio, terminal_life, \
    terminal_state, evidence, rule
    """,
    "segments": """
    wait_id, begin_ns, begin_s, end_ns, class, cpu, owner_pid, owner_comm, owner_prio, owner_life, curr_pid, curr_comm, curr_prio, curr_life, \
    donor_pid, donor_comm, donor_prio, donor_life, evidence, rule
    """,
    "runs": """
    cpu, begin_ns, begin_s, end_ns, pid, comm, prio, life, donor_pid, donor_comm, donor_prio, donor_life, evidence, rule
    """,
    "delays": """
    pid, comm, prio, life, begin_ns, begin_s, end_ns, delay_ns, waking_ns, cpu, cause, culprit_pid, culprit_comm, \
    culprit_prio, culprit_life, culprits, wait_id, evidence, rule
    """,
    "culprits": "inversion_id, wait_id, pid, comm, prio, life, cpu, run_ns",
    "splits": """
    cpu, begin_ns, begin_s, end_ns, duration_ns, donor_pid, donor_comm, donor_prio, donor_life, curr_pid, curr_comm, curr_prio, curr_life, \
    depth, wait_id, evidence, rule, other_donors
    """,
    "inversions": """
    wait_id, begin_ns, begin_s, end_ns, duration_ns, waiter_pid, waiter_comm, waiter_prio, waiter_life, lock, lock_symbol, owner_pid, owner_comm, \
    owner_prio, owner_life, cpu, culprit_pid, culprit_comm, culprit_prio, culprit_life, culprits, evidence, rule
    """,
    "handoffs": """
    kind, wait_id, lock, lock_symbol, from_pid, from_comm, from_prio, from_life, to_pid, to_comm, to_prio, to_life, \
    begin_ns, begin_s, end_ns, latency_ns, wake_ns, queue_ns, run_ns, acquire_ns, admit_ns, place_ns, pick_ns, start_ns, \
    migrated, steered, evidence, rule
    """,
    "holds": """
    lock, lock_symbol, owner_pid, owner_comm, owner_prio, owner_life, begin_ns, begin_s, end_ns, hold_ns, waiters, run_ns, proxied_run_ns, \
    preempted_ns, waiting_ns, sleeping_ns, evidence, rule
    """,
    "pairing": "kind, cpu, time_ns, time_s, pid, comm, prio, other_cpu, other_time_ns, detail",
    "migrations": "kind, pid, comm, prio, life, from_cpu, to_cpu, time_ns, time_s, wait_id, evidence, rule",
    "enqueues": """
    time_ns, time_s, donor_pid, donor_comm, donor_prio, donor_life, cpu, owner_pid, owner_comm, owner_prio, owner_life, \
    owner_cpu, owner_state, reason, placed_cpu, placed_dsq, donated_after_ns, wait_id, evidence, rule
    """,
    "locks": """
    lock, lock_symbol, kind, waits, wait_total_ns, wait_max_ns, hold_total_ns, hold_max_ns, inverted_ns, owners, waiters
    """,
    "tasks": """
    pid, comm, prio, life, run_ns, proxied_run_ns, donated_ns, wait_ns, inverted_ns, waits, switches, cgroup
    """,
    "findings": """
    kind, cost_ns, waits, windows, worst_ns, begin_ns, begin_s, end_ns, lock, symbol, lock_kind, cpu, pid, comm, prio, life, evidence, \
    rule, matters, explain
    """,
    "gaps": "cpu, begin_ns, end_ns, lost_events",
    "capture": """
    path, format, kernel, clock, cpus, begin_ns, end_ns, span_ns, events, lost_events, lost_share, damage, verdict, \
    verdict_evidence, verdict_rule, scheduler, not_available, tool_version, schema_version
    """,
  ]

  @Test func columnsAreAsPromised() throws {
    let report = Report(Literal.context(Literal.everyTable))
    #expect(report.tables.map(\.name).sorted() == Self.promised.keys.sorted())
    for table in report.tables {
      let promised = try #require(Self.promised[table.name])
      #expect(table.table.columns.map(\.name).joined(separator: ", ") == "id, " + promised)
    }
  }

  @Test func everyRowHasACellPerColumnAndCountsFromOne() {
    for result in Report(Literal.context(Literal.everyTable)).tables {
      var id: Int64 = 0
      result.table.forEachRow { cells in
        id += 1
        #expect(cells.count == result.table.columns.count, "\(result.name)")
        #expect(cells.first == .integer(id))
      }
      #expect(id > 0 && Int(id) == result.table.rowCount, "\(result.name)")
    }
  }

  @Test func everyColumnIsExplained() {
    for column in Report(Literal.context(Literal.everyTable)).tables.flatMap(\.table.columns) {
      #expect(!column.doc.isEmpty)
    }
  }

  /// A new analysis is a folder and a line in the registry; neither is forgotten.
  @Test func registryHoldsEveryFolder() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/ProxyAnalysis").standardizedFileURL
    let entries = try FileManager.default.contentsOfDirectory(
      at: sources, includingPropertiesForKeys: [.isDirectoryKey])
    // `Story` is no analysis: it is about one wait, and only `explain` asks for it.
    let folders = try entries.filter {
      try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true && $0.lastPathComponent != "Story"
    }
    let names = AnalysisRegistry.all.map { $0.name.prefix(1).uppercased() + $0.name.dropFirst() }
    #expect(folders.map(\.lastPathComponent).sorted() == names.sorted())
    for (analysis, name) in zip(AnalysisRegistry.all, names) { #expect("\(analysis)" == "\(name)Analysis") }
  }
}
