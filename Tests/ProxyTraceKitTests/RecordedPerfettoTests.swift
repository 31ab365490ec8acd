import Foundation
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Perfetto traces that Debian's traced and traced_probes have recorded (Fixtures/perfetto), against what the workload measured.
struct RecordedPerfettoTests {
  @Test(arguments: ["whole", "compact"]) func waitsAreThoseOfTheWorkload(name: String) throws {
    let capture = try CaptureSession(path: Fixture.path("../perfetto/\(name).pftrace")).load()
    let truth = try Truth(
      csv: String(contentsOf: URL(filePath: Fixture.path("../perfetto/\(name).truth.csv")), encoding: .utf8))
    #expect(capture.info.format.isPerfetto && capture.info.clock.name == "boot" && !capture.diagnostics.hasDamage)
    // Perfetto has hashed the addresses: the lock is the one for which the workload's tasks wait.
    let pids = Set(truth.waits.map(\.pid))
    let waits = capture.timeline.waits.filter {
      $0.kind == .mutex && pids.contains($0.waiter.pid) && $0.result == .acquired
    }
    #expect(waits.count >= 4)
    for wait in waits {
      let end = try #require(wait.end)
      let call = truth.waits.first { $0.pid == wait.waiter.pid && $0.contains(wait.begin, end) }
      #expect(call != nil, "\(wait.begin)")
      #expect(WaitClass.allCases.reduce(0) { $0 + wait.times[$1] } == wait.length)
      // An owner that is named holds the lock then.
      guard let owner = wait.owner else { continue }
      #expect(
        truth.holds.contains {
          $0.pid == owner.pid && $0.begin <= wait.begin && wait.begin <= $0.end
        })
    }
    #expect(waits.contains { $0.owner != nil })
  }
}
