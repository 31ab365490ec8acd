import Foundation
import ProxyAnalysis
import ProxyCompare
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

@testable import ProxyPictures

/// A page for two sides, against the comparison that it is made of.
struct ComparePageTests {
  private static func context(_ name: String) throws -> ReportContext {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/captures")
    return try CaptureSession(path: folder.appending(path: "\(name).dat").path).load().context()
  }

  private static func comparison(_ names: [String]) throws -> Comparison {
    if names == pair { return try ofPair.get() }
    return try compared(names)
  }

  private static func compared(_ names: [String]) throws -> Comparison {
    Comparison(try zip(names, ["off", "on"]).map { ComparedSide(label: $1, [try context($0)], skipping: 1) })
  }

  /// Made once for all tests.
  private static let ofPair: Result<Comparison, any Error> = Result { try compared(pair) }

  private static func page(_ comparison: Comparison) throws -> String {
    let sink = ByteSink()
    try ComparePage(comparison, version: "test").write(to: sink)
    return sink.text
  }

  private static let pair = ["sched-ext-blocked/ab-off", "sched-ext-blocked/ab-on"]

  @Test(
    arguments: TestEffort.some(
      [
        pair, ["proxy-off-plain/crowd", "proxy-on-plain/crowd"],
        ["proxy-on-plain/chain3", "sched-ext-blocked/roam-on"],
      ], quick: 1))
  func tagsAreBalancedAndNothingIsFetched(names: [String]) throws {
    let html = try Self.page(try Self.comparison(names))
    #expect(html.utf8.count < 1 << 20)
    for word in ["http:", "https:", "src=", "url(", "@import", "<script"] {
      #expect(!html.replacing("url(#p-", with: "").contains(word), "\(word)")
    }
    #expect(html.contains("default-src &#39;none&#39;") || html.contains("default-src 'none'"))
    for tag in ["table", "tr", "td", "th", "section", "div", "svg", "span", "p", "main", "body", "html"] {
      let opened = html.components(separatedBy: "<\(tag)>").count + html.components(separatedBy: "<\(tag) ").count - 2
      let closed = html.components(separatedBy: "</\(tag)>").count - 1
      #expect(opened == closed && opened > 0, "\(tag): \(opened) opened, \(closed) closed")
    }
  }

  /// Every figure of the comparison is a row, with its values, its verdict and what it is known by.
  @Test func allFiguresAreInTheTable() throws {
    let comparison = try Self.comparison(Self.pair)
    let html = try Self.page(comparison)
    let table = try #require(html.components(separatedBy: "<section id=\"delta\">").last)
    let rows = table.components(separatedBy: "<tr>").dropFirst(2)
    let figures = comparison.figures + comparison.tasks + comparison.locks
    #expect(rows.count == figures.count)
    for (row, figure) in zip(rows, figures) {
      for value in figure.values {
        let text = FigureText.value(value, figure.unit, isTime: true)
        #expect(row.contains("<td class=\"r\">\(text)</td>"), "\(figure.group) \(figure.name): \(row)")
      }
      if let outcome = figure.changes[0]?.outcome { #expect(row.contains(">\(outcome.rawValue)</span>")) }
    }
    let wait = try #require(rows.first { $0.contains("<td>mean ms</td>") })
    // Ten against ten: two of 184,756 permutations, all waits by events.
    #expect(wait.contains("p 1.1e-5") && wait.contains("● 10 / ● 10") && wait.contains("off: 10 event; on: 10 event"))
    #expect(html.contains("Donors paid 1313.8 ms of CPU time for owners."))
  }

  @Test func classesAndPartsAreDrawnToScale() throws {
    let comparison = try Self.comparison(Self.pair)
    let html = try Self.page(comparison)
    let classes = try #require(html.components(separatedBy: "<section id=\"classes\">").last)
    let share = Double(comparison.sides[1].inverted) / Double(comparison.sides[1].waited) * 100
    #expect(classes.contains("<rect class=\"k inverted\" width=\"\(px(share))%\""))
    let parts = try #require(html.components(separatedBy: "<section id=\"parts\">").last)
    let runs = comparison.figures.filter { $0.group == "release, mutex" && $0.name.hasPrefix("mean until") }
    let whole = runs.reduce(0) { $0 + ($1.values[0] ?? 0) }
    let running = try #require(runs.first { $0.name.hasSuffix("running") }?.values[0])
    // The longer side fills the width.
    let width = (running / whole * 100 * 1000).rounded() / 1000
    #expect(parts.contains("width=\"\(width)%\""), "\(width)")
  }

  @Test func hostileNamesAreText() throws {
    let name = "</title><script>alert('x')</script>&\"\u{1b}[2J"
    var base = try Self.context("proxy-off-plain/same-cpu")
    base.capture.path = name
    for place in base.symbols.keys { base.symbols[place] = name }
    let comparison = Comparison([
      ComparedSide(label: name, [base]), ComparedSide(label: "on", [try Self.context("proxy-on-plain/same-cpu")]),
    ])
    let html = try Self.page(comparison)
    #expect(!html.contains("<script") && !html.contains("alert('x')") && !html.unicodeScalars.contains("\u{1b}"))
    #expect(html.contains("&lt;/title&gt;&lt;script&gt;"))
  }

  @Test func sidesWithoutSamplesHaveAPage() throws {
    var empty = try Self.context("proxy-off-plain/same-cpu")
    (empty.timeline.waits, empty.timeline.holds, empty.timeline.handoffs) = ([], [], [])
    empty.timeline.inversions = []
    let side = ComparedSide(label: "none", [empty])
    let html = try Self.page(Comparison([side, side]))
    #expect(html.contains("no wait, hold or handoff has a length to draw"))
    #expect(!html.contains("nan") && !html.contains("inf%"))
  }

  // MARK: The plot

  /// √(ln 40 / 2n).
  @Test func bandIsThatOfDvoretzkyKieferWolfowitz() {
    #expect(abs(ECDFPlot.band(10) - 0.42946940) < 1e-7)
    #expect(abs(ECDFPlot.band(1000) - 0.042946940) < 1e-8)
  }

  @Test func curvesStepAtTheirSamples() throws {
    let person = PersonText(try Self.context("proxy-off-plain/same-cpu"))
    let plot = try #require(ECDFPlot([[1_000_000, 2_000_000], [4_000_000]], person))
    #expect(plot.axisNote == "linear axis")
    let svg = plot.draw()
    // The axis runs from 44 to 588 pixels and from 0 to 4.24 ms; 100 % is at 10, 50 % at 122 and 0 % at 234.
    let curve = try #require(svg.components(separatedBy: "class=\"cv s0\" d=\"").last?.prefix { $0 != "\"" })
    #expect(curve == "M44 234H172.5V122H300.5V10H588V10", "\(curve)")
    #expect(ECDFPlot([[], []], person) == nil && ECDFPlot([[0], [0]], person) == nil)
    let wide = try #require(ECDFPlot([[1000], [1_000_000]], person))
    #expect(wide.axisNote == "logarithmic axis")
  }
}
