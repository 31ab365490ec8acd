import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Stories of real captures: their lines are the capture's, in order, fit 80 columns, and leave out nothing of the waiter's.
struct StoryCaptureTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  static let names = [
    "proxy-on-plain/chain4-cross", "proxy-on-plain/crowd", "proxy-on-probed/chain3", "proxy-off-plain/cross-cpu",
    "linux-6.12/fifo", "lost/overrun", "formats/clock-counter",
  ]

  /// How many waits of each capture are told.
  private static let count = TestEffort.count(40, quick: 12)

  static func teller(_ name: String) throws -> StoryTeller { try #require(try tellers.get()[name]) }

  /// Each capture is read once for all tests.
  private static let tellers: Result<[String: StoryTeller], any Error> = Result {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try read($0)) })
  }

  private static func read(_ name: String) throws -> StoryTeller {
    let session = try CaptureSession(path: fixtures.appending(path: "\(name).dat").path)
    var capture = try session.load()
    capture.info.path = name
    return StoryTeller(capture.context(), try session.record().events)
  }

  @Test(arguments: names) func noLineIsWiderThan80Columns(name: String) throws {
    let teller = try Self.teller(name)
    #expect(!teller.context.timeline.waits.isEmpty)
    for wait in teller.context.timeline.waits.indices.prefix(Self.count) {
      for line in try teller.text(wait).split(separator: "\n") {
        #expect(line.count <= 80, "wait \(wait + 1): \(line)")
      }
    }
    for window in teller.context.timeline.inversions.indices.prefix(10) {
      let wait = teller.context.timeline.inversions[window].wait
      let text = try teller.text(wait, highlighting: window, showsAll: true)
      for line in text.split(separator: "\n") { #expect(line.count <= 80, "inversion \(window + 1): \(line)") }
    }
  }

  @Test(arguments: names) func everyInstantIsARecords(name: String) throws {
    let teller = try Self.teller(name)
    let instants = Set(teller.events.map(\.timestamp))
    let timeline = teller.context.timeline
    for wait in timeline.waits.indices.prefix(Self.count) {
      let lines = teller.story(wait).lines
      for line in lines { #expect(instants.contains(line.time), "wait \(wait + 1): \(line)") }
      for (a, b) in zip(lines, lines.dropFirst()) { #expect(a.time <= b.time, "wait \(wait + 1): \(b)") }
    }
  }

  @Test(arguments: names) func theWaitersOwnRecordsAreAllTold(name: String) throws {
    let teller = try Self.teller(name)
    for (wait, row) in teller.context.timeline.waits.enumerated().prefix(Self.count) where row.result == .acquired {
      let end = row.begin + row.length
      let switches = teller.events.filter { event in
        guard case .switched(let record) = event.body else { return false }
        return event.timestamp > row.begin && event.timestamp < end
          && (record.previous.pid == row.waiter.pid || record.next.pid == row.waiter.pid)
      }
      let told = teller.story(wait).lines
      let mine = told.filter { $0.kind == .switched && $0.time > row.begin && $0.time < end }.filter {
        $0.actor?.pid == row.waiter.pid || $0.other?.pid == row.waiter.pid
      }
      #expect(mine.count == switches.count, "wait \(wait + 1)")
      #expect(told.last { $0.kind == .acquired }?.time == end, "wait \(wait + 1)")
    }
  }

  @Test func theStoryOfAProxiedChain() throws {
    let teller = try Self.teller("proxy-on-plain/chain4-cross")
    let wait = try #require(teller.context.timeline.waits.firstIndex { $0.depth == 3 })
    try Golden.expect(try teller.text(wait), equals: "story-chain4-cross.txt")
  }

  @Test func aProbeIsNamedAsOne() throws {
    let teller = try Self.teller("proxy-on-probed/chain3")
    let wait = try #require(teller.context.timeline.waits.firstIndex { $0.waiter.comm == "top" && $0.depth == 2 })
    #expect(try teller.text(wait, showsAll: true).contains("[probe]"))
  }

  /// A kernel without `contended_release`: the waking is the sign, and the story says so.
  @Test func aReleaseWithoutAnEventNamesItsRule() throws {
    let teller = try Self.teller("linux-6.12/fifo")
    let wait = try #require(teller.context.timeline.handoffs.first { $0.kind == .release }?.wait)
    #expect(try teller.text(wait).contains("has released"))
    #expect(try teller.text(wait).contains("[~wokeTheWaiter]"))
  }
}
