import ProxyAnalysis
import TraceCore

/// What sides are called where the user gives no names: by the part of their files' paths that tells them apart.
public enum SideLabels {
  /// - Parameter sides: The files of each side.
  /// - Returns: As many labels, no two of them equal. Hostile text.
  public static func labels(of sides: [[String]]) -> [String] {
    let paths = sides.map { side in (side.first ?? "").split(separator: "/").map(String.init) }
    var labels = paths.indices.map { side in distinguishing(side, paths) }
    // The same file again, or parts of different depth that are equal by chance.
    for side in labels.indices {
      let name = labels[side]
      var number = 2
      while labels[..<side].contains(labels[side]) {
        labels[side] = "\(name) (\(number))"
        number += 1
      }
    }
    return zip(labels, sides).map { $1.count > 1 ? "\($0) +\($1.count - 1)" : $0 }
  }

  /// The last part of a side's path that no other side has in the same place from the end; or else the shortest end of the path that no
  /// other one has.
  private static func distinguishing(_ side: Int, _ paths: [[String]]) -> String {
    let (path, others) = (paths[side], paths.indices.filter { $0 != side }.map { paths[$0] })
    for depth in path.indices {
      let part = path[path.count - 1 - depth]
      if !others.contains(where: { $0.count > depth && $0[$0.count - 1 - depth] == part }) { return part }
    }
    for length in path.indices.map({ $0 + 1 })
    where !others.contains(where: { $0.suffix(length) == path.suffix(length) }) {
      return path.suffix(length).joined(separator: "/")
    }
    return path.last ?? ""
  }
}

extension [ComparedSide] {
  /// Why durations of the sides cannot be held against each other; `nil` where they can. Clocks that count nanoseconds can, whatever their
  /// names: they differ by parts of a million. Other clocks count what only they know.
  public var clockProblem: (path: String, text: String)? {
    let captures = flatMap { $0.captures.map(\.capture) }
    guard let first = captures.first else { return nil }
    for other in captures.dropFirst() {
      let (a, b) = (first.clock, other.clock)
      if a.unit == b.unit, a.unit == .nanoseconds || a.name == b.name { continue }
      return (other.path, "its clock (\(b.words)) is not that of \(first.path) (\(a.words))")
    }
    return nil
  }

  /// The names of the clocks, where they differ.
  public var differentClocks: [String] {
    var names: [String] = []
    for capture in flatMap(\.captures) where !names.contains(capture.capture.clock.name) {
      names.append(capture.capture.clock.name)
    }
    return names.count > 1 ? names : []
  }
}

extension TraceClock {
  /// `mono, which counts nanoseconds`.
  fileprivate var words: String {
    (name.isEmpty ? "without a name" : name)
      + (unit == .nanoseconds ? ", which counts nanoseconds" : ", which counts steps")
  }
}
