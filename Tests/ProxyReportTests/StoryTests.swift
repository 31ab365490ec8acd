import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore
import TraceReader

/// The story of a wait: its lines are the capture's, fit 80 columns, and say what is inferred.
struct StoryTests {
  private static let captures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  private struct Told {
    var context: ReportContext
    var events: [SchedEvent]

    init(_ name: String) throws {
      var reader = try CaptureReader(path: StoryTests.captures.appending(path: "\(name).dat").path)
      var machine = ProxyMachine()
      events = []
      while let event = reader.next() {
        events.append(event)
        machine.apply(event)
      }
      context = ReportContext(capture: reader.info, timeline: machine.finish())
    }

    func story(_ wait: Int) -> Story {
      var story = Story(of: wait, in: context.timeline)
      for event in events { story.apply(event) }
      story.finish()
      return story
    }

    func text(_ wait: Int, showsAll: Bool = false) throws -> [String] {
      let sink = ByteSink()
      try StoryText(showsAll: showsAll).write(story(wait), of: context, to: sink)
      return sink.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(arguments: [
    "proxy-on-plain/crowd", "proxy-on-probed/chain4-cross", "proxy-off-plain/cross-cpu", "linux-6.12/fifo",
  ])
  func everyStoryFitsAndIsTheCaptures(name: String) throws {
    let told = try Told(name)
    let instants = Set(told.events.map { told.context.capture.clock.format($0.timestamp) })
    #expect(told.context.timeline.waits.count > 5)
    for wait in told.context.timeline.waits.indices.prefix(40) {
      let lines = try told.text(wait)
      for line in lines { #expect(line.count <= 80, "wait \(wait + 1): \(line)") }
      for line in lines {
        guard let first = line.split(separator: " ").first, first.contains("."), line.first?.isNumber == true else {
          continue
        }
        #expect(instants.contains(String(first)), "wait \(wait + 1): \(line)")
      }
      #expect(lines.contains { $0.hasPrefix("  sum") })
    }
  }

  @Test func linesAreInOrderAndBeginWithTheWait() throws {
    let told = try Told("proxy-on-plain/chain3")
    for wait in told.context.timeline.waits.indices {
      let story = told.story(wait)
      #expect(story.lines.first?.time == story.row.begin)
      for (a, b) in zip(story.lines, story.lines.dropFirst()) { #expect(a.time <= b.time) }
    }
  }

  @Test func aDonationNamesItsRule() throws {
    let told = try Told("proxy-on-plain/chain3")
    let wait = try #require(told.context.timeline.waits.firstIndex { $0.waiter.comm == "top" && $0.depth == 2 })
    let text = try told.text(wait)
    #expect(text.contains { $0.contains("~ bottom:") })
    #expect(text.joined(separator: " ").contains("[mostUrgentDonor]"))
    #expect(text.contains { $0.contains("mostUrgentDonor: the most urgent blocked task") })
  }

  @Test func longStretchesAreFolded() throws {
    let told = try Told("proxy-on-plain/crowd")
    let waits = told.context.timeline.waits
    let longest = try #require(waits.indices.max { waits[$0].length < waits[$1].length })
    let (folded, whole) = (try told.text(longest), try told.text(longest, showsAll: true))
    #expect(folded.contains { $0.contains("more events like these") })
    #expect(!whole.contains { $0.contains("more events like these") })
    #expect(folded.count < whole.count)
  }

  @Test func anInversionIsTold() throws {
    let told = try Told("proxy-off-plain/same-cpu")
    let window = try #require(told.context.timeline.inversions.first)
    let text = try told.text(window.wait).joined(separator: " ")
    #expect(text.contains("inversion begins: owner:60"))
    #expect(text.contains("inversion ends after"))
  }
}
