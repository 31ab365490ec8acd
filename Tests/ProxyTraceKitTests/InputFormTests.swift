import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore

/// Inputs as people have them (Fixtures/forms), with what must come of each: the same schedule in mails, in logs, as perf prints it.
///
/// The schedule: owner 60 holds a mutex from before 1.0 to 1.016, donor 61 waits for it from 1.0 to 1.0162 and is off its CPU from 1.0001
/// to 1.0161, mid 62 runs instead of the owner from 1.002 to 1.012.
struct InputFormTests {
  private func load(_ name: String) throws -> LoadedCapture {
    try CaptureSession(path: Fixture.path("../forms/\(name)")).load()
  }

  /// Milliseconds of each class, for one line of a test.
  private func classes(_ wait: WaitRow) -> String {
    WaitClass.allCases.filter { wait.times[$0] != 0 }.map { "\($0.name) \(Double(wait.times[$0]) / 1e6)" }.joined(
      separator: " ")
  }

  @Test(arguments: [
    "bracketed-date/input.txt", "bracketed-date/ts.txt", "flags-with-unknown-bits/input.txt",
    "flags-with-unknown-bits/name.txt",
    "kernel-stacks/input.txt", "perf-script/input.txt", "perf-script/pidtid.txt", "perf-script/stack.txt",
    "perf-script-short-form/input.txt", "printk-caller/input.txt", "pstore-and-journal/input.txt",
    "pstore-and-journal/iso.txt",
    "pstore-and-journal/journal.txt", "quoted-printable/input.txt", "systrace-js-string/input.html",
    "wrapped-at-72/input.txt",
  ]) func theSameWaitInEveryForm(name: String) throws {
    let capture = try load(name)
    #expect(capture.timeline.waits.count == 1 && !capture.diagnostics.hasDamage)
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.waiter.pid == 61 && wait.owner?.pid == 60 && wait.ownerEvidence == .event)
    #expect(wait.length == 16_200_000 && wait.result == .acquired)
    #expect(classes(wait) == "self 0.2 handoff 0.1 running 5.9 inverted 10.0")
    // CPU 0 ends before CPU 1 does, CPU 1 begins later, and nothing says that records are missing.
    #expect(capture.timeline.gaps.allSatisfy { $0.isQuiet })
  }

  /// A text and the `trace.dat` that it was printed from.
  @Test(arguments: [
    ("ts-diff/input.txt", "ts-diff/same.dat"), ("semaphore-flags-empty/input.txt", "semaphore-flags-empty/sem.dat"),
    ("sched-ext-exit-in-text/input.txt", "sched-ext-exit-in-text/scx.dat"),
    ("sched-ext-exit-raw/input.txt", "sched-ext-exit-in-text/scx.dat"),
    ("rt-flags-six/input.txt", "rt-flags-six/five.txt"), ("rt-flags-seven/input.txt", "rt-flags-seven/five.txt"),
    ("loss-behind-printk-time/input.txt", "loss-behind-printk-time/same-without-prefix.txt"),
  ]) func theSameAsTheOther(name: String, other: String) throws {
    let (capture, same) = (try load(name), try load(other))
    #expect(!capture.diagnostics.hasDamage)
    let differences = capture.timeline.differences(from: same.timeline)
    #expect(differences.isEmpty, "\(differences)")
    #expect(capture.timeline.waits.count == 1)
  }

  @Test func aSchedulersEndIsInTheText() throws {
    let row = try load("sched-ext-exit-raw/input.txt").timeline
    #expect("\(row.schedExt)".contains("simple"))
  }

  @Test func anInterruptsWakingShowsNoRelease() throws {
    for name in ["rt-flags-six/input.txt", "rt-flags-seven/input.txt"] {
      let holds = try load(name).timeline.waits
      #expect(holds.first?.owner?.pid == 60, "\(name)")
    }
  }

  @Test func wakeupsOfOldPlugins() throws {
    let capture = try load("old-plugin-wakeups/input.txt")
    let wait = try #require(capture.timeline.waits.first)
    #expect(!capture.diagnostics.hasDamage && wait.owner?.pid == 60 && wait.ownerEvidence == .inferred(.wokeTheWaiter))
    #expect(classes(wait) == "self 0.2 handoff 0.09 running 15.91")
  }

  /// Where no switch was recorded, none is missing, and nothing that is made of switches is available.
  @Test func nothingIsClaimedWithoutSwitches() throws {
    let capture = try load("info-without-switches/input.txt")
    #expect(capture.timeline.eventCount == 8)
    #expect(!capture.diagnostics.all.contains { $0.kind == .switchDiscontinuity })
    let context = capture.context()
    #expect(!context.records(.switched))
    let tables = Report(context).tables.filter { ["cpus", "tasks", "splits"].contains($0.name) }
    #expect(tables.count == 3 && tables.allSatisfy { $0.notAvailable?.contains("sched:sched_switch") == true })
  }

  /// The waking that ends a failed wait makes nobody an owner: a signal, a wound.
  @Test(arguments: [("interrupted-by-signal", Int32(-4), 500.0), ("wounded-ww-mutex", -35, 50.0)])
  func aFailedWaitsWakingShowsNoOwner(name: String, errno: Int32, unknown: Double) throws {
    let timeline = try load("\(name)/input.txt").timeline
    let wait = try #require(timeline.waits.first)
    #expect(wait.result == .failed(errno: errno) && wait.owner == nil && wait.ownerEvidence == .unknown)
    #expect(classes(wait) == "self 0.2 unknown \(unknown)")
    #expect(timeline.holds.isEmpty && timeline.handoffs.isEmpty)
  }

  /// An inversion has the priorities that held in it, not those that end it.
  @Test func prioritiesOfAnInversionAreThoseInIt() throws {
    let culprit = try load("culprit-boosted/input.txt").timeline
    #expect(culprit.inversions.map(\.begin.rawValue) == [1_002_000_000, 1_012_000_000])
    #expect(culprit.inversions.map(\.length) == [5_000_000, 3_000_000])
    #expect(culprit.inversions.allSatisfy { $0.culprits.first?.task.priority == Priority(120) })
    #expect(culprit.waits.first?.times[.preempted] == 5_000_000)
    let waiter = try load("waiter-boosted/input.txt").timeline
    #expect(waiter.inversions.map(\.begin.rawValue) == [1_005_000_000] && waiter.inversions.first?.length == 5_000_000)
    #expect(waiter.inversions.first?.waiter.priority == Priority(97))
    #expect(waiter.waits.first?.times[.preempted] == 8_000_000)
  }

  /// A CPU whose records begin late is in a gap until then, though its first record says who ran: others may have run before.
  @Test func beforeACPUsFirstRecord() throws {
    let timeline = try load("before-a-cpus-first-record/input.txt").timeline
    let wait = try #require(timeline.waits.first)
    #expect(classes(wait) == "self 0.2 handoff 0.1 unknown 1.9 running 4.0 inverted 10.0" && wait.touchesGap)
    #expect(timeline.gaps.contains { $0.cpu == 0 && $0.isQuiet && $0.begin.rawValue == 1_000_000_000 })
  }

  /// A mark of lost records in an indented text.
  @Test func aLossBehindIndentation() throws {
    let capture = try load("loss-behind-indent/input.txt")
    let gaps = capture.timeline.gaps.filter { !$0.isQuiet }
    #expect(gaps.count == 1 && gaps.first?.cpu == 0)
    #expect(gaps.first?.begin.rawValue == 900_000_000 && gaps.first?.end.rawValue == 1_016_000_000)
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.touchesGap && classes(wait) == "self 0.2 handoff 0.1 unknown 15.9")
    #expect(capture.diagnostics.all.contains { $0.kind == .lostEvents })
    #expect(!capture.diagnostics.all.contains { $0.kind == .foreignLine })
  }

  @Test func locksWithoutAddresses() throws {
    let capture = try load("pointers-that-are-no-numbers/input.txt")
    #expect(!capture.diagnostics.hasDamage && capture.timeline.waits.isEmpty)
    #expect(capture.diagnostics.all.first { $0.kind == .lockWithoutAddress }?.count == 3)
    #expect(capture.timeline.eventCount == 11)
  }

  @Test(arguments: [
    ("chrome.json", "Chrome's JSON", "capture that it was made of"),
    ("session.json", "KernelShark session", "trace.dat that it names"),
    ("metadata", "CTF", "trace-cmd record"), ("channel0_0", "CTF", "trace-cmd record"),
    ("perf.data", "perf.data", "perf script"),
    ("trace.dat.cpu0", "one CPU alone", "trace-cmd restore"), ("utf16.txt", "UTF-16", "iconv"),
    ("t.dat.xz", "xz", "xz -dk"),
    ("t.zip", "zip", "unzip"), ("x.pftrace", "Perfetto", "trace"),
  ]) func whatIsNotTakenIsNamed(name: String, problem: String, advice: String) throws {
    let error = try #require(throws: TraceError.self) {
      try CaptureSession(path: Fixture.path("../forms/foreign-formats/\(name)"))
    }
    #expect(error.problem.contains(problem), "\(error.problem)")
    #expect(error.advice.contains(advice), "\(error.advice)")
  }

  @Test func aFolderOfCTFIsNamed() throws {
    let error = try #require(throws: TraceError.self) {
      try CaptureSession(path: Fixture.path("../forms/foreign-formats"))
    }
    #expect(error.problem.contains("CTF trace"))
  }

  @Test func functionGraphWithoutTimesIsNamed() throws {
    let error = try #require(throws: TraceError.self) {
      try CaptureSession(path: Fixture.path("../forms/function-graph/input.txt"))
    }
    #expect(error.problem.contains("function_graph") && error.advice.contains("funcgraph-abstime"))
  }
}
