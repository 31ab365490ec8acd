import ProxyTraceKit
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// Captures with the records of some tasks alone are recognised as such, and no others.
struct TaskFilterTests {
  static let captures = [
    "proxy-on-plain/same-cpu.dat", "proxy-on-plain/crowd.dat", "proxy-off-plain/chain3.dat",
    "proxy-on-probed/cross-cpu.dat",
  ]

  private func events(_ name: String) throws -> [SchedEvent] {
    try CaptureSession(path: Fixture.path(name)).record().events.filter { $0.loss == nil }
  }

  /// What the kernel keeps where `set_event_pid` names these tasks (kernel/trace/trace_events.c).
  private func kept(_ event: SchedEvent, _ tasks: Set<Pid>) -> Bool {
    switch event.body {
    case .switched(let record): tasks.contains(record.previous.pid) || tasks.contains(record.next.pid)
    case .waking(let record), .wakeup(let record), .wakeupNew(let record):
      tasks.contains(event.pid) || tasks.contains(record.task.pid)
    default: tasks.contains(event.pid)
    }
  }

  private func survey(_ events: [SchedEvent]) -> TaskFilterSurvey {
    var survey = TaskFilterSurvey()
    for event in events { _ = survey.take(event) }
    return survey
  }

  private func load(_ events: [SchedEvent]) throws -> LoadedCapture {
    let text = FormPrinter(events).kernel.joined(separator: "\n")
    return try CaptureSession(bytes: Array(text.utf8)).load()
  }

  /// Every task that waits, one at a time, and all of them.
  @Test(arguments: captures) func chosenTasksAreNamed(name: String) throws {
    let all = try events(name)
    let waiters = Set(
      all.compactMap { event -> Pid? in
        if case .contentionBegan(_, let flags) = event.body, flags.contains(.mutex) { event.pid } else { nil }
      })
    try #require(!waiters.isEmpty)
    #expect(survey(all).chosen == nil)
    for tasks in waiters.map({ Set([$0]) }) + [waiters] {
      let rest = all.filter { kept($0, tasks) }
      let survey = survey(rest)
      guard survey.breaks >= TaskFilterSurvey.fewestBreaks else { continue }
      let chosen = try #require(survey.chosen, "\(tasks)")
      #expect(!chosen.isEmpty && tasks.isSuperset(of: chosen), "\(chosen) of \(tasks)")
      let kinds = try load(rest).diagnostics.all.map(\.kind)
      #expect(kinds.count { $0 == .filteredByTask } == 1 && !kinds.contains(.switchDiscontinuity))
    }
  }

  /// A filter of the events, `common_pid == N`, lets switches to the task out.
  @Test(arguments: captures) func filtersOfEventsAreFilters(name: String) throws {
    let all = try events(name)
    let counts = Dictionary(grouping: all.filter { $0.pid != 0 }, by: \.pid).mapValues(\.count)
    let pid = try #require(counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key)
    let survey = survey(all.filter { $0.pid == pid })
    if survey.breaks >= TaskFilterSurvey.fewestBreaks { #expect(survey.chosen.map { $0.contains(pid) } ?? true) }
  }

  /// Records that are missing for other reasons look otherwise.
  @Test(arguments: captures, [3, 20, 100, 400]) func lossesAreNoFilter(name: String, perThousand: UInt64) throws {
    let all = try events(name)
    for seed in UInt64(1)...5 {
      var random = SeededGenerator(seed: seed)
      let rest = all.filter { _ in random.next() % 1000 >= perThousand }
      #expect(survey(rest).chosen == nil)
      // Neither is a stretch that is missing on one CPU.
      let begin = Int(random.next() % UInt64(all.count / 2))
      let hole = all.enumerated().filter { place, event in event.cpu != 0 || place < begin || place > begin + 50 }
      #expect(survey(hole.map(\.element)).chosen == nil)
    }
  }

  /// Recorded by `trace-cmd record -c -F`.
  @Test func whatTraceCmdFilters() throws {
    let capture = try CaptureSession(path: Fixture.path("../forms/filtered-by-pid/trace-cmd-F.dat")).load()
    let found = capture.diagnostics.all.filter { $0.kind == .filteredByTask }
    #expect(found.count == 1 && found.first?.count == 1 && found.first?.detail == "pid 69, 70, 71, 72")
    #expect(!capture.diagnostics.all.contains { $0.kind == .switchDiscontinuity })
  }

  /// `proxytrace record -p` writes what it has filtered.
  @Test func aNoteTells() throws {
    var capture = try RawCapture()
    capture.options.append((OptionID.machineFact.rawValue, Array("proxytrace\0filter\0pid=60 and their children".utf8)))
    capture.cpus = [try HostileFile.pages()]
    let found = try CaptureSession(bytes: capture.bytes()).load().diagnostics.all.first { $0.kind == .filteredByTask }
    #expect(found?.detail == "pid=60 and their children")
  }
}
