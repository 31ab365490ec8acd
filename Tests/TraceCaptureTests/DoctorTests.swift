import Foundation
import Testing

@testable import TraceCapture

/// What doctor says of machines that it is shown.
struct DoctorTests {
  private func row(_ key: String, _ system: FakeSystem, isRoot: Bool = true) -> DoctorRow? {
    Doctor(system.paths, isRoot: isRoot).diagnose().rows.first { $0.key == key }
  }

  @Test(arguments: [
    (Readme.linux61, RecordingPower.inferred), (Readme.linux66, .exact), (Readme.linux72, .exact),
    (Readme.linux73, .exact),
  ])
  func theReadmeTellsHowExact(_ readme: String, _ power: RecordingPower) throws {
    let system = try FakeSystem(readme: readme)
    let diagnosis = withExtendedLifetime(system) { Doctor(system.paths, isRoot: true).diagnose() }
    #expect(diagnosis.power == power && diagnosis.powerAsRoot == nil)
    #expect(diagnosis.rows.filter { $0.level == .blocks } == [])
  }

  @Test func withoutRootNothingIsPossibleAndItSaysWhatWouldBe() throws {
    let system = try FakeSystem(readme: Readme.linux73)
    let diagnosis = withExtendedLifetime(system) { Doctor(system.paths, isRoot: false).diagnose() }
    #expect(diagnosis.power == .nothing)
    // The kernel's types are not readable in this folder: exact cannot be promised.
    #expect(diagnosis.powerAsRoot == .inferred)
    #expect(diagnosis.rows.first { $0.key == "root" }?.remedy.contains("sudo") == true)
  }

  @Test func withoutTracefsNothingIsPossible() throws {
    let system = try FakeSystem(hasTracefs: false)
    #expect(Doctor(system.paths, isRoot: true).diagnose().power == .nothing)
    #expect(row("tracefs", system)?.remedy == "mount -t tracefs nodev /sys/kernel/tracing")
  }

  @Test func lockdownBlocks() throws {
    let system = try FakeSystem(readme: Readme.linux73)
    try system.file("sys/kernel/security/lockdown", "none integrity [confidentiality]\n")
    #expect(row("lockdown", system)?.level == .blocks)
    try system.file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    #expect(row("lockdown", system)?.level == .good)
  }

  @Test func missingEventsAreNamedWithWhatTheyCost() throws {
    let system = try FakeSystem(missing: ["lock:contention_begin", "lock:contended_release"])
    let events = try #require(row("events", system))
    #expect(events.level == .limits && events.found == "missing: lock:contention_begin" && events.why == "all waits")
    #expect(row("contended_release", system)?.level == .limits)
    #expect(row("events", try FakeSystem(missing: ["sched:sched_switch"]))?.level == .blocks)
  }

  @Test func contendedReleaseOfLinux73IsForSpinlocksToo() throws {
    #expect(row("contended_release", try FakeSystem(release: "7.3.0"))?.found.contains("spinlocks") == true)
    #expect(row("contended_release", try FakeSystem(release: "7.2.13"))?.found == "there")
  }

  @Test func proxyExecutionIsKnownByConfigurationAndCommandLine() throws {
    let system = try FakeSystem(commandLine: "quiet sched_proxy_exec=1 sched_proxy_exec=0")
    #expect(row("proxy execution", system)?.confidence == .unknown)
    try system.file("boot/config-7.3.0-test", "CONFIG_SCHED_PROXY_EXEC=y\n# CONFIG_X is not set\n")
    #expect(row("proxy execution", system)?.found == "built in, and switched off: booted with sched_proxy_exec=0")
    try system.file("boot/config-7.3.0-test", "# CONFIG_SCHED_PROXY_EXEC is not set\n")
    #expect(row("proxy execution", system)?.found == "not built in")
    let plain = try FakeSystem()
    try plain.file("boot/config-7.3.0-test", "CONFIG_SCHED_PROXY_EXEC=y\n")
    #expect(row("proxy execution", plain)?.level == .good)
  }

  @Test func aPackedConfigurationIsRead() throws {
    let system = try FakeSystem()
    try system.file("proc/config.gz", bytes: try Self.gzip("CONFIG_SCHED_PROXY_EXEC=y\n"))
    #expect(row("proxy execution", system)?.found == "built in, and on by default")
  }

  private static func gzip(_ text: String) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gzip-\(UUID().uuidString)")
    try Data(text.utf8).write(to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-c", folder.path]
    let pipe = Foundation.Pipe()
    process.standardOutput = pipe
    try process.run()
    let packed = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](packed)
  }

  @Test func aBPFSchedulerIsNamedAndLeftAlone() throws {
    let system = try FakeSystem()
    #expect(row("sched_ext", system)?.found == "not built in")
    try system.file("sys/kernel/sched_ext/state", "disabled\n")
    #expect(row("sched_ext", system)?.found == "no BPF scheduler is loaded")
    try system.file("sys/kernel/sched_ext/state", "enabled\n")
    try system.file("sys/kernel/sched_ext/root/ops", "simple\n")
    let loaded = try #require(row("sched_ext", system))
    #expect(loaded.found == "enabled: simple" && loaded.why.contains("no probe is put at its functions"))
  }

  @Test func otherUsersAreNamed() throws {
    let system = try FakeSystem()
    #expect(row("other tracing", system)?.level == .good)
    try system.file("sys/kernel/tracing/current_tracer", "function\n")
    try system.file("sys/kernel/tracing/set_event", "sched:sched_switch\n")
    try system.file("sys/kernel/tracing/instances/theirs/tracing_on", "1\n")
    #expect(row("other tracing", system)?.found == "tracer function; 1 event in the top buffer; instances theirs")
  }

  @Test func whatADeadRecorderLeftIsFoundAndRemoved() throws {
    let system = try FakeSystem()
    #expect(row("left behind", system)?.level == .good)
    let dead = RecorderName(pid: getpid(), start: 1)
    let alive = try #require(RecorderName())
    #expect(!dead.isAlive && alive.isAlive)
    for name in [dead, alive] {
      try FileManager.default.createDirectory(
        at: system.tracefs.appending(path: "instances/\(name.text)"), withIntermediateDirectories: true)
    }
    let others = "p:mine/event do_exit\nt:\(alive.text)/exit sched_exit_tp\n"
    try system.file("sys/kernel/tracing/dynamic_events", others + "t:\(dead.text)/exit sched_exit_tp\n")
    #expect(row("left behind", system)?.found == dead.text)
    let (cleaned, problems) = Removal.clean(system.paths)
    #expect(cleaned == [dead.text] && problems.isEmpty)
    #expect(system.text("sys/kernel/tracing/dynamic_events") == others)
    #expect(KernelFile.names(in: system.tracefs.appending(path: "instances").path) == [alive.text])
  }

  @Test func theNameSaysWhoRecords() throws {
    #expect(RecorderName("proxytrace_12_34") == RecorderName(pid: 12, start: 34))
    #expect(RecorderName("proxytrace_12_34_w") == RecorderName(pid: 12, start: 34))
    for text in ["proxytrace", "proxytrace_12", "proxytrace_x_1", "proxytrace_12_34_56", "theirs", "proxytrace_0_1"] {
      #expect(RecorderName(text) == nil)
    }
  }
}
