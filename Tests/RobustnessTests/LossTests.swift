import Foundation
import ProxyModel
import Robustness
import Testing
import TraceTestKit

/// Losses that a seed makes in real captures: what is claimed to be known is so in the whole captures, and little is lost.
struct LossTests {
  private static let folders = [
    "proxy-on-plain", "proxy-off-plain", "proxy-on-probed", "proxy-off-probed", "linux-6.12",
  ]
  /// Losses in each capture.
  private static let seeds = UInt64(TestEffort.count(LossKind.allCases.count, quick: 3))
  private static let names = TestEffort.some(["crowd", "same-cpu", "chain4-cross"], quick: 1)

  @Test(arguments: folders.indices) func whatIsKnownIsSo(place: Int) throws {
    let folder = Self.folders[place]
    var sum = LossScore()
    for (number, name) in Self.names.enumerated() {
      let capture = try CaptureEvents(path: Fixture.path("captures/\(folder)/\(name).dat"))
      let whole = capture.result(capture.events).timeline
      // Every kind of loss has its turn in some of the captures.
      let first = UInt64((place * 3 + number) * 2)
      for seed in first..<first + Self.seeds {
        let kind = SeededLoss.kind(seed)
        let result = capture.result(SeededLoss.events(capture.events, kind, seed: seed))
        #expect(result.differences.isEmpty, "\(folder)/\(name), seed \(seed): \(result.differences)")
        let damaged = result.timeline
        let score = kind.changesTimes ? LossScore(laws: damaged) : LossScore(whole: whole, damaged: damaged)
        if kind.isTold { #expect(score.wrong.isEmpty, "\(name), \(kind), seed \(seed): \(score.wrong.prefix(10))") }
        sum += score
      }
    }
    #expect(sum.claimCount > Int(Self.seeds) && sum.waited > 0)
  }
}
