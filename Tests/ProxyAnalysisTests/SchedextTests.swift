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
        "a BPF scheduler was loaded: seen from @10 to @20",
        "scheduler simple was unloaded at @30 (reason 64: its program unregistered it)",
        "callbacks: 8 running, 7 stopping, 4 enqueue; nr_blocked_enqueues 1",
        "blocked donors (SCX_OPS_ENQ_BLOCKED): admitted, by 1 enqueue of blocked tasks",
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

  @Test func theRecorderKnowsTheName() throws {
    let timeline = Literal.timeline { $0.schedExt.see(at: Literal.at(5)) }
    let facts = ["sched_ext.ops": "scx_simple", "sched_ext.flags": "0x12"]
    let report = Report(Literal.context(timeline, facts: facts))
    #expect(report.block("sched_ext") == ["BPF scheduler scx_simple, flags 0x12: seen from @5 to @5"])
    #expect(try report.lines("capture", "scheduler") == ["scx_simple"])
  }

  // MARK: Admission

  private static func dequeuing(_ count: UInt64) -> Timeline {
    Literal.timeline {
      $0.schedExt.see(at: Literal.at(5))
      $0.verdict = ProxyVerdict(
        answer: .off, reasons: [.dequeuedWaiters(count)], evidence: .inferred(.markedDequeue))
    }
  }

  @Test(
    arguments: [
      (
        [:],
        "not admitted, by 11 waiters that left the runqueue (stopping runnable=0): the flag is clear, or the kernel was "
          + "booted with sched_proxy_exec=0"
      ),
      (
        ["cmdline": "quiet"],
        "not admitted, by 11 waiters that left the runqueue (stopping runnable=0): the flag is clear"
      ),
    ] as [([String: String], String)])
  func waitersThatLeaveAreNotAdmitted(_ facts: [String: String], _ text: String) {
    let report = Report(Literal.context(Self.dequeuing(11), facts: facts))
    #expect(report.block("sched_ext")?.last == "blocked donors (SCX_OPS_ENQ_BLOCKED): \(text)")
  }

  @Test func aKernelWithoutProxyExecutionAdmitsNone() {
    var timeline = Self.dequeuing(1)
    timeline.verdict.reasons = [.kernelWithout(.bootParameter)]
    #expect(
      Report(Literal.context(timeline)).block("sched_ext")?.last
        == "blocked donors (SCX_OPS_ENQ_BLOCKED): none, since the kernel was booted with sched_proxy_exec=0; whether the "
        + "flag is set makes no difference")
  }

  // MARK: Ends

  @Test func errorsAndStallsAreFindings() {
    let timeline = Literal.timeline {
      $0.waits = [Literal.wait(from: 10, for: 50, owner: Literal.owner)]
      $0.schedExt.add(SchedExtRecord(.stalled, name: ShortName("waiter"), value: 61), at: Literal.at(30))
      $0.schedExt.add(SchedExtRecord(.stalled, name: ShortName("other"), value: 63), at: Literal.at(31))
      $0.schedExt.add(SchedExtRecord(.exit, name: ShortName("simple"), value: 1026), at: Literal.at(32))
      $0.schedExt.add(SchedExtRecord(.exit, name: ShortName("simple"), value: 64), at: Literal.at(33))
      $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("BYPASS_DISPATCH"), value: 4), at: Literal.at(34))
      $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("BYPASS_DURATION"), value: 900), at: Literal.at(34))
      $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("BYPASS_ACTIVATE"), value: 3), at: Literal.at(34))
    }
    #expect(
      Report(Literal.context(timeline)).findingLines == [
        "bypass 900ns 0/1  900ns: sched_ext: the kernel dispatched 4 times in the stead of simple; more often than while it is "
          + "loaded and unloaded",
        "stall 0ns 1/2 --wait 1 0ns: sched_ext: simple let waiter:61 starve: it was runnable and did not run; it waits for "
          + "0xa0 since @10, owned by owner:60",
        "scheduler-error 0ns 0/1  0ns: sched_ext: the kernel unloads simple for a task that did not run (reason 1026)",
      ])
  }

  /// Loading and unloading are bypassed; that is no finding.
  @Test func bypassAtLoadingIsNone() {
    let timeline = Literal.timeline {
      $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("BYPASS_DISPATCH"), value: 4), at: Literal.at(34))
      $0.schedExt.add(SchedExtRecord(.counter, name: ShortName("BYPASS_ACTIVATE"), value: 2), at: Literal.at(34))
    }
    #expect(Report(Literal.context(timeline)).findingLines == [])
  }

  // MARK: Rules of kernels

  @Test(
    arguments: [
      ("Linux h 7.4.0 x86_64", 0, "a regression: Linux 7.4 and later do not call it so"),
      (
        "Linux h 7.3.0-rc7 x86_64", 0,
        "known of kernels before 7.4, which lack the series that keeps the callbacks paired"
      ),
      (
        "Linux h 7.3.0-rc7 x86_64", 1,
        "a regression: a kernel that hands blocked donors to ops.enqueue() has the series that keeps "
          + "the callbacks paired"
      ),
      (
        "", 0, "a regression on Linux 7.4 and later, and known of earlier kernels; the capture does not name its kernel"
      ),
    ] as [(String, UInt64, String)])
  func whatABreachMeans(_ uname: String, _ blocked: UInt64, _ meaning: String) {
    let timeline = Literal.timeline {
      $0.schedExt.see(at: Literal.at(5))
      $0.marks.add(Literal.waiter.index, Self.counts(1, 1, 1, blocked: blocked))
      $0.pairing = [
        PairingRow(
          kind: .undispatchedOwner, callback: .stopping, task: Literal.owner, time: Literal.at(9), cpu: 0, clash: nil)
      ]
    }
    let report = Report(Literal.context(timeline, uname: uname))
    #expect(report.findings.first?.text.shown.hasSuffix(meaning) == true, "\(report.findingLines)")
    #expect(report.block("sched_ext")?.last?.hasSuffix(meaning) == true)
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
    #expect(report.block("sched_ext")?.contains { $0.hasSuffix("nr_blocked_enqueues not known") } == true)
    #expect(report.block("sched_ext callbacks and counters")?.first == "middle:62 5 5 0 -")
    #expect(
      report.unavailable.contains(
        "nr_blocked_enqueues: needs (proxytrace:enqueue or bpf_trace:bpf_trace_printk) and lock:contention_begin"))
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
