import ProxyReport
import TraceCore

/// Where the labels of instants stand: beside their lines, in one row where they fit, else in two.
struct InstantLabels {
  struct Label {
    let time: Timestamp
    /// Where the line is.
    let x: Double
    let text: String
    var start = 0.0
    /// `nil` where there is no room.
    var row: Int?
  }

  private(set) var all: [Label]
  let rows: Int

  init(_ scene: Scene, _ axis: TimeAxis) {
    let labels = scene.instants.map {
      Label(
        time: $0.time, x: axis.x($0.time), text: "\($0.label) \(scene.text.person.instant($0.time))")
    }
    let inOne = Self.place(labels, rows: 1)
    let fits = inOne.allSatisfy { $0.row != nil }
    (all, rows) = fits ? (inOne, 1) : (Self.place(labels, rows: 2), 2)
  }

  /// In order of time, each right of its line, or left of it at the picture's edge; the first row with room. The page's script does the
  /// same when it zooms.
  private static func place(_ labels: [Label], rows: Int) -> [Label] {
    var free = Array(repeating: 0.0, count: rows)
    return labels.map { label in
      var label = label
      let width = SVGDrawing.textWidth(label.text, 6.9)
      label.start = label.x + width > SVGDrawing.width - 4 ? label.x - width - 3 : label.x + 3
      label.row = free.firstIndex { label.start >= $0 }
      if let row = label.row { free[row] = label.start + width + 8 }
      return label
    }
  }
}
