import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct SchedextTests {
  private static func counts(_ running: UInt64, _ stopping: UInt64, _ enqueue: UInt64, blocked: UInt64) -> MarkCounts {
    var counts = MarkCounts()
    (counts.running, counts.stopping, counts.enqueue, counts.blockedEnqueue) = (running, stopping, enqueue, blocked)
    return counts
  }

  private static let timeline = Literal.timeline {
    $0.marks.add(Literal.waiter.index, counts(3, 2, 4, blocked: 1))
    $0.marks.add(Literal.middle.index, counts(5, 5, 0, blocked: 0))
    $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("KEEP_LAST"), value: 3), at: Literal.at(10))
    $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("KEEP_LAST"), value: 4), at: Literal.at(20))
    $0.schedExt.add(SchedExtRecord(.exit, name: ShortName("simple"), value: 64), at: Literal.at(30))
  }

  @Test func theTextHasPresenceExitsAndCallbacks() {
    #expect(
      Report(Literal.context(Self.timeline)).block("sched_ext") == [
        "a BPF scheduler was loaded: seen from @10 to @20", "scheduler simple was unloaded at @30 (reason 64)",
        "callbacks: 8 running, 7 stopping, 4 enqueue; nr_blocked_enqueues 1",
      ])
  }

  /// Tasks by the number of their callbacks (10 and 9), then counters with their sums.
  @Test func tasksAndCountersAreListed() {
    #expect(
      Report(Literal.context(Self.timeline)).block("sched_ext callbacks and counters") == [
        "middle:62 5 5 0 0", "waiter:61 3 2 4 1", "KEEP_LAST 7 2",
      ])
    let chosen = Report(Literal.context(Self.timeline, filter: RowFilter(pids: NumberList("61"))))
    #expect(chosen.block("sched_ext callbacks and counters") == ["waiter:61 3 2 4 1", "KEEP_LAST 7 2"])
  }

  @Test func withoutExitsTheNameIsNotKnown() {
    let timeline = Literal.timeline { $0.schedExt.see(at: Literal.at(5)) }
    #expect(
      Report(Literal.context(timeline)).block("sched_ext")
        == ["a BPF scheduler was loaded: seen from @5 to @5, its name is not known"])
    let exit = Literal.timeline {
      $0.schedExt.add(SchedExtRecord(.exit, name: ShortName("x"), value: 1), at: Literal.at(30))
    }
    #expect(
      Report(Literal.context(exit)).block("sched_ext")?.first
        == "whether a BPF scheduler was loaded is not known but for its end")
  }

  /// Without waits no enqueue can be said to be of a blocked task.
  @Test func withoutWaitsBlockedEnqueuesAreNotKnown() {
    let report = Report(Literal.context(Self.timeline, missing: [.contentionBegan]))
    #expect(report.block("sched_ext")?.last?.hasSuffix("nr_blocked_enqueues not known") == true)
    #expect(report.block("sched_ext callbacks and counters")?.first == "middle:62 5 5 0 -")
    #expect(
      report.unavailable.contains(
        "nr_blocked_enqueues: needs proxytrace:enqueue or bpf_trace:bpf_trace_printk and lock:contention_begin"))
    #expect(report.unavailable.contains { $0.hasPrefix("which callbacks were called for donors and owners: needs") })
  }

  @Test func withoutAnyEnqueueTheyAreNotKnownEither() {
    let timeline = Literal.timeline {
      $0.marks.add(Literal.waiter.index, Self.counts(1, 1, 0, blocked: 0))
      $0.schedExt.see(at: Literal.at(1))
    }
    let report = Report(Literal.context(timeline))
    #expect(
      report.block("sched_ext")?.last == "callbacks: 1 running, 1 stopping, 0 enqueue; nr_blocked_enqueues not known")
    #expect(report.unavailable.contains { $0.hasPrefix("nr_blocked_enqueues: ") })
  }

  @Test func aCaptureWithoutASchedulerSaysNothing() {
    let report = Report(Literal.context(Literal.timeline()))
    #expect(report.block("sched_ext") == nil && report.block("sched_ext callbacks and counters") == nil)
    #expect(!report.unavailable.contains { $0.contains("nr_blocked_enqueues") })
  }
}
