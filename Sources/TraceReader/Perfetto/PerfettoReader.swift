import PerfettoProtos
import SwiftProtobuf
import TraceCore

/// Reads a Perfetto trace: the scheduler's events in its bundles, whole and compact, in one order.
///
/// Each CPU's bundles follow each other in the file; the CPUs are merged by time. Memory is that of one bundle a CPU.
struct PerfettoReader: ~Copyable {
  /// One CPU's bundles.
  private struct Stream {
    var cpu: CPU
    var bundles: [PerfettoIndex.Bundle] = []
    var next = 0
    var pending: [SchedEvent] = []
    var position = 0
    var lastTime: Timestamp?
    /// Whom the last compact switch has switched to.
    var curr: TaskSnapshot?
    /// What comes next, or came last, is the end of the records: nothing says that any are missing.
    var isQuietEnd = false
    /// Records are known to be missing after the last event.
    var endsInLoss = false
    var headTime: UInt64 { position < pending.count ? pending[position].timestamp.rawValue : .max }
  }

  private let path: String
  private let file: FileView
  /// Of a file that gzip or zstd has compressed: what it decompresses to.
  private let decompressed: SpoolFile?
  private let compression: String
  private let index: PerfettoIndex
  private var bundle: PerfettoBundle
  private var streams: [Stream]
  private var current: Int?
  private var doneBundles = 0
  private var damaged = TextTally()
  private var backwards: UInt64 = 0

  /// Whether a file is a Perfetto trace, compressed or not.
  static func isTrace(_ file: FileView) -> Bool {
    if ForeignFormat.isPerfetto(file.bytes(at: 0, count: 4096)) { return true }
    guard let decompressor = Decompressor(file) else { return false }
    var head = [UInt8](repeating: 0, count: 4096)
    let count = head.withUnsafeMutableBytes { decompressor.read(into: $0) }
    return ForeignFormat.isPerfetto(Array(head[..<count]))
  }

  init(_ file: FileView, path: String, events map: EventMap, _ marks: MarkPattern) throws(TraceError) {
    let (decompressed, compression) = try Self.decompressed(file, path)
    let packets = decompressed?.view ?? file
    let index = try PerfettoIndex(packets, path: path)
    guard !index.bundles.isEmpty else {
      throw TraceError(
        .notATrace, path: path, "is a Perfetto trace without scheduler events of the kernel", offset: 0,
        advice: "record with the data source linux.ftrace and the events sched/* and lock/*")
    }
    self.path = path
    self.file = packets
    self.decompressed = decompressed
    self.compression = compression
    self.index = index
    bundle = PerfettoBundle(map, marks, index.descriptors)
    streams = Self.streams(index.bundles)
    for place in streams.indices { fill(place) }
    beginTogether()
    choose()
  }

  /// The trace begins with the earliest event of all: until its own first one a CPU is in a hole.
  private mutating func beginTogether() {
    let firsts = streams.map { stream in stream.pending.first { $0.loss == nil }?.timestamp }
    guard let begin = firsts.compactMap({ $0 }).min() else { return }
    for (place, first) in firsts.enumerated() {
      guard let first, first > begin else { continue }
      if streams[place].pending[0].loss != nil {
        streams[place].pending[0].timestamp = begin
      } else {
        let loss = LostEvents(until: first, isAtStart: true, count: 0)
        streams[place].pending.insert(
          SchedEvent(timestamp: begin, cpu: streams[place].cpu, pid: 0, body: .lost(loss)), at: 0)
      }
    }
  }

  /// What gzip or zstd has compressed, in a file of its own.
  private static func decompressed(_ file: FileView, _ path: String) throws(TraceError) -> (SpoolFile?, String) {
    guard let decompressor = Decompressor(file) else { return (nil, "none") }
    let spool = try SpoolFile(path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = decompressor.read(into: buffer)
      if count == 0 { return (spool, decompressor.name) }
      _ = try spool.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), path)
    }
  }

  /// The bundles of each CPU, ascending by CPU.
  private static func streams(_ bundles: [PerfettoIndex.Bundle]) -> [Stream] {
    var streams = Set(bundles.map(\.cpu)).sorted().map { Stream(cpu: $0) }
    let places = Dictionary(uniqueKeysWithValues: streams.indices.map { (streams[$0].cpu, $0) })
    var dropped = Set<Int>()
    for var bundle in bundles {
      guard let place = places[bundle.cpu] else { continue }
      // What was dropped may have been of any CPU.
      if bundle.followsDropped { dropped.formUnion(streams.indices.filter { !streams[$0].bundles.isEmpty }) }
      bundle.followsDropped = dropped.remove(place) != nil
      streams[place].bundles.append(bundle)
    }
    return streams
  }

  // MARK: What it is

  var info: CaptureInfo {
    var format = CaptureFormat(version: 0, compression: compression, isBigEndian: false, longSize: 8)
    format.isPerfetto = true
    return CaptureInfo(
      path: path, format: format, uname: index.uname, recorderVersion: index.recorder, clock: clock.clock,
      cpus: streams.map(\.cpu), cpuCount: index.cpuCount, events: bundle.events.infos)
  }

  /// `ftrace_clock`: only where it is not the boot clock (protos/perfetto/trace/ftrace/ftrace_event_bundle.proto).
  private var clock: (clock: TraceClock, doubt: DiagnosticKind?) {
    switch index.clock {
    case .unspecified: (TraceClock(name: "boot", unit: .nanoseconds), nil)
    case .global: (TraceClock(name: "global", unit: .nanoseconds), nil)
    case .local: (TraceClock(name: "local", unit: .nanoseconds), .clockPerCPU)
    case .monoRaw: (TraceClock(name: "mono_raw", unit: .nanoseconds), nil)
    case .unknown: (TraceClock(name: "", unit: .nanoseconds), .clockUnknown)
    }
  }

  var savedComms: [Pid: Comm] { index.names }

  var diagnostics: DiagnosticLog {
    var all = DiagnosticLog()
    if let doubt = clock.doubt { all.record(doubt) }
    if let problem = index.problem { all.record(.truncatedFile, offset: problem.offset, problem.text) }
    if damaged.count > 0 {
      all.record(.unreadableChunk, count: damaged.count, offset: damaged.offset, "a bundle of events")
    }
    if bundle.bad > 0 { all.record(.badRecord, count: bundle.bad) }
    if backwards > 0 { all.record(.timestampBackwards, count: backwards) }
    return all
  }

  var progress: Double { index.bundles.isEmpty ? 1 : Double(doneBundles) / Double(index.bundles.count) }

  // MARK: Events

  /// The next events and losses, until there is room for none.
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>) {
    while !packer.pointee.isFull, let current {
      // The last CPU's end is the trace's.
      if streams[current].isQuietEnd, !streams.indices.contains(where: { $0 != current && hasEvents($0) }) {
        self.current = nil
        return
      }
      packer.pointee.add(streams[current].pending[streams[current].position])
      streams[current].position += 1
      if streams[current].position == streams[current].pending.count { fill(current) }
      choose()
    }
  }

  private func hasEvents(_ place: Int) -> Bool { streams[place].position < streams[place].pending.count }

  /// Chooses the CPU with the earliest event, the smallest of several.
  private mutating func choose() {
    var best: Int?
    var time = UInt64.max
    for index in streams.indices where hasEvents(index) {
      let head = streams[index].headTime
      if best == nil || head < time { (best, time) = (index, head) }
    }
    current = best
  }

  /// Decodes a CPU's bundles until one of them has events.
  private mutating func fill(_ place: Int) {
    streams[place].pending.removeAll(keepingCapacity: true)
    streams[place].position = 0
    while streams[place].pending.isEmpty, streams[place].next < streams[place].bundles.count {
      let next = streams[place].bundles[streams[place].next]
      streams[place].next += 1
      doneBundles += 1
      decode(next, into: place)
    }
    guard streams[place].pending.isEmpty, !streams[place].isQuietEnd, !streams[place].endsInLoss,
      let last = streams[place].lastTime
    else { return }
    // Other CPUs may go on.
    streams[place].isQuietEnd = true
    streams[place].pending.append(
      SchedEvent(timestamp: last, cpu: streams[place].cpu, pid: 0, body: .lost(LostEvents(until: nil, count: 0))))
  }

  private mutating func decode(_ next: PerfettoIndex.Bundle, into place: Int) {
    let view = next.isSpooled ? index.spool?.view ?? file : file
    let bytes = view.bytes(at: next.place, count: UInt64(next.size))
    guard let message = try? Perfetto_Protos_FtraceEventBundle(serializedBytes: bytes) else {
      damaged.note(next.place)
      streams[place].curr = nil
      noteLoss(place, until: nil)
      return
    }
    let isLost = message.lostEvents || next.followsDropped
    // Whoever ran may have been switched out meanwhile.
    if isLost { streams[place].curr = nil }
    let events = bundle.decode(message, cpu: next.cpu, curr: &streams[place].curr)
    guard let first = events.first, let last = events.last else {
      if isLost { noteLoss(place, until: nil) }
      return
    }
    if let lastTime = streams[place].lastTime, first.timestamp < lastTime { backwards += 1 }
    if isLost { noteLoss(place, until: first.timestamp) }
    streams[place].pending += events
    streams[place].lastTime = last.timestamp
    streams[place].endsInLoss = false
  }

  private mutating func noteLoss(_ place: Int, until: Timestamp?) {
    let last = streams[place].lastTime
    guard let time = last ?? until else { return }
    let loss = LostEvents(until: until, isAtStart: last == nil, count: nil)
    streams[place].endsInLoss = until == nil
    streams[place].pending.append(SchedEvent(timestamp: time, cpu: streams[place].cpu, pid: 0, body: .lost(loss)))
  }
}
