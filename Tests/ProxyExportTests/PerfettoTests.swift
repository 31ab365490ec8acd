import PerfettoProtos
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import SwiftProtobuf
import Testing
import TraceCore

@testable import ProxyExport

/// Traces for Perfetto, read again by the protocol.
struct PerfettoTests {
  private static func trace(
    _ name: String
  ) throws -> (trace: Perfetto_Protos_Trace, bytes: Int, report: Report, session: CaptureSession) {
    var options = CaptureSession.Options()
    options.rows = .segments
    let session = try CaptureSession(path: FixtureCapture.path(name), options)
    let report = Report(try session.load().context())
    let sink = ByteSink()
    var trace = PerfettoTrace(report, to: sink)
    try trace.writeTracks()
    var failure: (any Error)?
    try session.forEachBatch { batch in
      do { try trace.add(batch.events) } catch { failure = error }
    }
    if let failure { throw failure }
    try trace.finish()
    #expect(trace.bytes == Int64(sink.bytes.count))
    return (try Perfetto_Protos_Trace(serializedBytes: sink.bytes), sink.bytes.count, report, session)
  }

  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "proxy-on-probed/crowd.dat", "lost/overrun.dat"])
  func slicesAreTheRows(name: String) throws {
    let (trace, _, report, _) = try Self.trace(name)
    let timeline = report.context.timeline
    var tracks: [UInt64: String] = [:]
    var open: [UInt64: [(name: String, begin: UInt64)]] = [:]
    var sums: [String: Int64] = [:]
    var names: [UInt64: String] = [:]
    for packet in trace.packet {
      for name in packet.internedData.eventNames { names[name.iid] = name.name }
      switch packet.data {
      case .trackDescriptor(let track): tracks[track.uuid] = track.name
      case .trackEvent(let event) where event.type == .sliceBegin:
        let name = try #require(event.nameIid == 0 ? event.name : names[event.nameIid])
        open[event.trackUuid, default: []].append((name, packet.timestamp))
      case .trackEvent(let event) where event.type == .sliceEnd:
        let last = open[event.trackUuid]?.popLast()
        let slice = try #require(last)
        let kind = tracks[event.trackUuid] ?? ""
        let length = Int64(packet.timestamp) - Int64(slice.begin)
        #expect(length >= 0)
        if kind.hasSuffix(" donor") { sums["donor", default: 0] += length }
        if kind == "Inversions" { sums["inversions", default: 0] += length }
        if slice.name.hasPrefix("waits for ") { sums["waits", default: 0] += length }
        if WaitClass.allCases.contains(where: { $0.name == slice.name }) { sums["classes", default: 0] += length }
      default: break
      }
    }
    #expect(open.values.allSatisfy { $0.isEmpty })
    #expect(sums["donor", default: 0] == timeline.splits.reduce(0) { $0 + ($1.end - $1.begin) })
    #expect(sums["inversions", default: 0] == timeline.inversions.reduce(0) { $0 + $1.length })
    #expect(sums["waits", default: 0] == timeline.waits.reduce(0) { $0 + $1.length })
    #expect(sums["waits", default: 0] > 0)
    let classes = timeline.segments.reduce(0) { $0 + ($1.end - $1.begin) }
    #expect(sums["classes", default: 0] == classes)
  }

  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "formats/v6-mono.dat"])
  func recordsAreThoseOfTheCapture(name: String) throws {
    let (trace, _, _, session) = try Self.trace(name)
    var expected: [CPU: [String]] = [:]
    try session.forEachEvent { event in
      if case .switched(let record) = event.body {
        expected[event.cpu, default: []].append(
          "\(event.timestamp.rawValue) \(record.next.pid) \(record.next.priority.rawValue) \(record.next.comm.text)"
            + " \(PerfettoSched.bits(record.previousState))")
      }
      return true
    }
    var found: [CPU: [String]] = [:]
    for case .ftraceEvents(let bundle) in trace.packet.compactMap(\.data) {
      let compact = bundle.compactSched
      var time: UInt64 = 0
      for place in compact.switchTimestamp.indices {
        time &+= compact.switchTimestamp[place]
        let comm = compact.internTable[Int(compact.switchNextCommIndex[place])]
        found[CPU(bundle.cpu), default: []].append(
          "\(time) \(compact.switchNextPid[place]) \(compact.switchNextPrio[place]) \(comm) \(compact.switchPrevState[place])"
        )
      }
    }
    #expect(!expected.isEmpty)
    #expect(found == expected)
  }

  /// Names and words are written once, before the first event that has their number.
  @Test func stringsAreWrittenOnce() throws {
    let (trace, _, report, _) = try Self.trace("proxy-on-probed/crowd.dat")
    var (names, annotations, words): ([UInt64: String], [UInt64: String], [UInt64: String]) = ([:], [:], [:])
    var evidence: [String: Int] = [:]
    for packet in trace.packet {
      let interned = packet.internedData
      for name in interned.eventNames { #expect(names.updateValue(name.name, forKey: name.iid) == nil) }
      for name in interned.debugAnnotationNames { #expect(annotations.updateValue(name.name, forKey: name.iid) == nil) }
      for word in interned.debugAnnotationStringValues {
        #expect(words.updateValue(String(decoding: word.str, as: UTF8.self), forKey: word.iid) == nil)
      }
      guard case .trackEvent(let event)? = packet.data else { continue }
      if event.nameIid != 0 { #expect(names[event.nameIid] != nil) }
      let isFirst = packet.sequenceFlags == 1
      #expect(isFirst || (packet.sequenceFlags == 2) == (event.nameIid != 0 || !event.debugAnnotations.isEmpty))
      for note in event.debugAnnotations {
        let name = try #require(annotations[note.nameIid])
        guard case .stringValueIid(let id)? = note.value else { continue }
        let word = try #require(words[id])
        if name == "evidence", names[event.nameIid]?.hasPrefix("waits for ") == true { evidence[word, default: 0] += 1 }
      }
    }
    for strings in [names, annotations, words] { #expect(Set(strings.values).count == strings.count) }
    #expect(
      evidence == Dictionary(grouping: report.context.timeline.waits, by: \.ownerEvidence.name).mapValues(\.count))
  }

  /// Of captures in which somebody waits most of the time.
  @Test func anEventTakesAtMostTenBytes() throws {
    var (bytes, events): (Int, UInt64) = (0, 0)
    for name in FixtureCapture.names where name.hasPrefix("proxy-on-plain/") {
      let made = try Self.trace(name)
      bytes += made.bytes
      events += UInt64(made.report.context.timeline.eventCount)
    }
    #expect(events > 50_000 && bytes <= 10 * Int(events), "\(bytes) bytes for \(events) events")
  }

  @Test func statesAreTheKernelsBits() {
    #expect(PerfettoSched.bits(.running) == 0)
    #expect(PerfettoSched.bits(.preempted) == 0x100)
    #expect(PerfettoSched.bits(.interruptible) == 1)
    #expect(PerfettoSched.bits(.uninterruptible) == 2)
    #expect(PerfettoSched.bits(.zombie) == 0x20)
  }
}
