import PerfettoProtos
import ProxyReport
import SwiftProtobuf
import TraceCore

/// Writes packets of a Perfetto trace, one after the other: descriptors of tracks, slices, instants, counters.
///
/// Names of annotations are interned: they are most of what a slice would otherwise consist of.
struct PerfettoPackets {
  /// The sequences' numbers: interned data belongs to one sequence.
  private enum Sequence {
    static let tracks: UInt32 = 1
    static let ftrace: UInt32 = 2
  }

  /// Tracks' numbers begin with the letters `proxytr`, so that traces of others can lie beside this one.
  static let firstTrack: UInt64 = 0x7072_6f78_7900_0000

  private let sink: ByteSink
  private var names: [String: UInt64] = [:]
  private var newNames: [(String, UInt64)] = []
  private var isFirst = true
  private(set) var bytes: Int64 = 0
  private var nextTrack = Self.firstTrack

  init(_ sink: ByteSink) { self.sink = sink }

  mutating func put(_ packet: Perfetto_Protos_TracePacket) throws(OutputError) {
    // A message whose fields are all set by us can always be written.
    guard let body: [UInt8] = try? packet.serializedBytes() else { preconditionFailure("a packet cannot be written") }
    // Field 1 of `Trace`, with its length.
    var head: [UInt8] = [0x0a]
    var length = UInt64(body.count)
    while length >= 0x80 {
      head.append(UInt8(length & 0x7f) | 0x80)
      length >>= 7
    }
    head.append(UInt8(length))
    try sink.write(head)
    try sink.write(body)
    bytes += Int64(head.count + body.count)
  }

  mutating func put(_ bundle: Perfetto_Protos_FtraceEventBundle) throws(OutputError) {
    var packet = Perfetto_Protos_TracePacket()
    packet.trustedPacketSequenceID = Sequence.ftrace
    packet.ftraceEvents = bundle
    try put(packet)
  }

  // MARK: Tracks

  /// Makes a track.
  /// - Parameters:
  ///   - parent: the track below which it stands.
  ///   - rank: its place among its siblings.
  ///   - unit: of a counter; `nil` for slices.
  mutating func track(
    _ name: String, in parent: UInt64? = nil, rank: Int, ordersChildren: Bool = false, unit: String? = nil,
    about: String? = nil
  ) throws(OutputError) -> UInt64 {
    let id = nextTrack
    nextTrack += 1
    var track = Perfetto_Protos_TrackDescriptor()
    track.uuid = id
    track.name = name
    if let parent { track.parentUuid = parent }
    track.siblingOrderRank = Int32(clamping: rank)
    if ordersChildren { track.childOrdering = .explicit }
    if let about { track.description_p = about }
    if let unit {
      track.counter = Perfetto_Protos_CounterDescriptor.with {
        if unit == "ns" { $0.unit = .timeNs } else { $0.unitName = unit }
      }
    }
    var packet = sequenced()
    packet.trackDescriptor = track
    try put(packet)
    return id
  }

  // MARK: Events

  /// An annotation's value.
  enum Value {
    case integer(Int64)
    case address(UInt64)
    case text(String)
  }

  /// What stands beside an event.
  typealias Notes = [(name: String, value: Value)]

  mutating func begin(
    _ track: UInt64, _ time: Timestamp, _ name: String, _ notes: Notes = [], flows: [UInt64] = [], ending: [UInt64] = []
  ) throws(OutputError) {
    try event(.sliceBegin, track, time, name, notes, flows, ending)
  }

  mutating func end(_ track: UInt64, _ time: Timestamp) throws(OutputError) {
    try event(.sliceEnd, track, time, nil, [], [], [])
  }

  mutating func instant(
    _ track: UInt64, _ time: Timestamp, _ name: String, _ notes: Notes = [], flows: [UInt64] = [], ending: [UInt64] = []
  ) throws(OutputError) {
    try event(.instant, track, time, name, notes, flows, ending)
  }

  mutating func count(_ track: UInt64, _ time: Timestamp, _ value: Int64) throws(OutputError) {
    var packet = sequenced()
    packet.timestamp = time.rawValue
    packet.trackEvent = Perfetto_Protos_TrackEvent.with {
      ($0.type, $0.trackUuid, $0.counterValue) = (.counter, track, value)
    }
    try put(packet)
  }

  private mutating func event(
    _ type: Perfetto_Protos_TrackEvent.TypeEnum, _ track: UInt64, _ time: Timestamp, _ name: String?, _ notes: Notes,
    _ flows: [UInt64], _ ending: [UInt64]
  ) throws(OutputError) {
    var event = Perfetto_Protos_TrackEvent()
    (event.type, event.trackUuid) = (type, track)
    if let name { event.name = name }
    (event.flowIds, event.terminatingFlowIds) = (flows, ending)
    event.debugAnnotations = notes.map { note in
      var annotation = Perfetto_Protos_DebugAnnotation()
      annotation.nameIid = interned(note.name)
      switch note.value {
      case .integer(let value): annotation.intValue = value
      case .address(let value): annotation.pointerValue = value
      case .text(let value): annotation.stringValue = value
      }
      return annotation
    }
    var packet = sequenced()
    packet.timestamp = time.rawValue
    packet.trackEvent = event
    if !newNames.isEmpty {
      packet.internedData.debugAnnotationNames = newNames.map { name, id in
        Perfetto_Protos_DebugAnnotationName.with { ($0.name, $0.iid) = (name, id) }
      }
      newNames.removeAll()
    }
    try put(packet)
  }

  private mutating func interned(_ name: String) -> UInt64 {
    if let id = names[name] { return id }
    let id = UInt64(names.count + 1)
    names[name] = id
    newNames.append((name, id))
    return id
  }

  private mutating func sequenced() -> Perfetto_Protos_TracePacket {
    typealias Flags = Perfetto_Protos_TracePacket.SequenceFlags
    var packet = Perfetto_Protos_TracePacket()
    packet.trustedPacketSequenceID = Sequence.tracks
    let flag: Flags = isFirst ? .seqIncrementalStateCleared : .seqNeedsIncrementalState
    packet.sequenceFlags = UInt32(flag.rawValue)
    isFirst = false
    return packet
  }
}
