import ProxyReport
import TraceCore

/// Draws a scene as SVG. The only drawing code: a page embeds what it makes, and its script moves the bars along the axis by the times
/// that stand in `data-b` and `data-e`.
struct SVGDrawing {
  /// Where the drawing goes.
  enum Medium {
    /// A file of its own, with title, style and legend.
    case file
    /// A page, which has those.
    case page
  }

  // Sizes in pixels.
  static let width = 1240.0
  static let left = 168.0
  static let right = 12.0
  private static let laneGap = 5.0

  private let scene: Scene
  private let medium: Medium
  private let axis: TimeAxis
  private var out = ""
  private var y = 0.0
  /// Where the lines of the axis begin, below its labels.
  private var grid = 0.0
  /// Top and height of each lane, by group.
  private var places: [[(y: Double, height: Double)]] = []

  init(_ scene: Scene, for medium: Medium) {
    (self.scene, self.medium) = (scene, medium)
    axis = TimeAxis(
      begin: scene.begin, length: max(scene.end - scene.begin, 1), left: Self.left,
      width: Self.width - Self.left - Self.right, clock: scene.text.clock)
  }

  static func draw(_ scene: Scene, for medium: Medium) -> String {
    var drawing = SVGDrawing(scene, for: medium)
    return drawing.draw()
  }

  private mutating func draw() -> String {
    if medium == .file { heading() }
    let top = y
    let labels = InstantLabels(scene, axis)
    grid = top + 17 + 13 * Double(labels.rows)
    y = grid + 4
    for group in scene.groups where !group.lanes.isEmpty { draw(group) }
    let bottom = y
    for arrow in scene.arrows { draw(arrow) }
    if medium == .file { legend() }
    let body = out
    out = ""
    frame(top, bottom, labels)
    let ns = medium == .file ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
    var head =
      "<svg\(ns) class=\"pt\" role=\"img\" viewBox=\"0 0 \(n(Self.width)) \(n(y + 6))\" width=\"\(n(Self.width))\""
    head += " height=\"\(n(y + 6))\" data-t0=\"\(scene.begin.rawValue)\" data-n=\"\(scene.end - scene.begin)\""
    head +=
      " data-x=\"\(n(axis.left))\" data-w=\"\(n(axis.width))\" data-top=\"\(n(top))\" data-bot=\"\(n(bottom))\""
    head += " data-rows=\"\(labels.rows)\">\n"
    if medium == .file { head += "<title>\(Markup.escape(scene.title))</title>\n<style>\(Self.style)</style>\n" }
    // Not every program that shows SVG knows a background.
    if medium == .file { head += "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n" }
    return head + Self.patterns + out + body + "</svg>\n"
  }

  // MARK: Around the lanes

  private mutating func heading() {
    y = 22
    out += "<text class=\"ti\" x=\"8\" y=\"\(n(y))\">\(Markup.escape(fitted(scene.title, Self.width - 16, 9)))</text>\n"
    for fact in scene.facts {
      y += 17
      out += "<text class=\"fa\" x=\"8\" y=\"\(n(y))\">\(Markup.escape(fitted(fact, Self.width - 16, 6.6)))</text>\n"
    }
    y += 8
  }

  /// The axis, and the stretch that the picture is about, behind all lanes. Text comes last, so that no line crosses it.
  private mutating func frame(_ top: Double, _ bottom: Double, _ labels: InstantLabels) {
    let (from, to) = (axis.x(scene.focus.lowerBound), axis.x(scene.focus.upperBound))
    out += "<rect class=\"fo\" \(times(scene.focus.lowerBound - scene.begin, scene.focus.upperBound - scene.begin)) "
    out += "x=\"\(n(from))\" y=\"\(n(grid))\" width=\"\(n(max(to - from, 1)))\" height=\"\(n(bottom - grid))\"/>\n"
    out += "<g class=\"ax\">"
    for tick in axis.ticks {
      out += "<line x1=\"\(n(tick.x))\" x2=\"\(n(tick.x))\" y1=\"\(n(grid))\" y2=\"\(n(bottom))\"/>"
    }
    out += "</g>\n<g class=\"in\">"
    for label in labels.all {
      out += "<line data-b=\"\(label.time - scene.begin)\" x1=\"\(n(label.x))\" x2=\"\(n(label.x))\" "
      out += "y1=\"\(n(top + 4))\" y2=\"\(n(bottom))\"/>"
    }
    for label in labels.all {
      // A label in the way of others is left out, until the page zooms; its line stays.
      if label.row == nil, medium == .file { continue }
      let hidden = label.row == nil ? "display=\"none\" " : ""
      out += "<text \(hidden)data-b=\"\(label.time - scene.begin)\" x=\"\(n(label.start))\" "
      out += "y=\"\(n(top + 11 + 13 * Double(label.row ?? 0)))\">\(Markup.escape(label.text))</text>"
    }
    out += "</g>\n<g class=\"ax\">"
    for tick in axis.ticks {
      // Labels at the edges lean inwards.
      let anchor = tick.x > Self.width - 46 ? "end" : tick.x < Self.left + 30 ? "start" : "middle"
      out += "<text x=\"\(n(min(tick.x, Self.width - 4)))\" y=\"\(n(grid - 4))\" text-anchor=\"\(anchor)\">"
      out += "\(tick.label)</text>"
    }
    out += "</g>\n"
  }

  private mutating func legend() {
    y += 12
    var x = 8.0
    func place(_ width: Double) {
      if x + width > Self.width - 8 { (x, y) = (8, y + 18) }
    }
    for style in scene.legend {
      let words = style.words(isProxying: scene.text.isProxying)
      let width = 24 + Self.textWidth(words, 6.2)
      place(width)
      out += "<rect class=\"k \(style.rawValue)\" x=\"\(n(x))\" y=\"\(n(y))\" width=\"14\" height=\"11\"/>"
      out += "<text class=\"le\" x=\"\(n(x + 18))\" y=\"\(n(y + 10))\">\(words)</text>\n"
      x += width + 8
    }
    for mark in scene.evidences {
      let width = 20 + Self.textWidth(mark.rawValue, 6.2)
      place(width)
      out += "<text class=\"le\" x=\"\(n(x))\" y=\"\(n(y + 10))\">\(mark.glyph) \(mark.rawValue)</text>\n"
      x += width + 8
    }
    y += 18
  }

  // MARK: Lanes

  private mutating func draw(_ group: Scene.Group) {
    y += 13
    out += "<text class=\"gr\" x=\"8\" y=\"\(n(y))\">\(Markup.escape(group.title))</text>\n"
    y += 6
    var lanes: [(y: Double, height: Double)] = []
    for lane in group.lanes {
      let height = lane.kind.height
      lanes.append((y, height))
      draw(lane, height)
      y += height + (lane.kind == .donor ? 1 : Self.laneGap)
    }
    places.append(lanes)
  }

  private mutating func draw(_ lane: Scene.Lane, _ height: Double) {
    let base = y + height
    out += "<g class=\"ln \(lane.kind)\"><text class=\"la\" x=\"\(n(Self.left - 8))\" y=\"\(n(y + height / 2 + 4))\">"
    out += "\(Markup.escape(fitted(lane.label, Self.left - 14, 6.4)))"
    out += "<title>\(Markup.escape(lane.label + (lane.hover.isEmpty ? "" : ": " + lane.hover)))</title></text>"
    out +=
      "<line class=\"ba\" x1=\"\(n(Self.left))\" x2=\"\(n(Self.width - Self.right))\" y1=\"\(n(base))\" y2=\"\(n(base))\"/>\n"
    for (place, bar) in lane.bars.enumerated() {
      let next = place + 1 < lane.bars.count ? axis.x(lane.bars[place + 1].begin) : Self.width
      draw(bar, height, next)
    }
    out += "</g>\n"
  }

  /// - Parameter next: where the lane's next bar begins.
  private mutating func draw(_ bar: Scene.Bar, _ height: Double, _ next: Double) {
    let (from, to) = (axis.x(bar.begin), axis.x(bar.end))
    let shape = bar.style.shape
    let (top, tall) =
      shape == .full ? (y, height) : shape == .low ? (y + height * 0.35, height * 0.65) : (y + height - 4, 4)
    let known = bar.evidence.map { " e-\(EvidenceMark($0).rawValue)" } ?? ""
    out += "<rect class=\"k \(bar.style.rawValue)\(known)\" \(times(bar.begin - scene.begin, bar.end - scene.begin))"
    let glyph = bar.evidence.map { EvidenceMark($0).glyph + " " } ?? ""
    let label = bar.style == .hold ? bar.label : glyph + bar.label
    out += " data-l=\"\(Markup.escape(label))\" x=\"\(n(from))\" y=\"\(n(top))\" width=\"\(n(max(to - from, 0.8)))\""
    out += " height=\"\(n(tall))\"><title>\(Markup.escape(bar.hover.joined(separator: "\n")))</title></rect>"
    // What says most about a finding is said beside its bar where it does not fit into it.
    let isBeside = bar.style.mayBeBeside && Self.textWidth(label, 6.4) > to - from - 6
    let hasRoom = to + 8 + Self.textWidth(label, 6.4) < next
    let text = isBeside ? (hasRoom ? label : "") : part(label, to - from - 6, 6)
    if !text.isEmpty {
      let line = shape == .line ? y + height - 6 : top + tall / 2 + 3.5
      out += "<text class=\"t \(bar.style.rawValue)\(isBeside ? " mb" : "")\" x=\"\(n(isBeside ? to + 4 : from + 3))\" "
      out += "y=\"\(n(line))\">\(Markup.escape(text))</text>"
    }
    out += "\n"
  }

  // MARK: Arrows

  private mutating func draw(_ arrow: Scene.Arrow) {
    guard let from = place(arrow.from), let to = place(arrow.to) else { return }
    let (x1, x2) = (axis.x(arrow.from.time), axis.x(arrow.to.time))
    let isDown = to.y > from.y
    // From inside of its lane, so that it is seen where two lanes are neighbours; beside the lane's text.
    let y1 = isDown ? from.y + from.height - 3 : from.y + 3
    let y2 = isDown ? to.y + 1 : to.y + to.height - 1
    out +=
      "<g class=\"ar \(arrow.kind.rawValue)\" data-b=\"\(arrow.from.time - scene.begin)\" data-e=\"\(arrow.to.time - scene.begin)\">"
    out += "<title>\(Markup.escape(arrow.hover))</title>"
    out += "<path d=\"M\(n(x1)) \(n(y1))L\(n(x2)) \(n(y2))\"/>"
    let tip = isDown ? -6.0 : 6.0
    out += "<path class=\"hd\" d=\"M\(n(x2)) \(n(y2))l-3.5 \(n(tip))h7z\"/>"
    out += "<path class=\"hd\" d=\"M\(n(x1)) \(n(y1))m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0\"/></g>\n"
  }

  private func place(_ place: Scene.Arrow.Place) -> (y: Double, height: Double)? {
    guard places.indices.contains(place.group), places[place.group].indices.contains(place.lane) else { return nil }
    return places[place.group][place.lane]
  }

  // MARK: Text

  private func times(_ begin: Int64, _ end: Int64) -> String { "data-b=\"\(begin)\" data-e=\"\(end)\"" }

  /// How wide a text may be at most, with so many pixels for a character of the usual width.
  static func textWidth(_ text: String, _ pixels: Double) -> Double { Double(text.unicodeScalars.count) * pixels }

  /// As much of a text as fits; empty where that says nothing.
  private func fitted(_ text: String, _ width: Double, _ pixels: Double) -> String {
    let room = Int(max(width, 0) / pixels)
    if text.unicodeScalars.count <= room { return text }
    return room < 4 ? "" : String(String.UnicodeScalarView(text.unicodeScalars.prefix(room - 1))) + "…"
  }

  /// The label of a bar: all of it, or so much that it can be guessed; else nothing.
  private func part(_ text: String, _ width: Double, _ pixels: Double) -> String {
    let (room, count) = (Int(max(width, 0) / pixels), text.unicodeScalars.count)
    return count <= room || room >= 6 && room * 2 >= count ? fitted(text, width, pixels) : ""
  }

  /// A number with at most one decimal.
  private func n(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}

extension Scene.Lane.Kind {
  var height: Double {
    switch self {
    case .mark: 16
    case .classes: 26
    case .donor: 16
    case .curr: 22
    case .task, .lock: 18
    }
  }
}

extension BarStyle {
  enum Shape {
    case full, low, line
  }

  /// Whether a label may stand beside its bar.
  var mayBeBeside: Bool { self == .mark || self == .picked }

  /// Running is tall, ready is lower, all else is a line: the shape tells it without colour.
  var shape: Shape {
    switch self {
    case .queued: .low
    case .blocked, .off: .line
    default: .full
    }
  }
}
