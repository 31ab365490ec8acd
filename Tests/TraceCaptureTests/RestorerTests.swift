import Foundation
import Testing

@testable import TraceCapture

/// What a recorder leaves when it is killed: nothing.
@Suite(.serialized)
struct RestorerTests {
  private func waitUntil(_ seconds: Double = 15, _ condition: () -> Bool) -> Bool {
    let end = Clock.now() + seconds
    while Clock.now() < end {
      if condition() { return true }
      usleep(2_000)
    }
    return condition()
  }

  /// Processes whose command line holds a text.
  private func processes(_ text: String) -> [String] {
    KernelFile.names(in: "/proc").filter { pid in
      pid.first?.isNumber == true && (KernelFile.text("/proc/\(pid)/cmdline") ?? "").contains(text)
    }
  }

  @Test func afterSIGKILLAtAnyInstantTracefsIsAsBefore() throws {
    var random = SystemRandomNumberGenerator()
    for round in 0..<20 {
      let system = try FakeSystem(events: CannedEvents.all)
      let before = system.state()
      let output = system.root.appending(path: "out.dat").path
      let run = try Tool.start(
        Tool.path, ["record", "--events-only", "--system-root", system.root.path, "-d", "5", "-o", output])
      usleep(UInt32.random(in: 0..<200_000, using: &random))
      kill(run.process.processIdentifier, SIGKILL)
      run.process.waitUntilExit()
      // The helper's command line names the folder.
      #expect(waitUntil { processes(system.root.path).isEmpty }, "round \(round)")
      #expect(system.state() == before, "round \(round)")
      #expect(KernelFile.names(in: system.root.path).filter { $0.hasPrefix("out.dat") } == [], "round \(round)")
    }
  }

  /// The whole group gets a signal from a terminal: the helper must not die of it.
  @Test func aSignalToTheGroupEndsTheRecordingWell() throws {
    let system = try FakeSystem(events: CannedEvents.all)
    let before = system.state()
    let output = system.root.appending(path: "out.dat").path
    // A child that Foundation starts leads a group of its own.
    let run = try Tool.start(
      Tool.path,
      ["record", "--events-only", "--no-report", "--system-root", system.root.path, "-o", output, "-d", "60"])
    #expect(waitUntil { !KernelFile.names(in: system.tracefs.path + "/instances").isEmpty })
    usleep(200_000)
    #expect(kill(-run.process.processIdentifier, SIGINT) == 0)
    run.process.waitUntilExit()
    #expect(run.process.terminationStatus == 0)
    #expect(system.state() == before && KernelFile.exists(output))
    #expect(try String(contentsOf: run.errors, encoding: .utf8).contains("interrupted"))
  }

  @Test func probesOfTheRecorderAloneAreRemoved() throws {
    let system = try FakeSystem()
    let name = RecorderName(pid: 77, start: 88)
    let others = "p:mine/event do_exit\nt:proxytrace_77_889/exit sched_exit_tp\n"
    try system.file("sys/kernel/tracing/dynamic_events", others + "t:\(name.text)/exit a\nt:\(name.text)/wait b\n")
    let restorer = try Restorer(program: Tool.path, Removal(tracefs: system.tracefs.path, name: name), part: "")
    #expect(restorer.finish().isEmpty)
    #expect(system.text("sys/kernel/tracing/dynamic_events") == others)
  }

  /// Somebody kills the helper: the recorder does its work.
  @Test func aHelperThatWasKilledIsReplaced() throws {
    let system = try FakeSystem()
    let name = RecorderName(pid: 77, start: 88)
    try system.file("sys/kernel/tracing/dynamic_events", "t:\(name.text)/exit a\n")
    let restorer = try Restorer(program: Tool.path, Removal(tracefs: system.tracefs.path, name: name), part: "")
    #expect(waitUntil { !processes("\(system.tracefs.path)\0\(name.text)").isEmpty })
    for pid in processes("\(system.tracefs.path)\0\(name.text)") { kill(pid_t(pid) ?? 0, SIGKILL) }
    #expect(restorer.finish().isEmpty)
    #expect(system.text("sys/kernel/tracing/dynamic_events") == "")
  }

  @Test func twoRecordersAtOnceDoNotDisturbEachOther() throws {
    let system = try FakeSystem(events: CannedEvents.all)
    let before = system.state()
    let runs = try (0..<2).map { number in
      try Tool.start(
        Tool.path,
        [
          "record", "--events-only", "--no-report", "--system-root", system.root.path, "-d", "0.5", "-o",
          system.root.path + "/\(number).dat",
        ])
    }
    for run in runs {
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == 0)
    }
    #expect(system.state() == before)
    #expect(["0.dat", "1.dat"].allSatisfy { KernelFile.exists(system.root.path + "/" + $0) })
  }
}
