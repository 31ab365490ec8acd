import TraceCore

/// Stretches of time, in order and merged where they meet.
struct Holes {
  private var merged: [ClosedRange<Timestamp>] = []

  init(_ holes: [ClosedRange<Timestamp>]) {
    for hole in holes.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, hole.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, hole.upperBound)
      } else {
        merged.append(hole)
      }
    }
  }

  /// The stretches themselves.
  var stretches: [ClosedRange<Timestamp>] { merged }

  /// Joins neighbours, two and two, until there are no more than so many. They then cover what lies between them too.
  mutating func join(to limit: Int) {
    while merged.count > max(1, limit) {
      merged = stride(from: 0, to: merged.count, by: 2).map { place in
        merged[place].lowerBound...merged[min(place + 1, merged.count - 1)].upperBound
      }
    }
  }

  /// Whether one of them has an instant in common with another stretch.
  func meet(_ begin: Timestamp, _ end: Timestamp) -> Bool {
    var (low, high) = (0, merged.count)
    while low < high {
      let middle = (low + high) / 2
      if merged[middle].upperBound < begin { low = middle + 1 } else { high = middle }
    }
    return low < merged.count && merged[low].lowerBound <= end
  }
}
