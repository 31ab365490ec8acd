import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore

@testable import ProxyPictures

/// What a picture of a finding shows, and what its lanes say beside the wait's classes.
struct FindingPictureTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  private static func read(_ name: String) throws -> (session: CaptureSession, context: ReportContext) {
    (try session(name), try #require(try contexts.get()[name]))
  }

  /// Each capture is analysed once for all tests.
  private static let contexts: Result<[String: ReportContext], any Error> = Result {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try session($0).load().context()) })
  }

  private static let names = [
    "proxy-on-plain/chain3.dat", "proxy-on-plain/chain4-cross.dat", "proxy-on-probed/chain4-cross.dat",
    "proxy-on-probed/crowd.dat", "proxy-on-probed/same-cpu.dat", "proxy-off-plain/crowd.dat",
    "proxy-off-probed/same-cpu.dat",
  ]

  private static func session(_ name: String) throws -> CaptureSession {
    var options = CaptureSession.Options()
    options.rows = .segments
    return try CaptureSession(path: folder.appending(path: name).path, options)
  }

  private static func scenes(
    _ windows: [PictureWindow], _ session: CaptureSession, _ context: ReportContext
  ) throws -> [Scene] {
    var events = PictureEvents(windows, context.timeline)
    try session.forEachBatch { events.apply($0.events, isFirst: $0.isFirst) }
    return events.scenes(PictureText(context))
  }

  /// Bursts of picks stand above the idle CPU, and their numbers sum to the finding's.
  @Test func idlePicksAreCounted() throws {
    let (session, context) = try Self.read("proxy-on-probed/chain4-cross.dat")
    let findings = Report(context).findings
    let place = try #require(findings.firstIndex { $0.kind == .idleRepick })
    let row = try #require(context.timeline.idlePicks.max { $0.end - $0.begin < $1.end - $1.begin })
    let window = try #require(PictureWindow(of: findings[place], rank: place + 1, in: context.timeline))
    let scene = try #require(try Self.scenes([window], session, context).first)
    let bursts = scene.groups[1].lanes.filter { $0.kind == .donor }.flatMap(\.bars).filter { $0.style == .picked }
    let counts = bursts.compactMap { UInt64($0.label.drop { $0 != "×" }.dropFirst()) }
    #expect(counts.count == bursts.count && counts.reduce(0, +) == row.picks)
    for burst in bursts { #expect(burst.begin >= row.begin && burst.begin <= row.end && burst.evidence == .probe) }
    // It is what the picture is about, in its title and as its first lane.
    let mark = try #require(scene.groups[0].lanes.first { $0.kind == .mark }?.bars.first)
    #expect(mark.begin == row.begin && mark.end == row.end)
    #expect(scene.title.contains("spins idle") && scene.title.contains("\(row.picks) times"))
    #expect(scene.focus == row.begin..<row.end)
  }

  /// Every finding that is about a wait has a picture of its own, which shows its worst window.
  @Test(arguments: ["proxy-on-plain/chain4-cross.dat", "proxy-off-plain/crowd.dat", "proxy-on-probed/chain4-cross.dat"])
  func worstWindowIsMarked(name: String) throws {
    let (session, context) = try Self.read(name)
    let report = Report(context)
    let subjects = PageSubjects(report).subjects.filter { $0.finding != nil }
    #expect(!subjects.isEmpty)
    let scenes = try Self.scenes(subjects.map(\.window), session, context)
    for (subject, scene) in zip(subjects, scenes) {
      let finding = report.findings[try #require(subject.finding)]
      guard finding.worst.length > 0 else { continue }
      let mark = try #require(scene.groups[0].lanes.first { $0.kind == .mark }?.bars.first)
      #expect(mark.begin == finding.worst.begin && mark.end == finding.worst.begin + finding.worst.length)
      #expect(scene.begin <= mark.begin && scene.end >= mark.end)
      // It takes a quarter of the picture, or the picture shows the whole wait.
      let wait = context.timeline.waits[subject.window.wait]
      #expect((mark.end - mark.begin) * 5 >= scene.end - scene.begin || scene.begin <= wait.begin)
    }
  }

  /// Green on a CPU is the wait's class `proxied`: a donor of another wait is told by its name, and has another colour.
  @Test(arguments: ["proxy-on-probed/chain4-cross.dat", "proxy-on-probed/crowd.dat", "proxy-on-plain/chain3.dat"])
  func coloursOfCPUsAreTheClasses(name: String) throws {
    let (session, context) = try Self.read(name)
    let timeline = context.timeline
    let places = timeline.waits.indices.filter { timeline.waits[$0].kind == .mutex }
      .sorted { timeline.waits[$0].times[.proxied] > timeline.waits[$1].times[.proxied] }.prefix(8)
    let windows = places.map { PictureWindow(of: $0, in: timeline) }
    for (place, scene) in zip(places, try Self.scenes(windows, session, context)) {
      let wait = timeline.waits[place]
      let end = wait.begin + wait.length
      let green = scene.groups[1].lanes.filter { $0.kind == .curr }.flatMap(\.bars).filter { $0.style == .proxied }
        .reduce(Int64(0)) { $0 + max(min($1.end, end) - max($1.begin, wait.begin), 0) }
      // Short bars are joined: the picture may differ by some of its finest steps.
      let allowed = 16 * ((scene.end - scene.begin) / 3200)
      #expect(abs(green - wait.times[.proxied]) <= allowed, "wait \(place + 1): \(green), \(wait.times[.proxied])")
    }
  }

  /// A CPU without a donor has no lane for one.
  @Test func emptyLanesAreNotDrawn() throws {
    let (session, context) = try Self.read("proxy-off-plain/crowd.dat")
    let scene = try #require(try Self.scenes([PictureWindow(of: 0, in: context.timeline)], session, context).first)
    #expect(scene.groups[1].lanes.allSatisfy { $0.kind == .curr })
    for name in ["proxy-on-probed/chain4-cross.dat", "proxy-on-plain/chain4-cross.dat"] {
      let (session, context) = try Self.read(name)
      let windows = context.timeline.waits.indices.prefix(12).map { PictureWindow(of: $0, in: context.timeline) }
      for scene in try Self.scenes(windows, session, context) {
        for lane in scene.groups[1].lanes where lane.kind == .donor { #expect(!lane.bars.isEmpty) }
        for arrow in scene.arrows where arrow.kind == .silent {
          #expect(scene.groups[1].lanes[arrow.from.lane].kind == .curr)
        }
      }
    }
  }

  /// No label of an instant stands on another or outside of the picture, and none is left out where two rows are enough.
  @Test(arguments: ["proxy-off-probed/same-cpu.dat", "proxy-on-probed/same-cpu.dat", "proxy-on-plain/chain4-cross.dat"])
  func labelsOfInstantsHaveRoom(name: String) throws {
    let (session, context) = try Self.read(name)
    let windows = context.timeline.waits.indices.prefix(20).map { PictureWindow(of: $0, in: context.timeline) }
    for scene in try Self.scenes(windows, session, context) {
      let axis = TimeAxis(
        begin: scene.begin, length: scene.end - scene.begin, left: SVGDrawing.left,
        width: SVGDrawing.width - SVGDrawing.left - SVGDrawing.right, clock: context.capture.clock)
      let labels = InstantLabels(scene, axis)
      #expect(labels.rows <= 2)
      for row in 0..<labels.rows {
        let placed = labels.all.filter { $0.row == row }
        for (a, b) in zip(placed, placed.dropFirst()) {
          #expect(a.start + SVGDrawing.textWidth(a.text, 6.9) < b.start)
        }
        for label in placed {
          #expect(label.start >= 0 && label.start + SVGDrawing.textWidth(label.text, 6.9) <= SVGDrawing.width)
        }
      }
      if scene.instants.count <= 2 { #expect(labels.all.allSatisfy { $0.row != nil }) }
    }
  }
}
