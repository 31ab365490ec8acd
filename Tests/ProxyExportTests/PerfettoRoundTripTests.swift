import ProxyAnalysis
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore

@testable import ProxyExport

/// What is exported for Perfetto can be read again: the same switches and wakings, on the same CPUs.
struct PerfettoRoundTripTests {
  private struct Records: Equatable {
    var switches: [CPU: [String]] = [:]
    var wakings: [CPU: [String]] = [:]
    private var hasSwitched: Set<CPU> = []

    /// - Parameter skipsFirst: Leave out what the compact form does not tell: a CPU's first switch, and wakings before it.
    mutating func add(_ event: SchedEvent, skipsFirst: Bool) {
      let isFirst = skipsFirst && !hasSwitched.contains(event.cpu)
      let time = event.timestamp.rawValue
      switch event.body {
      case .switched(let record):
        hasSwitched.insert(event.cpu)
        if !isFirst { switches[event.cpu, default: []].append("\(time) \(record.previous.pid) \(record.next.pid)") }
      case .waking(let record):
        if !isFirst { wakings[event.cpu, default: []].append("\(time) \(record.task.pid) \(record.targetCPU)") }
      default: break
      }
    }

    static func == (a: Records, b: Records) -> Bool { a.switches == b.switches && a.wakings == b.wakings }
  }

  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "proxy-on-plain/crowd.dat"])
  func ourExportIsRead(name: String) throws {
    var options = CaptureSession.Options()
    options.rows = .segments
    let session = try CaptureSession(path: FixtureCapture.path(name), options)
    let sink = ByteSink()
    var trace = PerfettoTrace(Report(try session.load().context()), to: sink)
    try trace.writeTracks()
    var events: [SchedEvent] = []
    try session.forEachEvent { event in
      events.append(event)
      return true
    }
    for event in events { try trace.add(event) }
    try trace.finish()
    var (expected, found) = (Records(), Records())
    for event in events { expected.add(event, skipsFirst: true) }
    let again = try CaptureSession(bytes: Array(sink.bytes))
    try again.forEachEvent { event in
      found.add(event, skipsFirst: false)
      return true
    }
    #expect(again.info.format.isPerfetto && !expected.switches.isEmpty && !expected.wakings.isEmpty)
    #expect(found == expected)
  }
}
