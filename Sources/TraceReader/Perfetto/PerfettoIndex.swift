import CZlib
import PerfettoProtos
import SwiftProtobuf
import TraceCore

/// Where a Perfetto trace has its bundles of scheduler events, and what else it says of the machine.
///
/// A trace is packets one after the other, each CPU's events in bundles among them (protos/perfetto/trace/perfetto_trace.proto).
struct PerfettoIndex {
  /// A packet's bundle of events of one CPU.
  struct Bundle {
    var place: UInt64
    var size: UInt32
    var cpu: CPU
    /// In the decompressed packets instead of the file.
    var isSpooled: Bool
    /// Packets before it were dropped, on all CPUs.
    var followsDropped: Bool
  }

  /// What a packet's event without a message of its own is: names of its fields by their numbers.
  struct Descriptor {
    var system: String
    var name: String
    var fields: [Int: String] = [:]
  }

  /// In the order of the file.
  private(set) var bundles: [Bundle] = []
  private(set) var descriptors: [Int: Descriptor] = [:]
  private(set) var names: [Pid: Comm] = [:]
  private(set) var cpuCount = 0
  private(set) var uname = ""
  private(set) var recorder = ""
  private(set) var clock = Perfetto_Protos_FtraceClock.unspecified
  /// Why packets could not be read, and where the first of them is.
  private(set) var problem: (offset: UInt64, text: String)?
  let spool: SpoolFile?

  /// Packets are smaller than this: traced's own limit is a few megabytes.
  private static let largestPacket: UInt64 = 256 << 20
  /// A packet of compressed packets does not hold more.
  private static let largestInflated = 256 << 20
  private var isDropped = false

  /// - Parameter path: What errors call the file.
  init(_ file: FileView, path: String) throws(TraceError) {
    spool = try SpoolFile(path)
    var offset: UInt64 = 0
    while offset < file.size {
      guard let (start, size) = Self.packet(file, at: offset) else {
        problem = (offset, "what follows is no packet")
        break
      }
      if start + size > file.size {
        problem = (offset, "the file ends within a packet")
        break
      }
      try note(file.bytes(at: start, count: size), at: start, isSpooled: false, path)
      offset = start + size
    }
  }

  /// Where a packet's bytes are.
  private static func packet(_ file: FileView, at offset: UInt64) -> (start: UInt64, size: UInt64)? {
    let head = file.bytes(at: offset, count: 11)
    return head.withUnsafeBytes { bytes in
      // Field 1 of `Trace`.
      guard bytes.count > 1, bytes[0] == 0x0a else { return nil }
      var scanner = WireScanner(bytes, 1..<bytes.count)
      guard let size = scanner.varint(), size <= largestPacket else { return nil }
      return (offset + UInt64(scanner.position), size)
    }
  }

  private mutating func note(_ packet: [UInt8], at place: UInt64, isSpooled: Bool, _ path: String) throws(TraceError) {
    var compressed: [UInt8]?
    packet.withUnsafeBytes { bytes in
      var scanner = WireScanner(bytes)
      var bundle: Range<Int>?
      while let (field, value) = scanner.next() {
        switch (field, value) {
        case (1, .bytes(let range)): bundle = range
        // `previous_packet_dropped`.
        case (42, .number(let isTrue)): isDropped = isDropped || isTrue != 0
        case (2, .bytes(let range)): noteProcesses(bytes[range])
        case (45, .bytes(let range)): noteSystem(bytes[range])
        case (50, .bytes(let range)): compressed = Array(bytes[range])
        default: break
        }
      }
      if let bundle { noteBundle(bytes, bundle, at: place + UInt64(bundle.lowerBound), isSpooled) }
    }
    guard let compressed, !isSpooled else { return }
    try noteCompressed(compressed, at: place, path)
  }

  private mutating func noteCompressed(_ bytes: [UInt8], at place: UInt64, _ path: String) throws(TraceError) {
    guard let packets = Self.inflated(bytes), let spool else {
      problem = problem ?? (place, "its compressed packets are damaged")
      return
    }
    let base = try spool.append(packets, path)
    var found: [Range<Int>] = []
    packets.withUnsafeBytes { bytes in
      var scanner = WireScanner(bytes)
      while let (field, value) = scanner.next() {
        if field == 1, case .bytes(let range) = value { found.append(range) }
      }
    }
    for range in found { try note(Array(packets[range]), at: base + UInt64(range.lowerBound), isSpooled: true, path) }
  }

  /// `compressed_packets`: a zlib stream.
  private static func inflated(_ bytes: [UInt8]) -> [UInt8]? {
    var size = max(bytes.count * 8, 1 << 16)
    while size <= largestInflated {
      var count = uLongf(size)
      var status = Z_OK
      let inflated = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
        status = bytes.withUnsafeBufferPointer {
          uncompress(buffer.baseAddress, &count, $0.baseAddress, uLong($0.count))
        }
        initialized = status == Z_OK ? Int(count) : 0
      }
      if status == Z_OK { return inflated }
      if status != Z_BUF_ERROR { return nil }
      size *= 4
    }
    return nil
  }

  private mutating func noteBundle(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, at place: UInt64, _ isSpooled: Bool
  ) {
    var scanner = WireScanner(bytes, range)
    var cpu: UInt64 = 0
    while let (field, value) = scanner.next() {
      switch (field, value) {
      case (1, .number(let number)): cpu = number
      case (5, .number(let number)):
        clock = Int(exactly: number).flatMap { Perfetto_Protos_FtraceClock(rawValue: $0) } ?? .unknown
      case (11, .bytes(let range)): noteDescriptor(bytes, range)
      default: break
      }
    }
    guard cpu < UInt64(KernelLimits.cpuCount) else {
      problem = problem ?? (place, "a bundle of a CPU \(cpu)")
      return
    }
    bundles.append(
      Bundle(
        place: place, size: UInt32(range.count), cpu: CPU(cpu), isSpooled: isSpooled,
        followsDropped: isDropped && !bundles.isEmpty))
    isDropped = false
    cpuCount = max(cpuCount, Int(cpu) + 1)
  }

  /// `GenericEventDescriptor`, with a `google.protobuf.DescriptorProto` in it.
  private mutating func noteDescriptor(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    var scanner = WireScanner(bytes, range)
    var (id, found) = (0, Descriptor(system: "", name: ""))
    while let (field, value) = scanner.next() {
      switch (field, value) {
      case (1, .number(let number)): id = Int(exactly: number) ?? 0
      case (3, .bytes(let range)): found.system = String(decoding: bytes[range], as: UTF8.self)
      case (2, .bytes(let range)): Self.read(bytes, range, into: &found)
      default: break
      }
    }
    if id > 0, descriptors.count < 1000 { descriptors[id] = found }
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, into descriptor: inout Descriptor) {
    var scanner = WireScanner(bytes, range)
    while let (field, value) = scanner.next() {
      guard case .bytes(let range) = value else { continue }
      if field == 1 { descriptor.name = String(decoding: bytes[range], as: UTF8.self) }
      guard field == 2, descriptor.fields.count < 100 else { continue }
      var parts = WireScanner(bytes, range)
      var (name, number) = ("", 0)
      while let (field, value) = parts.next() {
        if field == 1, case .bytes(let range) = value { name = String(decoding: bytes[range], as: UTF8.self) }
        if field == 3, case .number(let value) = value { number = Int(exactly: value) ?? 0 }
      }
      descriptor.fields[number] = name
    }
  }

  // MARK: The machine

  private mutating func noteProcesses(_ bytes: Slice<UnsafeRawBufferPointer>) {
    guard let tree = try? Perfetto_Protos_ProcessTree(serializedBytes: Array(bytes)) else { return }
    for thread in tree.threads where thread.hasName && thread.tid > 0 && thread.tid < KernelLimits.pidCount {
      names[thread.tid] = Comm(thread.name)
    }
  }

  private mutating func noteSystem(_ bytes: Slice<UnsafeRawBufferPointer>) {
    guard let system = try? Perfetto_Protos_SystemInfo(serializedBytes: Array(bytes)) else { return }
    if system.hasNumCpus { cpuCount = max(cpuCount, min(Int(system.numCpus), Int(KernelLimits.cpuCount))) }
    recorder = system.tracingServiceVersion
    let names = system.utsname
    if names.hasRelease { uname = "\(names.sysname) - \(names.release) \(names.machine)" }
  }
}
