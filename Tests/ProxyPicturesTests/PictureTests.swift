import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore

@testable import ProxyPictures

/// Drawings and pages of fixtures, against the rows that they are drawn of.
struct PictureTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  private struct Capture {
    let session: CaptureSession
    let context: ReportContext

    init(_ name: String) throws {
      var options = CaptureSession.Options()
      options.rows = .segments
      session = try CaptureSession(path: folder.appending(path: name).path, options)
      context = try session.load().context()
    }

    func scenes(_ windows: [PictureWindow]) throws -> [Scene] {
      var events = PictureEvents(windows, context.timeline)
      try session.forEachBatch { events.apply($0.events, isFirst: $0.isFirst) }
      return events.scenes(PictureText(context))
    }
  }

  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "proxy-on-probed/same-cpu.dat", "proxy-off-plain/crowd.dat"])
  func barsAreTheRows(name: String) throws {
    let capture = try Capture(name)
    let timeline = capture.context.timeline
    let places = timeline.waits.indices.filter { timeline.waits[$0].kind == .mutex }.prefix(6)
    let windows = places.map { PictureWindow(of: $0, in: timeline) }
    let scenes = try capture.scenes(windows)
    try #require(scenes.count == windows.count && !scenes.isEmpty)
    for (place, scene) in zip(places, scenes) {
      let wait = timeline.waits[place]
      // The classes cover the wait without a hole, and nothing lies outside of the picture.
      let classes = scene.groups[0].lanes[0].bars
      #expect(classes.first?.begin == wait.begin)
      #expect(classes.last?.end == wait.begin + wait.length)
      for (a, b) in zip(classes, classes.dropFirst()) { #expect(a.end == b.begin) }
      for bar in scene.groups.flatMap(\.lanes).flatMap(\.bars) {
        #expect(bar.begin >= scene.begin && bar.end <= scene.end && bar.begin < bar.end)
      }
    }
  }

  /// In a capture with probes every split of the wait stands above its CPU, with its evidence.
  @Test func donorsStandAboveTheirCPU() throws {
    let capture = try Capture("proxy-on-probed/same-cpu.dat")
    let timeline = capture.context.timeline
    let place = try #require(
      timeline.waits.indices.max { timeline.waits[$0].times[.proxied] < timeline.waits[$1].times[.proxied] })
    let scene = try #require(try capture.scenes([PictureWindow(of: place, in: timeline)]).first)
    let donors = scene.groups[1].lanes.filter { $0.kind == .donor }.flatMap(\.bars)
    let drawn = donors.filter { $0.style == .proxied }.reduce(0) { $0 + ($1.end - $1.begin) }
    #expect(drawn >= timeline.waits[place].times[.proxied])
    #expect(donors.contains { $0.evidence == .probe })
    #expect(scene.evidences.contains(.probe))
  }

  /// A task runs `for` a donor where a split says so, and nowhere else.
  @Test(arguments: ["proxy-on-exact/chain4-cross.dat", "proxy-on-probed/crowd.dat"])
  func aTaskRunsForADonorWhereASplitSaysSo(name: String) throws {
    let capture = try Capture(name)
    let timeline = capture.context.timeline
    let places = timeline.waits.indices.filter { timeline.waits[$0].times[.proxied] > 0 }
    var found = 0
    for scene in try capture.scenes(places.map { PictureWindow(of: $0, in: timeline) }) {
      for lane in scene.groups.flatMap(\.lanes) where lane.kind == .task {
        for bar in lane.bars where bar.label.hasPrefix("runs for ") && !bar.label.contains("×") {
          let donor = bar.label.dropFirst("runs for ".count).prefix { $0 != "," }
          let isSplit = timeline.splits.contains {
            $0.begin <= bar.begin && bar.end <= $0.end && donor == "\($0.donor.comm.text):\($0.donor.pid)"
              && lane.label.hasPrefix("\($0.curr.comm.text):\($0.curr.pid) ")
          }
          #expect(isSplit, "\(scene.title): \(lane.label) \(bar.label) from \(bar.begin.rawValue)")
          found += 1
        }
      }
    }
    #expect(found > 3)
  }

  @Test func drawingIsWellFormedXML() throws {
    let capture = try Capture("proxy-on-plain/chain4-cross.dat")
    let scene = try #require(try capture.scenes([PictureWindow(of: 0, in: capture.context.timeline)]).first)
    let sink = ByteSink()
    try scene.writeSVG(to: sink)
    #expect(try Self.depth(ofXML: sink.text) == 0)
  }

  /// What is left open at the end of a text of tags; throws where a tag is closed that is not open.
  private static func depth(ofXML text: String) throws -> Int {
    var open: [Substring] = []
    var rest = text[...]
    while let begin = rest.firstIndex(of: "<") {
      let end = try #require(rest[begin...].firstIndex(of: ">"))
      let tag = rest[rest.index(after: begin)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      if tag.hasPrefix("/") {
        #expect(open.popLast() == tag.dropFirst())
      } else {
        open.append(tag.prefix { $0 != " " && $0 != "\n" })
      }
    }
    return open.count
  }

  @Test func hostileNamesAreText() {
    let name = "</script><b onload='x'>&\"\u{1b}"
    let markup = Markup.escape(name)
    #expect(!markup.contains("<") && !markup.contains(">") && !markup.contains("\"") && !markup.contains("'"))
    #expect(markup == "&lt;/script&gt;&lt;b onload=&#39;x&#39;&gt;&amp;&quot;\u{fffd}")
    var json: [UInt8] = []
    JSONText.add("a\"\\\n\u{2028}", to: &json)
    #expect(String(decoding: json, as: UTF8.self) == "\"a\\\"\\\\\\u000a\\u2028\"")
  }

  @Test func pageHoldsPicturesAndNoAddress() throws {
    let capture = try Capture("proxy-off-plain/crowd.dat")
    let report = Report(capture.context)
    let subjects = PageSubjects(report)
    let sink = ByteSink()
    try Page(report, subjects, try capture.scenes(subjects.windows), version: "test").write(to: sink)
    let html = sink.text
    #expect(html.utf8.count < 2 << 20)
    #expect(html.contains("<svg class=\"pt\" role=\"img\""))
    for word in ["http://", "https://", "<link rel=\"stylesheet\"", "src="] {
      #expect(!html.replacing("http://www.w3.org/2000/svg", with: "").contains(word), "\(word)")
    }
  }

  // MARK: Parts

  @Test func ticksAreRoundTimesOfTheTrace() {
    let axis = TimeAxis(
      begin: Timestamp(18_309_874_123), length: 16_000_000, left: 100, width: 1000,
      clock: TraceClock(name: "mono", unit: .nanoseconds))
    #expect(axis.ticks.map(\.label).first == "18.310000")
    #expect(axis.ticks.map(\.label).dropFirst().first == "18.312000")
    #expect(axis.ticks.count == 8)
    #expect(axis.x(Timestamp(18_309_874_123)) == 100)
    #expect(axis.x(Timestamp(18_309_874_123 + 16_000_000)) == 1100)
  }

  @Test func shortBarsAreJoinedAndTimeIsKept() {
    func bar(_ begin: UInt64, _ end: UInt64, _ style: BarStyle) -> Scene.Bar {
      Scene.Bar(begin: Timestamp(begin), end: Timestamp(end), style: style, label: style.rawValue, hover: [])
    }
    let bars =
      [bar(0, 1000, .running)] + (0..<50).map { bar(1000 + $0 * 2, 1002 + $0 * 2, $0 % 2 == 0 ? .own : .queued) }
    let joined = Condenser.condense(bars + [bar(1100, 3000, .own)], 100)
    #expect(joined.map(\.style) == [.running, .mixed, .own])
    #expect(joined[1].begin == Timestamp(1000) && joined[1].end == Timestamp(1100))
    #expect(joined[1].hover.first?.hasPrefix("50 stretches") == true)
    // Two alone stay what they are.
    #expect(Condenser.condense(Array(bars[1...2]), 100).count == 2)
  }

  @Test func base64() {
    #expect(String(decoding: Packing.base64(Array("Man".utf8)), as: UTF8.self) == "TWFu")
    #expect(String(decoding: Packing.base64(Array("Ma".utf8)), as: UTF8.self) == "TWE=")
    #expect(String(decoding: Packing.base64([0xff]), as: UTF8.self) == "/w==")
  }
}
