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
    for packet in trace.packet {
      switch packet.data {
      case .trackDescriptor(let track): tracks[track.uuid] = track.name
      case .trackEvent(let event) where event.type == .sliceBegin:
        open[event.trackUuid, default: []].append((event.name, packet.timestamp))
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

  @Test func statesAreTheKernelsBits() {
    #expect(PerfettoSched.bits(.running) == 0)
    #expect(PerfettoSched.bits(.preempted) == 0x100)
    #expect(PerfettoSched.bits(.interruptible) == 1)
    #expect(PerfettoSched.bits(.uninterruptible) == 2)
    #expect(PerfettoSched.bits(.zombie) == 0x20)
  }
}
