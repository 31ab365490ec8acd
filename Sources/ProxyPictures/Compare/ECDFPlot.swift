import Glibc
import ProxyAnalysis
import ProxyReport
import TraceCore

/// Distribution functions of several sides over one axis: of each duration, the part of all samples that are not longer. Around each is a band
/// that holds the true function as a whole with a probability of 95 % (Dvoretzky, Kiefer, Wolfowitz; Massart's constant).
struct ECDFPlot {
  // Sizes in pixels.
  static let width = 604.0
  static let height = 268.0
  private static let left = 44.0
  private static let right = 16.0
  private static let top = 10.0
  private static let bottom = 34.0

  private let sides: [[Int64]]
  private let axis: DurationAxis
  private let person: PersonText

  /// - Parameter sides: samples of each side, in ascending order.
  /// - Returns: `nil` where no side has a sample of more than 0.
  init?(_ sides: [[Int64]], _ person: PersonText) {
    guard let axis = DurationAxis(sides, left: Self.left, width: Self.width - Self.left - Self.right, person) else {
      return nil
    }
    (self.sides, self.axis, self.person) = (sides, axis, person)
  }

  /// How far the true function may be from that of so many samples: √(ln(2 / 0.05) / 2n).
  static func band(_ count: Int) -> Double { (log(2 / 0.05) / (2 * Double(count))).squareRoot() }

  /// The axis' own words, where they say more than the labels.
  var axisNote: String {
    axis.isLogarithmic
      ? hasZeros ? "logarithmic axis, 0 at its left end" : "logarithmic axis"
      : axis.beginsAtZero ? "linear axis" : "linear axis, not from 0"
  }

  private var hasZeros: Bool { sides.contains { ($0.first ?? 1) <= 0 } }

  func draw() -> String {
    let end = Self.width - Self.right
    var out =
      "<svg class=\"pt cp\" role=\"img\" viewBox=\"0 0 \(px(Self.width)) \(px(Self.height))\" width=\"\(px(Self.width))\" "
    out += "height=\"\(px(Self.height))\">\n<g class=\"ax\">"
    for percent in [0, 25, 50, 75, 90, 100] {
      let y = y(Double(percent) / 100)
      out += "<line x1=\"\(px(Self.left))\" x2=\"\(px(end))\" y1=\"\(px(y))\" y2=\"\(px(y))\"/>"
      out += "<text x=\"\(px(Self.left - 6))\" y=\"\(px(y + 4))\" text-anchor=\"end\">\(percent) %</text>"
    }
    for tick in axis.ticks {
      out += "<line x1=\"\(px(tick.x))\" x2=\"\(px(tick.x))\" y1=\"\(px(Self.top))\" y2=\"\(px(y(0)))\"/>"
      out += "<text x=\"\(px(tick.x))\" y=\"\(px(y(0) + 15))\" text-anchor=\"\(tick.anchor)\">\(tick.label)</text>"
    }
    out += "</g>\n"
    for (side, values) in sides.enumerated() where !values.isEmpty {
      out += "<path class=\"bd s\(side)\" d=\"\(outline(values))\"/>\n"
    }
    for (side, values) in sides.enumerated() where !values.isEmpty {
      out += "<path class=\"cv s\(side)\" d=\"\(path(steps(values, shift: 0)))\"/>\n"
      for percent in [50, 90, 99] { out += dot(values, side, percent) }
    }
    return out + "</svg>\n"
  }

  private func dot(_ values: [Int64], _ side: Int, _ percent: Int) -> String {
    let value = values[Distribution.place(of: percent, among: values.count)]
    let hover = "p\(percent) \(person.duration(value))"
    return
      "<circle class=\"dt s\(side)\" cx=\"\(px(axis.x(value)))\" cy=\"\(px(y(Double(percent) / 100)))\" r=\"3\"><title>\(Markup.escape(hover))</title></circle>\n"
  }

  private func y(_ share: Double) -> Double {
    Self.top + (1 - min(max(share, 0), 1)) * (Self.height - Self.top - Self.bottom)
  }

  /// Corners of a function that steps up at each sample; those that fall on the same half pixel are one.
  private func steps(_ values: [Int64], shift: Double) -> [(x: Double, y: Double)] {
    var points = [(x: axis.left, y: y(shift))]
    for (place, value) in values.enumerated() {
      let (x, y) = ((axis.x(value) * 2).rounded() / 2, y(Double(place + 1) / Double(values.count) + shift))
      if let last = points.last, last.x == x, points.count > 1 {
        points[points.count - 1].y = y
      } else {
        points.append((x, y))
      }
    }
    points.append((axis.left + axis.width, y(1 + shift)))
    return points
  }

  private func path(_ points: [(x: Double, y: Double)]) -> String {
    guard let first = points.first else { return "" }
    return points.dropFirst().reduce("M\(px(first.x)) \(px(first.y))") { $0 + "H\(px($1.x))V\(px($1.y))" }
  }

  private func outline(_ values: [Int64]) -> String {
    let band = Self.band(values.count)
    let lower = steps(values, shift: -band)
    var back = ""
    for place in lower.indices.reversed() {
      let before = place > 0 ? lower[place - 1].y : lower[place].y
      back += "L\(px(lower[place].x)) \(px(lower[place].y))L\(px(lower[place].x)) \(px(before))"
    }
    return path(steps(values, shift: band)) + back + "Z"
  }
}

/// Durations along an axis: logarithmic where they differ by more than fifty times.
struct DurationAxis {
  let left: Double
  let width: Double
  let isLogarithmic: Bool
  var beginsAtZero: Bool { least == 0 }
  private let least: Double
  private let most: Double
  private let person: PersonText

  init?(_ sides: [[Int64]], left: Double, width: Double, _ person: PersonText) {
    let positive = sides.flatMap { $0 }.filter { $0 > 0 }
    guard let shortest = positive.min(), let longest = positive.max() else { return nil }
    (self.left, self.width, self.person) = (left, width, person)
    isLogarithmic = Double(longest) / Double(shortest) > 50
    if isLogarithmic {
      (least, most) = (log10(Double(shortest) * 0.9), log10(Double(longest) * 1.1))
    } else {
      // From 0, unless that would be most of the axis.
      let (low, high) = (Double(min(shortest, sides.joined().min() ?? 0)), Double(longest))
      let margin = max((high - low) * 0.08, high * 0.002)
      (least, most) = (low > high / 2 ? low - margin : 0, high + margin)
    }
  }

  /// Where a duration is; what is not positive is at the beginning.
  func x(_ value: Int64) -> Double {
    let place = isLogarithmic ? (value > 0 ? log10(Double(value)) : least) : Double(value)
    return left + min(max((place - least) / (most - least), 0), 1) * width
  }

  /// Round durations; as many as have room.
  var ticks: [(x: Double, label: String, anchor: String)] {
    var values: [Int64] = []
    if isLogarithmic {
      let decades = most - least
      let digits: [Double] = decades <= 2 ? [1, 2, 5] : decades <= 4 ? [1, 3] : [1]
      for power in stride(from: least.rounded(.down), through: most.rounded(.up), by: 1) {
        for digit in digits { values.append(Int64((pow(10, power) * digit).rounded())) }
      }
      values = values.filter { $0 > 0 && log10(Double($0)) >= least && log10(Double($0)) <= most }
    } else {
      let step = TimeAxis.step(max(Int64((most - least) / 7), 1))
      values = Array(stride(from: Int64(least) / step * step, through: Int64(most), by: Int(step))).filter {
        Double($0) >= least
      }
    }
    // A label in the way of another is left out.
    var (ticks, free): ([(x: Double, label: String, anchor: String)], Double) = ([], left - 8)
    for value in values {
      let (x, label) = (x(value), label(value))
      let width = SVGDrawing.textWidth(label, 6.9)
      let isAtEnd = x > left + self.width - 20
      let begin = isAtEnd ? x - width : x - width / 2
      guard begin >= free else { continue }
      free = begin + width + 6
      ticks.append((x, label, isAtEnd ? "end" : "middle"))
    }
    return ticks
  }

  /// `2 ms`, `500 µs`.
  private func label(_ value: Int64) -> String {
    guard person.countsNanoseconds else { return String(value) }
    for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1000)] as [(String, Int64)] where value >= size
    {
      let tenths = (value * 10 + size / 2) / size
      return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return value == 0 ? "0" : "\(value) ns"
  }
}

/// A number of pixels with at most one decimal.
func px(_ value: Double) -> String {
  let tenths = Int64((value * 10).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
}
