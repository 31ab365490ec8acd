import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// Text of `perf script`.
extension TextFormTests {
  static let perfFields =
    "prev_comm=donor prev_pid=61 prev_prio=97 prev_state=D ==> next_comm=my task next_pid=7 next_prio=120"

  @Test(arguments: [
    "           donor    61 [001]     1.000100:   sched:sched_switch: ",
    "           donor    61 [001]     1.000100000:   sched:sched_switch: ",
    "           donor 61/61 [001]     1.000100: sched:sched_switch: ",
    "           donor 60/61 [001]     1.000100:          1  sched:sched_switch: ",
    "donor 61 [001] 1.000100: sched:sched_switch: ",
    "           donor    61 [001] d..2.     1.000100:   sched:sched_switch: ",
    "> donor    61 [001]     1.000100:   sched:sched_switch: ",
    "      Thread-12    61 [001]     1.000100:   sched:sched_switch: ",
    "  kworker/0:1-ev    61 [001]     1.000100:   sched:sched_switch: ",
    "     my [3] task    61 [001]     1.000100:   sched:sched_switch: ",
    "           :61    61 [001]     1.000100:   sched:sched_switch: ",
    "61/61 [001] 1.000100: sched:sched_switch: ",
    "61 [001] 1.000100: sched:sched_switch: ", "   61 [001]     1.000100:          1 sched:sched_switch: ",
    "           donor    61 [001]     1.000100:   sched:sched_switch:k: ",
    "           donor    61 [001]     1.000100:   sched:sched_switch/u/: ",
    "           donor    61 [001]     1.000100:   sched:sched_switch/call-graph=no/u: ",
    "Nov 27 10:00:00 box perf[12]:        donor    61 [001]     1.000100:   sched:sched_switch: ",
    "           donor    61 d... [001]     1.000100:   sched:sched_switch: ",
    " 2023-06-08 14:53:11.509475        donor    61 d... [001] 1.000100: sched:sched_switch: ",
  ]) func perfScript(head: String) throws {
    try expectSame(head + Self.perfFields)
    let stack =
      "\n        ffffffff8100abcd schedule+0x2a ([kernel.kallsyms])\n  core.c:6500\n            7f12345678 [unknown] (/usr/bin/x)\n               0 [unknown] ([unknown])\n\n"
    try expectSame(head + Self.perfFields + stack + head + Self.perfFields + stack, count: 2)
    try expectSame(head + "donor:61 [97] D ==> my task:7 [120]")
  }

  @Test func perfsLossesAreLosses() throws {
    let line = "           donor    61 [001]     1.000100:   sched:sched_switch: " + Self.perfFields
    let found = try read(
      [line, "           donor    61 [001]     1.000200: PERF_RECORD_LOST lost 12", line].joined(separator: "\n"))
    guard found.events.count == 3, case .lost(let loss) = found.events[1].body else {
      Issue.record("\(found.events)")
      return
    }
    #expect(loss.count == 12 && found.events[1].cpu == 1)
  }

  @Test(arguments: [
    ("           donor    61     1.000100: sched:sched_switch: ", "is text of perf script without the column of CPUs"),
    ("           donor    61 [001] sched:sched_switch: ", "is text of perf script without the column of times"),
    ("   61/61 [001] sched:sched_switch: ", "is text of perf script without the column of times"),
    ("   61     1.000100: sched:sched_switch: ", "is text of perf script without the column of CPUs"),
    ("memfd:sealed-91    61     1.000100: sched:sched_switch: ", "is text of perf script without the column of CPUs"),
    ("1.000100: sched:sched_switch: ", "is text of perf script without the columns of tasks and CPUs"),
    ("           donor [001]     1.000100: sched:sched_switch: ", "is text of perf script without the column of tasks"),
    ("           donor    61 [001]     1.000100: ", "is text of perf script without the column of events"),
  ]) func perfWithoutItsColumns(head: String, problem: String) throws {
    let file = try ScratchFile(Array((head + Self.perfFields).utf8))
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: file.path) }
    #expect(error?.problem == problem && error?.advice.contains("perf script -F") == true)
  }

  /// perf says more than events: which file a task has mapped, that a task has another name.
  @Test func perfsOtherRecordsAreNoForeignLines() throws {
    let line = "           donor    61 [001]     1.000100:   sched:sched_switch: " + Self.perfFields
    let others = [
      "PERF_RECORD_SWITCH_CPU_WIDE OUT          next pid/tid:     0/0", "PERF_RECORD_COMM exec: foo:123/123",
    ]
    let found = try read(
      ([line] + others.map { "           donor    61 [001]     1.000100: " + $0 } + [line]).joined(separator: "\n"))
    #expect(found.events.count == 2 && !found.diagnostics.all.contains { $0.kind == .foreignLine })
  }

  @Test func flagsBeforeTheCPUAreRead() throws {
    let found = try read(
      "  donor    61 d.h. [001] 1.000100: sched:sched_waking: comm=my task pid=7 prio=120 target_cpu=001")
    #expect(found.events.first?.context == [.irqsOff, .hardirq])
  }
}
