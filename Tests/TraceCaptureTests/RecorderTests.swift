import Foundation
import Testing
import TraceCore
import TraceReader

@testable import TraceCapture
@testable import TraceTestKit

/// Recordings on a folder that stands for tracefs: what its buffers hold must come out of the file, and nothing may be left.
@Suite(.serialized)
struct RecorderTests {
  /// Two CPUs, a wait of 9 ms among other things; many pages on CPU 1.
  static let events: [SchedEvent] = CannedEvents.all

  private func record(
    _ system: FakeSystem, _ change: (inout RecordOptions) -> Void = { _ in }
  ) throws -> (summary: RecordSummary, path: String, notes: [String]) {
    var options = RecordOptions()
    options.output = system.root.appending(path: "out.dat").path
    options.duration = 0.15
    options.probes = .none
    options.program = Tool.path
    options.recorder = "proxytrace test"
    change(&options)
    let notes = Lock<[String]>([])
    let summary = try Recorder(options, system.paths).record(
      note: { line in notes.withLock { $0.append(line) } }, progress: { _ in })
    return (summary, options.output, notes.withLock { $0 })
  }

  private static func read(_ path: String) throws -> (events: [SchedEvent], info: CaptureInfo) {
    var reader = try CaptureReader(path: path)
    var events: [SchedEvent] = []
    // That a CPU begins later or ends earlier is said by no record.
    while let event = reader.next() { if event.loss == nil { events.append(event) } }
    #expect(reader.diagnostics.isEmpty)
    return (events, reader.info)
  }

  @Test func theFileHoldsWhatTheBuffersHeld() throws {
    let system = try FakeSystem(events: Self.events)
    let before = system.state()
    let (summary, path, _) = try record(system)
    #expect(summary.end == .timeIsUp && summary.problems.isEmpty && summary.probes == ProbeSet.none)
    let (events, info) = try Self.read(path)
    #expect(events.map(Plain.init) == Self.events.map(Plain.init))
    #expect(info.format.version == 7 && info.clock.name == "mono" && info.cpus == [0, 1])
    #expect(info.kernelRelease == "7.3.0-test" && info.recorderVersion == "proxytrace test")
    #expect(system.state() == before)
    #expect(KernelFile.names(in: system.root.path).sorted() == ["out.dat", "proc", "sys"])
  }

  @Test func compressedOrNotItHoldsTheSame() throws {
    let system = try FakeSystem(events: Self.events)
    let before = system.state()
    var sizes: [RecordOptions.Compression: Int] = [:]
    for compression in RecordOptions.Compression.allCases {
      let (_, path, _) = try record(system) { $0.compression = compression }
      #expect(try Self.read(path).events.map(Plain.init) == Self.events.map(Plain.init))
      sizes[compression] = try Data(contentsOf: URL(filePath: path)).count
      #expect(system.state() == before)
    }
    #expect(try #require(sizes[.zstd]) < #require(sizes[RecordOptions.Compression.none]))
  }

  @Test(.enabled(if: Tool.hasTraceCommand), arguments: RecordOptions.Compression.allCases)
  func traceCommandReadsTheSame(_ compression: RecordOptions.Compression) throws {
    let system = try FakeSystem(events: Self.events)
    let (_, path, _) = try record(system) { $0.compression = compression }
    let ours = try Tool.run("/usr/bin/trace-cmd", ["report", "-t", "-R", "-i", path])
    var writer = try TraceDatWriter(CaptureLayout(version: 7))
    for event in Self.events { try writer.append(event) }
    let other = system.root.appending(path: "other.dat")
    try Data(try writer.finish()).write(to: other)
    let theirs = try Tool.run("/usr/bin/trace-cmd", ["report", "-t", "-R", "-i", other.path])
    #expect(ours.status == 0 && ours.errors.isEmpty)
    #expect(Tool.withoutNames(ours.output) == Tool.withoutNames(theirs.output) && ours.output.count > 1000)
    let dump = try Tool.run("/usr/bin/trace-cmd", ["dump", "--all", "-i", path])
    #expect(dump.status == 0 && dump.errors.isEmpty && dump.output.contains("\"buffer flyrecord\""))
  }

  @Test func probesComeUnderTheirUsualName() throws {
    let system = try FakeSystem(readme: Readme.linux73, events: Self.events)
    let before = system.state()
    let (summary, path, _) = try record(system) { $0.probes = .auto }
    #expect(summary.probes == .exact)
    let (_, info) = try Self.read(path)
    #expect(Set(info.events.filter { $0.system == "proxytrace" }.map(\.name)) == ["exit", "wait"])
    #expect(info.machineFacts["probes"] == "exact")
    #expect(system.state() == before)
  }

  @Test func aCPUWithoutEventsIsLeftOutAndOneThatIsNotThereIsRefused() throws {
    let system = try FakeSystem(events: Self.events.filter { $0.cpu == 0 })
    let (summary, path, _) = try record(system)
    #expect(summary.problems.isEmpty)
    #expect(try Self.read(path).info.cpus == [0])
    let error = #expect(throws: CaptureError.self) { try record(system) { $0.cpus = [0, 7] } }
    #expect(error?.description == "-C: the machine does not have all of these CPUs; it has 0,1")
  }

  @Test func aCommandThatDoesNotExistIsRefusedBeforeAnythingIsSetUp() throws {
    let system = try FakeSystem(events: Self.events)
    let before = system.state()
    let error = #expect(throws: CaptureError.self) { try record(system) { $0.command = ["no-such-command"] } }
    #expect(error?.description.hasPrefix("no-such-command: there is no such command; ") == true)
    #expect(system.state() == before && !KernelFile.exists(system.root.path + "/out.dat"))
  }

  @Test func aCommandEndsTheRecording() throws {
    let system = try FakeSystem(events: Self.events)
    let (summary, _, _) = try record(system) {
      $0.command = ["sh", "-c", "exit 3"]
      $0.duration = 20
    }
    #expect(summary.end == .commandEnded(status: 3) && summary.duration < 10)
  }

  @Test func withoutTracefsItSaysHowToMountIt() throws {
    let system = try FakeSystem(hasTracefs: false)
    let error = #expect(throws: CaptureError.self) { try record(system) }
    #expect(error?.description == "tracefs: is not mounted; mount -t tracefs nodev /sys/kernel/tracing")
  }

  @Test func aFolderThatDoesNotExistLeavesNothing() throws {
    let system = try FakeSystem(events: Self.events)
    let before = system.state()
    let error = #expect(throws: CaptureError.self) {
      try record(system) { $0.output = system.root.path + "/no/out.dat" }
    }
    #expect(error?.problem == "cannot be written: No such file or directory")
    #expect(system.state() == before)
  }

  @Test func aKernelWithoutSwitchesIsRefused() throws {
    let system = try FakeSystem(events: Self.events, missing: ["sched:sched_switch"])
    let before = system.state()
    #expect(throws: CaptureError.self) { try record(system) }
    #expect(system.state() == before)
  }

  @Test func anOlderCaptureIsReplacedOnlyByAWholeOne() throws {
    let system = try FakeSystem(events: Self.events)
    try system.file("out.dat", "old")
    #expect(throws: CaptureError.self) { try record(system) { $0.pids = [1 << 30] } }
    #expect(system.text("out.dat") == "old")
    _ = try record(system)
    #expect(try Self.read(system.root.path + "/out.dat").events.count == Self.events.count)
  }

  @Test func filtersAreSetAndNoted() throws {
    let system = try FakeSystem(events: Self.events)
    let (_, path, _) = try record(system) {
      $0.pids = [4711]
      $0.followsChildren = true
      $0.cpus = [0]
    }
    #expect(try Self.facts(path)["filter"] == "pid=4711 and their children cpu=0")
  }

  @Test func theFileTellsOfTheMachine() throws {
    let system = try FakeSystem(commandLine: "quiet sched_proxy_exec=0", events: Self.events)
    try system.file("boot/config-7.3.0-test", "CONFIG_SCHED_PROXY_EXEC=y\nCONFIG_HZ=1000\n")
    try system.file("sys/kernel/sched_ext/state", "enabled\n")
    try system.file("sys/kernel/sched_ext/root/ops", "simple\n")
    let (_, path, _) = try record(system)
    let facts = try Self.facts(path)
    let info = try Self.read(path).info
    #expect(info.machineFacts == facts && info.bootParameter("sched_proxy_exec") == "0")
    #expect(info.bootParameter("sched_proxy") == nil)
    #expect(facts["cmdline"] == "quiet sched_proxy_exec=0")
    #expect(facts["config"] == "CONFIG_HZ=1000\nCONFIG_SCHED_PROXY_EXEC=y\n")
    #expect(facts["sched_ext.ops"] == "simple" && facts["sched_ext.state"] == "enabled")
    #expect(facts["cgroups"] == "/user.slice\t4711\n")
    #expect(facts["probes"] == "none" && facts["mode"] == "stream")
  }

  /// The options of ours, found by their magic word: a reading that shares no code with the writer.
  private static func facts(_ path: String) throws -> [String: String] {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let magic = [0x74, 0x70] + [UInt8]()
    var found: [String: String] = [:]
    let word = Array("proxytrace\0".utf8)
    for start in bytes.indices.dropLast(word.count) where bytes[start] == word[0] && bytes[start...].starts(with: word)
    {
      // The id, little-endian, and the size stand before it.
      guard start >= 6, Array(bytes[start - 6..<start - 4]) == magic else { continue }
      let size = (0..<4).reduce(0) { $0 | Int(bytes[start - 4 + $1]) << (8 * $1) }
      let content = bytes[(start + word.count)..<(start + size)]
      let end = try #require(content.firstIndex(of: 0))
      found[String(decoding: content[..<end], as: UTF8.self)] = String(decoding: content[(end + 1)...], as: UTF8.self)
    }
    return found
  }

  @Test func aLongWaitStopsTheRecording() throws {
    let system = try FakeSystem(events: Self.events)
    let (summary, _, _) = try record(system) {
      $0.duration = 20
      $0.threshold = RecordOptions.Threshold("8ms=stop")
    }
    #expect(summary.end == .threshold(pid: 21, wait: 9_000_000) && summary.duration < 10)
  }

  @Test func aLongWaitRunsACommandWithItsFacts() throws {
    let system = try FakeSystem(events: Self.events)
    let out = system.root.appending(path: "told").path
    let (summary, _, notes) = try record(system) {
      $0.duration = 0.6
      $0.threshold = RecordOptions.Threshold("8ms=echo $PROXYTRACE_PID $PROXYTRACE_LOCK $PROXYTRACE_WAIT_NS > '\(out)'")
    }
    #expect(summary.end == .timeIsUp)
    #expect(try String(contentsOfFile: out, encoding: .utf8) == "21 0xffff888100 9000000\n")
    #expect(notes.contains { $0.hasPrefix("pid 21 has waited 9000 us") })
  }

  @Test func waitsShorterThanTheThresholdDoNothing() throws {
    let system = try FakeSystem(events: Self.events)
    let (summary, _, _) = try record(system) { $0.threshold = RecordOptions.Threshold("10ms=stop") }
    #expect(summary.end == .timeIsUp)
  }
}

/// What a round trip must keep of an event.
struct Plain: Hashable {
  var time: UInt64
  var cpu: CPU
  var pid: Pid
  var body: String

  init(_ event: SchedEvent) {
    (time, cpu, pid) = (event.timestamp.rawValue, event.cpu, event.pid)
    body = String(describing: event.body)
  }
}
