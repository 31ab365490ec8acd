import Foundation
import Testing

@testable import TraceCapture

/// Which probes a kernel takes, and what they are.
struct ProbeTests {
  private static func best(_ readme: String, btf: BTF? = nil) -> ProbeSet? {
    let facts = ProbeFacts(readme: readme, events: [], btf: btf)
    return ProbeSet.allCases.first { facts.support(of: $0).isLikely }
  }

  @Test(arguments: [
    (Readme.linux61, ProbeSet.none), (Readme.linux64, .none), (Readme.linux66, .switches),
    (Readme.linux72, .switches),
    (Readme.linux73, .exact), ("", .none),
  ])
  func theReadmeDecides(_ readme: String, _ expected: ProbeSet) {
    #expect(Self.best(readme) == expected)
  }

  @Test func typesDecideWhereTheyCanBeRead() throws {
    let plain = try #require(TypesBuilder.make(["rq": ["curr"], "task_struct": ["pid"]]))
    #expect(Self.best(Readme.linux73, btf: plain) == ProbeSet.none)
    #expect(Self.best(Readme.linux66, btf: plain) == ProbeSet.none)
    let proxying = try #require(
      TypesBuilder.make(["rq": ["curr", "donor"], "task_struct": ["pid", "blocked_donor"]]))
    #expect(Self.best(Readme.linux73, btf: proxying) == .exact)
    #expect(Self.best(Readme.linux66, btf: proxying) == .switches)
  }

  @Test func aReasonIsGivenForWhatIsMissing() {
    let facts = ProbeFacts(readme: Readme.linux66, events: [], btf: nil)
    guard case .impossible(let reason) = facts.support(of: .exact) else {
      Issue.record("6.6 has no exact probe")
      return
    }
    #expect(reason.contains("7.3"))
  }

  /// The texts of the specification, section 3.
  @Test func theProbesAreThoseOfTheSpecification() {
    #expect(
      ProbeSet.exact.probes.map { $0.definition(in: "proxytrace") } == [
        "t:proxytrace/exit sched_exit_tp is_switch=is_switch donor=(rq)(this_cpu_ptr(@runqueues))->donor->pid dprio=(rq)(this_cpu_ptr(@runqueues))->donor->prio curr=$current->pid",
        "t:proxytrace/wait contention_begin lock=lock:x64 flags=flags owner=+0(lock):x64",
      ])
    let switches = ProbeSet.switches.probes.map { $0.definition(in: "proxytrace") }
    #expect(
      switches.first
        == "t:proxytrace/switch sched_switch prev_pid=prev->pid next_pid=next->pid next_task=next:x64 donor=next->blocked_donor:x64 donor_pid=next->blocked_donor->pid donor2=next->blocked_donor->blocked_donor:x64 donor2_pid=next->blocked_donor->blocked_donor->pid donor3=next->blocked_donor->blocked_donor->blocked_donor:x64 donor3_pid=next->blocked_donor->blocked_donor->blocked_donor->pid prev_blocked_on=prev->blocked_on:x64"
    )
    #expect(switches.contains("f:proxytrace/set_next_fair set_next_task_fair pid=p->pid prio=p->prio"))
    #expect(switches.contains("f:proxytrace/set_next_dl set_next_task_dl pid=p->pid prio=p->prio"))
    #expect(!switches.contains { $0.contains("scx") })
  }

  private func install(_ system: FakeSystem, _ wanted: RecordOptions.Probes) throws -> ProbeInstaller.Installed {
    let name = RecorderName(pid: 12, start: 34)
    let facts = ProbeFacts(readme: system.text("sys/kernel/tracing/README"), events: [], btf: nil)
    return try ProbeInstaller(system.tracefs.path, name, facts).install(wanted)
  }

  @Test func installingWritesTheGroupOfTheRecorder() throws {
    let system = try FakeSystem(readme: Readme.linux73)
    try system.file("sys/kernel/tracing/dynamic_events", "p:mine/event do_exit\n")
    let installed = try install(system, .auto)
    #expect(installed.set == .exact && installed.names == ["exit", "wait"] && installed.refusals.isEmpty)
    let lines = system.text("sys/kernel/tracing/dynamic_events").split(separator: "\n")
    #expect(
      lines.map { $0.prefix { $0 != " " } } == ["p:mine/event", "t:proxytrace_12_34/exit", "t:proxytrace_12_34/wait"])
  }

  @Test func aWorseSetSaysWhyABetterOneWasNotTaken() throws {
    let installed = try install(try FakeSystem(readme: Readme.linux66), .auto)
    #expect(installed.set == .switches && installed.refusals.count == 1)
    #expect(try install(try FakeSystem(readme: Readme.linux61), .auto).set == ProbeSet.none)
  }

  @Test func whatIsDemandedAndMissingIsAnError() throws {
    let system = try FakeSystem(readme: Readme.linux61)
    let error = #expect(throws: CaptureError.self) { try install(system, .exact) }
    #expect(error?.description.contains("--probes exact: no exact probes: tracepoint probes are missing") == true)
  }

  @Test func aKernelThatRefusesGetsTheNextSet() throws {
    let system = try FakeSystem(readme: Readme.linux73)
    // A file that cannot be written.
    let events = system.tracefs.appending(path: "dynamic_events")
    try FileManager.default.removeItem(at: events)
    try FileManager.default.createDirectory(at: events, withIntermediateDirectories: false)
    let installed = try install(system, .auto)
    #expect(installed.set == ProbeSet.none && installed.refusals.count == 2)
  }
}

/// BTF of a few structures whose members are all at offset 0, 8, 16 …
enum TypesBuilder {
  static func bytes(_ structures: [String: [String]]) -> [UInt8] {
    var strings: [UInt8] = [0]
    func name(_ text: String) -> UInt32 {
      defer { strings += Array(text.utf8) + [0] }
      return UInt32(strings.count)
    }
    var types: [UInt8] = []
    // Type 1: an integer.
    types.put(name("int"))
    types.put(UInt32(1 << 24))
    types.put(UInt32(4))
    types.put(UInt32(32))
    for (structure, members) in structures.sorted(by: { $0.key < $1.key }) {
      types.put(name(structure))
      types.put(UInt32(4 << 24 | members.count))
      types.put(UInt32(8 * members.count))
      for (index, member) in members.enumerated() {
        types.put(name(member))
        types.put(UInt32(1))
        types.put(UInt32(64 * index))
      }
    }
    var all: [UInt8] = [0x9f, 0xeb, 1, 0]
    all.put(UInt32(24))
    all.put(UInt32(0))
    all.put(UInt32(types.count))
    all.put(UInt32(types.count))
    all.put(UInt32(strings.count))
    return all + types + strings
  }

  static func make(_ structures: [String: [String]]) -> BTF? { BTF(bytes(structures)) }
}

struct BTFTests {
  @Test func membersAreFound() throws {
    let types = try #require(TypesBuilder.make(["rq": ["curr", "donor"], "task": ["pid"]]))
    #expect(types.offset(of: "donor", in: "rq") == 8)
    #expect(types.offset(of: "curr", in: "rq") == 0)
    #expect(types.offset(of: "pid", in: "rq") == nil)
    #expect(types.offset(of: "don", in: "rq") == nil)
    #expect(types.hasStructure("task") && !types.hasStructure("tas"))
  }

  /// Cut anywhere, or with any byte changed, it is refused or read: it does not trap.
  @Test func damagedTypesDoNotTrap() {
    let whole = TypesBuilder.bytes(["rq": ["curr", "donor"]])
    for count in 0..<whole.count { _ = BTF(Array(whole[..<count]))?.offset(of: "donor", in: "rq") }
    for index in whole.indices {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
        var damaged = whole
        damaged[index] = value
        _ = BTF(damaged)?.offset(of: "donor", in: "rq")
      }
    }
  }

  /// The machine's own, where it has one.
  @Test(.enabled(if: KernelFile.exists("/sys/kernel/btf/vmlinux")))
  func theKernelsTypesAreRead() throws {
    let types = try #require(BTF(KernelFile.bytes("/sys/kernel/btf/vmlinux") ?? []))
    #expect(types.offset(of: "pid", in: "task_struct") != nil)
    #expect(types.offset(of: "curr", in: "rq") != nil)
  }
}
