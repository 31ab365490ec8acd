import Foundation
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// The table of diagnostics: each can be provoked, and the documentation lists them all.
struct DiagnosticTests {
  /// A way of a kind of damage, done to a capture.
  private static func damaged(_ name: String, _ way: Int, _ capture: String = "formats/v7-none") throws -> [UInt8] {
    let kind = try #require(DamageClass.all.first { $0.name == name })
    let map = try CaptureMap(Fixture.bytes("captures/\(capture).dat"))
    return try #require(kind.damage(map, way)).bytes
  }

  /// A capture of these events, the first of which makes it a trace.
  private static func made(_ bodies: [EventBody], pid: Pid = 5) throws -> [UInt8] {
    let (a, b) = (
      TaskSnapshot(pid: 5, priority: Priority(120), comm: "a"), TaskSnapshot(pid: 0, priority: Priority(120), comm: "b")
    )
    var writer = try TraceDatWriter(CaptureLayout(version: 6))
    let switched = EventBody.switched(SwitchRecord(previous: b, previousState: .running, next: a))
    for (index, body) in ([switched] + bodies).enumerated() {
      try writer.append(
        SchedEvent(timestamp: Timestamp(1000 + UInt64(index)), cpu: 0, pid: index == 0 ? 0 : pid, body: body))
    }
    return try writer.finish()
  }

  /// A capture with another text of the same length in its metadata.
  private static func replaced(_ old: String, _ new: String, in bytes: [UInt8]) throws -> [UInt8] {
    let (old, new) = (Array(old.utf8), Array(new.utf8))
    try #require(old.count == new.count)
    let place = try #require(bytes.indices.dropLast(old.count).first { bytes[$0..<$0 + old.count].elementsEqual(old) })
    var bytes = bytes
    bytes.replaceSubrange(place..<place + old.count, with: new)
    return bytes
  }

  private static func text(_ kind: DiagnosticKind) -> [UInt8] {
    let line = { (time: Int, cpu: Int) in
      "           a-1       [00\(cpu)] d..2. 1.00000\(time): sched_switch: a:1 [120] S ==> b:2 [120]\n"
    }
    switch kind {
    case .cutByHand: return Array((line(1, 0) + "[...]\n" + line(2, 1)).utf8)
    case .sortedLines: return Array((line(2, 0) + line(1, 1)).utf8)
    default: return Array(("# entries-in-buffer/entries-written: 2/5   #P:2\n" + line(1, 0) + line(2, 1)).utf8)
    }
  }

  private static func provoke(_ kind: DiagnosticKind) throws -> [UInt8] {
    let task = TaskSnapshot(pid: 7, priority: Priority(120), comm: "c")
    let whole = try Fixture.bytes("captures/formats/v6-mono.dat")
    switch kind {
    case .truncatedFile: return Array(whole.dropLast(5000))
    case .truncatedMetadata:
      var capture = try RawCapture()
      capture.options = [(8, [1])]
      capture.cpus = [try HostileFile.pages()]
      return capture.bytes()
    case .unreadableSection: return try damaged("overlapping tables", 8)
    case .unreadableChunk:
      let chunk = try Bomb.chunk(.zstd, content: [0, 0, 0, 0], size: .max)
      return try Bomb.capture(.zstd, events: HostileFile.events, cpus: [[chunk]])
    case .unclaimedData: return try damaged("absurd integer", 1288)
    case .anotherCapture: return whole + whole
    case .impossibleFormat:
      // `ret` on top of `lock_addr`.
      return try replaced("field:int ret;\toffset:16;", "field:int ret;\toffset:12;", in: whole)
    case .formatRejected:
      var capture = try RawCapture()
      capture.formats.append(("proxytrace", [Array("name: switch\nID: 999\nno format\n".utf8)]))
      capture.cpus = [try HostileFile.pages()]
      return capture.bytes()
    // By the map below.
    case .unusedMapping: return whole
    case .clockUnknown:
      var capture = try RawCapture()
      capture.cpus = [try HostileFile.pages()]
      return capture.bytes()
    case .clockNotNanoseconds: return try Fixture.bytes("captures/formats/clock-counter.dat")
    case .clockPerCPU: return try Fixture.bytes("captures/formats/clock-local.dat")
    case .badPage: return try damaged("zeroed page", 2)
    case .badRecord: return try damaged("zeroed sector", 49152 / 512 + 3)
    case .timestampBackwards, .switchDiscontinuity: return try damaged("swapped pages", 2)
    case .unknownEventID: return try damaged("unknown event", 1)
    case .badLine, .foreignLine:
      let good = "           a-1       [000] d..2. 1.000001: sched_switch: a:1 [120] S ==> b:2 [120]"
      return Array("\(good)\nnothing\n\(good.dropLast(9))\n".utf8)
    case .tornLine:
      let good = "           a-1       [000] d..2. 1.000001: sched_switch: a:1 [120] S ==> b:2 [120]"
      return Array("\(good)\nprev_state=S ==> next_comm=b next_pid=2 next_prio=120\n\n\(good)\n".utf8)
    case .filteredByTask: return try Fixture.bytes("forms/filtered-by-pid/trace-cmd-F.dat")
    case .lockWithoutAddress:
      let good = "           a-1       [000] d..2. 1.000001: sched_switch: a:1 [120] S ==> b:2 [120]"
      return Array(
        "\(good)\n           b-2       [000] d..2. 1.000002: contention_begin: (____ptrval____) (flags=MUTEX)\n".utf8)
    case .cutByHand, .sortedLines, .overwrittenBuffer: return Self.text(kind)
    case .lostEvents: return try made([.lost(LostEvents(until: nil, count: 3)), .other])
    case .quietCPU: return try Fixture.bytes("captures/proxy-off-probed/crowd.dat")
    case .outOfOrder: return try damaged("swapped pages", 2)
    case .pidOutOfRange: return try made([.other], pid: -5)
    case .contentionEndWithoutBegin: return try made([.contentionEnded(lock: LockAddress(0x1000), result: 0)])
    case .cpuOutOfRange: return try made([.wakeup(WakeRecord(task: task, targetCPU: 99_999))])
    case .timestampOutOfRange: return try damaged("clock running back", 4)
    case .probesDisagree:
      let probe = SwitchProbe(
        previous: 0, next: 5, nextTask: 0x6000, donors: ((0x5000, 8), (0, 0), (0, 0)), previousBlockedOn: 0)
      return try made([
        .probedSwitch(probe), .probedExit(isSwitch: true, donor: 7, donorPriority: Priority(100), curr: 5),
      ])
    }
  }

  @Test(arguments: DiagnosticKind.allCases) func canBeProvoked(kind: DiagnosticKind) throws {
    var examiner = Examiner()
    if kind == .unusedMapping {
      examiner.map = EventMap(own: [EventMap.Entry(system: "sched", name: "sched_swich", role: .switched)])
    }
    let result = examiner.examine(try Self.provoke(kind))
    #expect(result.violations.isEmpty)
    #expect(result.diagnostics.all.contains { $0.kind == kind }, "\(result.diagnostics.all.map(\.kind))")
  }

  @Test func theDocumentationListsThemAll() throws {
    let document = String(
      decoding: try [UInt8](Data(contentsOf: Fixture.repository("docs/robustness.md"))), as: UTF8.self)
    let rows = DiagnosticKind.allCases.map {
      "| `\($0.rawValue)` | \($0.severity) | \($0.summary) | \($0.advice) |"
    }
    #expect(document.contains(rows.joined(separator: "\n")), "\(rows.joined(separator: "\n"))")
  }
}
