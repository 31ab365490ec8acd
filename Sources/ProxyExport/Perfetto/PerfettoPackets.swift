import Foundation
import PerfettoProtos
import ProxyReport
import SwiftProtobuf
import TraceCore

/// Writes packets of a Perfetto trace, one after the other: descriptors of tracks, slices, instants, counters.
///
/// Names and words are interned: they are most of what a slice would otherwise consist of.
struct PerfettoPackets {
  /// The sequences' numbers: interned data belongs to one sequence.
  private enum Sequence {
    static let tracks: UInt32 = 1
    static let ftrace: UInt32 = 2
  }

  /// The letters `pxt`. Others count tracks from 1 or take hashes of 64 bits, so that their traces can lie beside this one; and
  /// each event names its track, in four bytes as long as there are fewer than 260 million of them.
  static let firstTrack: UInt64 = 0x70_7874

  private let sink: ByteSink
  private var annotationNames = InternedStrings()
  private var eventNames = InternedStrings()
  private var words = InternedStrings()
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
    /// One of few, or one that comes again.
    case text(String)
    /// A sentence that comes once.
    case prose(String)
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
    if let name {
      if let id = eventNames.id(name) { event.nameIid = id } else { event.name = name }
    }
    (event.flowIds, event.terminatingFlowIds) = (flows, ending)
    event.debugAnnotations = notes.map { note in
      var annotation = Perfetto_Protos_DebugAnnotation()
      if let id = annotationNames.id(note.name) { annotation.nameIid = id } else { annotation.name = note.name }
      switch note.value {
      case .integer(let value): annotation.intValue = value
      case .address(let value): annotation.pointerValue = value
      case .text(let value):
        if let id = words.id(value) { annotation.stringValueIid = id } else { annotation.stringValue = value }
      case .prose(let value): annotation.stringValue = value
      }
      return annotation
    }
    var packet = sequenced(needsState: name != nil || !notes.isEmpty)
    packet.timestamp = time.rawValue
    packet.trackEvent = event
    addNewStrings(to: &packet)
    try put(packet)
  }

  private mutating func addNewStrings(to packet: inout Perfetto_Protos_TracePacket) {
    let (names, events, values) = (annotationNames.takeNew(), eventNames.takeNew(), words.takeNew())
    if !names.isEmpty {
      packet.internedData.debugAnnotationNames = names.map { name, id in .with { ($0.name, $0.iid) = (name, id) } }
    }
    if !events.isEmpty {
      packet.internedData.eventNames = events.map { name, id in .with { ($0.name, $0.iid) = (name, id) } }
    }
    if !values.isEmpty {
      packet.internedData.debugAnnotationStringValues = values.map { word, id in
        .with { ($0.str, $0.iid) = (Data(word.utf8), id) }
      }
    }
  }

  /// - Parameter needsState: whether it refers to interned strings.
  private mutating func sequenced(needsState: Bool = false) -> Perfetto_Protos_TracePacket {
    typealias Flags = Perfetto_Protos_TracePacket.SequenceFlags
    var packet = Perfetto_Protos_TracePacket()
    packet.trustedPacketSequenceID = Sequence.tracks
    if isFirst || needsState {
      let flag: Flags = isFirst ? .seqIncrementalStateCleared : .seqNeedsIncrementalState
      packet.sequenceFlags = UInt32(flag.rawValue)
    }
    isFirst = false
    return packet
  }
}

/// Strings of one kind that were written once, and are numbers from then on.
private struct InternedStrings {
  /// Where all strings differ, numbers save nothing, and a trace of any length must not keep them all.
  private static let most = 1 << 16

  private var ids: [String: UInt64] = [:]
  private var new: [(String, UInt64)] = []

  /// The string's number, from 1; `nil` where there are too many already.
  mutating func id(_ string: String) -> UInt64? {
    if let id = ids[string] { return id }
    guard ids.count < Self.most else { return nil }
    let id = UInt64(ids.count + 1)
    ids[string] = id
    new.append((string, id))
    return id
  }

  /// Strings that have a number since the last call, to be written.
  mutating func takeNew() -> [(String, UInt64)] {
    if new.isEmpty { return [] }
    defer { new.removeAll() }
    return new
  }
}
