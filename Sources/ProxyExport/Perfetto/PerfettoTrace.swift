import PerfettoProtos
package import ProxyAnalysis
package import ProxyReport
import SwiftProtobuf
package import TraceCore

/// A capture as a trace for Perfetto: the scheduler's records in its compact form, and tracks of what proxytrace makes of them.
///
/// It is written in two parts: the tracks out of the report, then record after record of another reading of the capture. Nothing is
/// kept but one bundle for each CPU.
package struct PerfettoTrace {
  private var packets: PerfettoPackets
  private let report: Report
  private var cpus: [CPU: PerfettoSched] = [:]

  /// - Parameters:
  ///   - report: The capture's, with segments.
  ///   - sink: Where the trace goes.
  package init(_ report: Report, to sink: ByteSink) {
    self.report = report
    packets = PerfettoPackets(sink)
  }

  /// Number of bytes written so far.
  package var bytes: Int64 { packets.bytes }

  /// Writes all tracks. Call it first.
  package mutating func writeTracks() throws(OutputError) {
    try writeSystem()
    var tracks = PerfettoTracks(report)
    try tracks.write(to: &packets)
  }

  /// Takes the next record of the capture.
  package mutating func add(_ event: SchedEvent) throws(OutputError) {
    if cpus[event.cpu, default: PerfettoSched(event.cpu)].add(event) { try writeBundle(event.cpu) }
  }

  /// Takes records that follow each other.
  package mutating func add(_ batch: EventBatch) throws(OutputError) {
    for event in batch { try add(event) }
  }

  /// Writes what is left. Call it last.
  package mutating func finish() throws(OutputError) {
    for cpu in cpus.keys.sorted() { try writeBundle(cpu) }
  }

  private mutating func writeBundle(_ cpu: CPU) throws(OutputError) {
    if let bundle = cpus[cpu]?.takeBundle() { try packets.put(bundle) }
  }

  /// The kernel's release, by which Perfetto reads task states.
  private mutating func writeSystem() throws(OutputError) {
    let capture = report.context.capture
    var system = Perfetto_Protos_SystemInfo()
    system.tracingServiceVersion = "proxytrace \(ToolVersion.text)"
    if let release = capture.kernelRelease {
      system.utsname = .with { ($0.sysname, $0.release) = ("Linux", release) }
    }
    system.numCpus = UInt32(clamping: capture.cpuCount)
    var packet = Perfetto_Protos_TracePacket()
    packet.systemInfo = system
    packet.trustedPacketSequenceID = 2
    try packets.put(packet)
  }

  /// A link to Perfetto's page that pins the tracks of donors and of findings once a trace is opened there.
  package static let link: String = {
    let pin = { (pattern: String) in
      "%7B%22id%22%3A%22dev.perfetto.PinTracksByRegex%22%2C%22args%22%3A%5B%22\(pattern)%22%5D%7D"
    }
    let commands = ["CPU%20%5B0-9%5D%2B%20donor", "%5EFindings", "%5EInversions"].map(pin).joined(separator: "%2C")
    return "https://ui.perfetto.dev/#!/?startupCommands=%5B\(commands)%5D"
  }()
}
