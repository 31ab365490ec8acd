import CZlib
import Foundation
import PerfettoProtos
import ProxyTraceKit
import SwiftProtobuf
import Testing
import TraceCore

/// What a Perfetto trace says beside its events: losses, clocks, names, packets in packets, events that it describes itself.
struct PerfettoTests {
  private func bundle(
    _ cpu: UInt32, _ times: [UInt64], lost: Bool = false, clock: Perfetto_Protos_FtraceClock? = nil
  ) -> Perfetto_Protos_TracePacket {
    var packet = Perfetto_Protos_TracePacket()
    packet.ftraceEvents.cpu = cpu
    if lost { packet.ftraceEvents.lostEvents = true }
    if let clock { packet.ftraceEvents.ftraceClock = clock }
    packet.ftraceEvents.event = times.enumerated().map { number, time in
      var event = Perfetto_Protos_FtraceEvent()
      let (from, to) = number % 2 == 0 ? (Int32(1), Int32(2)) : (2, 1)
      event.timestamp = time
      event.pid = UInt32(from)
      event.schedSwitch.prevComm = "task\(from)"
      event.schedSwitch.prevPid = from
      event.schedSwitch.prevPrio = 120
      event.schedSwitch.prevState = 1
      event.schedSwitch.nextComm = "task\(to)"
      event.schedSwitch.nextPid = to
      event.schedSwitch.nextPrio = 120
      return event
    }
    return packet
  }

  private func bytes(_ packets: [Perfetto_Protos_TracePacket]) throws -> [UInt8] {
    var trace = Perfetto_Protos_Trace()
    trace.packet = packets
    return try trace.serializedBytes()
  }

  private func events(_ bytes: [UInt8]) throws -> (events: [SchedEvent], session: CaptureSession) {
    let session = try CaptureSession(bytes: bytes)
    var events: [SchedEvent] = []
    // That a CPU begins later or ends earlier is said by no packet.
    try session.forEachEvent { event in
      if event.loss?.isQuiet != true { events.append(event) }
      return true
    }
    return (events, session)
  }

  @Test func cpusAreMerged() throws {
    let found = try events(bytes([bundle(1, [20, 40, 60]), bundle(0, [10, 50]), bundle(0, [70]), bundle(1, [65])]))
      .events
    #expect(found.map(\.timestamp.rawValue) == [10, 20, 40, 50, 60, 65, 70])
    #expect(found.map(\.cpu) == [0, 1, 1, 0, 1, 1, 0])
  }

  /// As those of every other capture.
  @Test func aCPUsRecordsMayBeginLaterAndEndEarlier() throws {
    let data = try bytes([bundle(0, [1000, 2000]), bundle(1, [1500, 9000])])
    let gaps = try CaptureSession(bytes: data).load().timeline.gaps
    #expect(gaps.map(\.cpu) == [1, 0])
    #expect(gaps.map(\.begin.rawValue) == [1000, 2000] && gaps.map(\.end.rawValue) == [1500, 9000])
    #expect(gaps.allSatisfy { $0.isQuiet })
  }

  @Test func lossesAreGapsOfTheirCPU() throws {
    let data = try bytes([
      bundle(0, [1000, 2000]), bundle(1, [1500]), bundle(0, [9000], lost: true), bundle(1, [9500]),
    ])
    let found = try events(data).events
    let losses = found.compactMap { event -> (CPU, UInt64, LostEvents)? in
      event.loss.map { (event.cpu, event.timestamp.rawValue, $0) }
    }
    #expect(losses.count == 1)
    let loss = try #require(losses.first)
    #expect(loss.0 == 0 && loss.1 == 2000 && loss.2 == LostEvents(until: Timestamp(9000), count: nil))
    let gaps = try CaptureSession(bytes: data).load().timeline.gaps
    #expect(gaps.filter { !$0.isQuiet }.map(\.cpu) == [0])
  }

  @Test func droppedPacketsMayHaveBeenOfAnyCPU() throws {
    var data = try bytes([bundle(0, [1000]), bundle(1, [1500])])
    // A packet with `previous_packet_dropped` (42) alone.
    data += [0x0a, 3, 0xd0, 0x02, 1]
    data += try bytes([bundle(0, [9000]), bundle(1, [9500])])
    let losses = try events(data).events.filter { $0.loss != nil }
    #expect(losses.map(\.cpu) == [0, 1] && losses.map(\.timestamp.rawValue) == [1000, 1500])
  }

  @Test func clocks() throws {
    func clock(_ clock: Perfetto_Protos_FtraceClock?) throws -> LoadedCapture {
      try CaptureSession(bytes: bytes([bundle(0, [1000, 2000], clock: clock)])).load()
    }
    #expect(try clock(nil).info.clock == TraceClock(name: "boot", unit: .nanoseconds))
    #expect(try clock(.local).info.clock.name == "local")
    #expect(try clock(.local).diagnostics.all.contains { $0.kind == .clockPerCPU })
    #expect(try clock(.unknown).diagnostics.all.contains { $0.kind == .clockUnknown })
  }

  @Test func theMachine() throws {
    var system = Perfetto_Protos_TracePacket()
    system.systemInfo.numCpus = 6
    system.systemInfo.tracingServiceVersion = "Perfetto v50"
    system.systemInfo.utsname.sysname = "Linux"
    system.systemInfo.utsname.release = "6.12.1"
    system.systemInfo.utsname.machine = "aarch64"
    var tree = Perfetto_Protos_TracePacket()
    var thread = Perfetto_Protos_ProcessTree.Thread()
    (thread.tid, thread.name) = (9, "named")
    tree.processTree.threads = [thread]
    let capture = try CaptureSession(bytes: bytes([system, tree, bundle(3, [1000, 2000])])).load()
    #expect(capture.info.cpuCount == 6 && capture.info.kernelRelease == "6.12.1" && capture.info.cpus == [3])
    #expect(capture.info.recorderVersion == "Perfetto v50" && capture.info.format.isPerfetto)
  }

  @Test func packetsInPackets() throws {
    let inner = try bytes([bundle(0, [1000, 2000]), bundle(1, [1500])])
    var size = compressBound(uLong(inner.count))
    var compressed = [UInt8](repeating: 0, count: Int(size))
    let status = compress(&compressed, &size, inner, uLong(inner.count))
    #expect(status == Z_OK)
    var outer = Perfetto_Protos_TracePacket()
    outer.compressedPackets = Data(compressed.prefix(Int(size)))
    let found = try events(bytes([bundle(0, [500]), outer, bundle(1, [3000])])).events
    #expect(found.map(\.timestamp.rawValue) == [500, 1000, 1500, 2000, 3000])
  }

  @Test(arguments: ["gzip", "zstd"]) func compressedAsAWhole(program: String) throws {
    let path = NSTemporaryDirectory() + "/proxytrace-perfetto-\(program)-\(getpid())"
    defer { unlink(path) }
    try Data(bytes([bundle(0, [1000, 2000]), bundle(1, [1500])])).write(to: URL(filePath: path))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program, "-c", path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let compressed = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    let (found, session) = try events(compressed)
    #expect(found.map(\.timestamp.rawValue) == [1000, 1500, 2000] && session.info.format.compression == program)
  }

  /// Since 2025 a trace describes the events that Perfetto has no message for, and they are fields of their own number.
  @Test func eventsThatTheTraceDescribes() throws {
    func varint(_ value: UInt64) -> [UInt8] {
      value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f | 0x80)] + varint(value >> 7)
    }
    func message(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
      varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
    func text(_ field: UInt64, _ text: String) -> [UInt8] { message(field, Array(text.utf8)) }
    func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }
    func described(_ name: String, _ place: UInt64) -> [UInt8] {
      message(2, text(1, name) + number(3, place) + number(5, 4))
    }
    let descriptor: [UInt8] = text(1, "contention_begin") + described("lock_addr", 1) + described("flags", 2)
    let generic: [UInt8] = number(1, 65_540) + message(2, descriptor) + text(3, "lock")
    let fields: [UInt8] = number(1, 0xabcd) + number(2, 32)
    let event: [UInt8] = number(1, 1000) + number(2, 7) + message(65_540, fields)
    let bundle: [UInt8] = number(1, 2) + message(2, event) + message(11, generic)
    let found = try events(message(1, message(1, bundle))).events
    guard case .contentionBegan(let lock, let flags)? = found.first?.body else {
      Issue.record("\(found)")
      return
    }
    #expect(lock == LockAddress(0xabcd) && flags == .mutex && found[0].pid == 7 && found[0].cpu == 2)
  }

  @Test func whatIsCutOffIsDamage() throws {
    let whole = try bytes((0..<50).map { bundle(UInt32($0 % 2), [UInt64($0) * 1000 + 1000]) })
    for length in stride(from: 200, to: whole.count, by: 7) {
      let capture = try CaptureSession(bytes: Array(whole[..<length])).load()
      #expect(capture.timeline.eventCount <= 50)
    }
    let capture = try CaptureSession(bytes: Array(whole.dropLast(3))).load()
    #expect(capture.timeline.eventCount == 49 && capture.diagnostics.hasDamage)
  }
}
