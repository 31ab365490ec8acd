import Foundation
import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// Every record of every real capture, against `trace-cmd report`: order, time, CPU, pid, event and fields.
@Suite(.serialized)
struct DifferentialTests {
  @Test(arguments: RecordedCapture.sound)
  func sameAsTraceCmd(_ capture: RecordedCapture) throws {
    let instances = try CaptureReader(path: capture.path).info.instances.map(\.name)
    let peer = try PeerReport(capture.path, instances: instances)
    #expect(peer.unparsed.isEmpty, "lines of trace-cmd that this test cannot read: \(peer.unparsed.prefix(3))")
    for instance in instances {
      let ours = try StreamContent(capture.path, instance: instance)
      #expect(ours.diagnostics.hasDamage == false)
      #expect(ours.progress == 1)
      let theirs = peer.lines.filter { $0.instance.elementsEqual(instance.utf8) }
      compare(ours, theirs)
      if instances.count == 1 { compareLosses(ours, peer) }
    }
  }

  private static let length = TestEffort.count(10_000, quick: 1_000)

  /// The real mixes last: a quick run reads their captures one by one.
  private static let workloads = [
    Workload(contention: .dense, events: 2 * length, cpus: 4), Workload(contention: .sparse, events: length, cpus: 2),
    Workload(contention: .sparse, events: length, cpus: 64), Workload(contention: .sparse, events: length, cpus: 256),
    Workload(contention: .beside, events: length, cpus: 16), Workload(contention: .real, events: 4 * length),
    Workload(contention: .real, events: 1, version: 7, compression: .zstd),
  ]

  /// What the benchmark runs on, but shorter: trace-cmd reads it without complaint, and the same.
  @Test(arguments: TestEffort.some(workloads, quick: 5))
  func benchmarksReadTheSame(_ workload: Workload) throws {
    let real = URL(fileURLWithPath: RecordedCapture.fixture("proxy-on-plain"))
    let file = try ScratchFile(workload.bytes(from: real))
    let ours = try StreamContent(file.path, instance: "")
    #expect(ours.records.count >= workload.events)
    #expect(ours.diagnostics.all.isEmpty)
    let peer = try PeerReport(file.path, instances: [""])
    #expect(peer.unparsed.isEmpty)
    compare(ours, peer.lines)
  }

  private func compare(_ ours: StreamContent, _ theirs: [PeerReport.Line]) {
    #expect(ours.records.count == theirs.count)
    #expect(ours.countsByName == counts(theirs))
    for (index, (event, line)) in zip(ours.records, theirs).enumerated() {
      let name = ours.names[event.eventID, default: []]
      let isSame =
        event.timestamp.rawValue == line.time && event.cpu == line.cpu && event.pid == line.pid
        && name.elementsEqual(line.event)
        && PeerFields.match(String(decoding: line.fields, as: UTF8.self), event)
      if isSame { continue }
      // One is enough: what follows a record too many differs as well.
      Issue.record("record \(index): \(event), but trace-cmd: \(String(decoding: line.fields, as: UTF8.self)) \(line)")
      return
    }
  }

  private func counts(_ lines: [PeerReport.Line]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in lines { counts["\(line.cpu) \(String(decoding: line.event, as: UTF8.self))", default: 0] += 1 }
    return counts
  }

  /// trace-cmd prints a loss before the record that follows it, and only where that is the first entry of its page: if a
  /// TIME_EXTEND or an absolute stamp comes first, `kbuffer_missed_events` forgets it. So ours are a superset.
  private func compareLosses(_ ours: StreamContent, _ peer: PeerReport) {
    struct Key: Hashable {
      var cpu: CPU
      var count: UInt64?
      var until: UInt64
    }
    var found: Set<Key> = []
    for event in ours.losses {
      guard case .lost(let loss) = event.body, let until = loss.until else { continue }
      found.insert(Key(cpu: event.cpu, count: loss.count, until: until.rawValue))
    }
    for loss in peer.losses {
      let next = peer.lines[loss.position]
      #expect(next.cpu == loss.cpu)
      #expect(found.contains(Key(cpu: loss.cpu, count: loss.count, until: next.time)))
    }
  }
}

extension SchedEvent {
  /// Only says that a CPU's records begin later than the trace, or end earlier.
  var isQuietEnd: Bool { loss?.isQuiet == true }
}

/// A whole capture, read.
struct StreamContent {
  var records: [SchedEvent] = []
  var losses: [SchedEvent] = []
  var names: [UInt16: [UInt8]] = [:]
  var countsByName: [String: Int] = [:]
  var diagnostics = DiagnosticLog()
  var progress = 0.0

  init(_ path: String, instance: String? = nil) throws(TraceError) {
    var reader = try CaptureReader(path: path, instance: instance)
    for event in reader.info.events { names[event.id] = Array(event.name.utf8) }
    var counts: [CPU: [UInt16: Int]] = [:]
    while let event = reader.next() {
      if case .lost(let loss) = event.body {
        // Where a CPU only begins later or ends earlier nothing says that records are missing.
        if !loss.isQuiet { losses.append(event) }
      } else {
        records.append(event)
        counts[event.cpu, default: [:]][event.eventID, default: 0] += 1
      }
    }
    for (cpu, ids) in counts {
      for (id, count) in ids { countsByName["\(cpu) \(String(decoding: names[id] ?? [], as: UTF8.self))"] = count }
    }
    (diagnostics, progress) = (reader.diagnostics, reader.progress)
  }
}
