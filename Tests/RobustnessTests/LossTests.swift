import Foundation
import ProxyModel
import Robustness
import Testing
import TraceTestKit

/// Holes that a seed makes in real captures: what is claimed to be known is so in the whole captures, and little is lost.
struct LossTests {
  /// Holes in each capture.
  private static let seeds = TestEffort.count(6, quick: 2)

  @Test(arguments: ["proxy-on-plain", "proxy-off-plain", "proxy-on-probed", "proxy-off-probed", "linux-6.12"])
  func whatIsKnownIsSo(folder: String) throws {
    var sum = LossScore()
    for name in ["crowd", "same-cpu", "chain4-cross"] {
      let capture = try CaptureEvents(path: Fixture.path("captures/\(folder)/\(name).dat"))
      let whole = capture.result(capture.events).timeline
      for seed in 1...UInt64(Self.seeds) {
        let result = capture.result(SeededLoss.events(capture.events, seed: seed))
        #expect(result.differences.isEmpty, "\(folder)/\(name), seed \(seed): \(result.differences)")
        let damaged = result.timeline
        for wait in damaged.waits { #expect(wait.times.total == wait.length) }
        for cpu in damaged.cpus { #expect(cpu.busy + cpu.idle + cpu.lost == damaged.span) }
        sum += LossScore(whole: whole, damaged: damaged)
      }
    }
    #expect(sum.claimCount > 80 * Self.seeds && sum.waited > 0)
    #expect(sum.wrong.isEmpty, "\(sum.claimCount) claims, wrong: \(sum.wrong.prefix(10))")
    // Few per cent more than the holes cover.
    let (lost, unknown) = (Double(sum.lost) / Double(sum.cpuTime), Double(sum.turnedUnknown) / Double(sum.waited))
    #expect(unknown <= lost + 0.1, "\(lost * 100) % lost, \(unknown * 100) % of the waits turned unknown")
  }
}
