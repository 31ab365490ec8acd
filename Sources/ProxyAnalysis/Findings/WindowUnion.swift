import TraceCore

/// Windows of time, merged where they touch: no instant counts twice.
struct WindowUnion: Sendable {
  /// Apart from each other, in order of time.
  private(set) var windows: [(begin: Timestamp, end: Timestamp)] = []

  /// Adds a window. One that ends before it begins has no length and is left out.
  mutating func add(_ begin: Timestamp, _ end: Timestamp) {
    guard begin < end else { return }
    // Most windows come in order of time.
    guard let last = windows.last, begin <= last.end else {
      // Most unions have one window or several.
      if windows.count == 1 { windows.reserveCapacity(8) }
      windows.append((begin, end))
      return
    }
    if begin >= last.begin {
      windows[windows.count - 1].end = max(last.end, end)
      return
    }
    var (low, high) = (0, windows.count)
    while low < high {
      let middle = (low + high) / 2
      if windows[middle].end < begin { low = middle + 1 } else { high = middle }
    }
    var (merged, stop) = ((begin: begin, end: end), low)
    while stop < windows.count, windows[stop].begin <= merged.end {
      merged = (min(merged.begin, windows[stop].begin), max(merged.end, windows[stop].end))
      stop += 1
    }
    windows.replaceSubrange(low..<stop, with: [merged])
  }

  /// Adds all windows of another union.
  mutating func add(_ other: WindowUnion) {
    for window in other.windows { add(window.begin, window.end) }
  }

  /// The sum of the lengths, in steps of the trace clock.
  var length: Int64 { windows.reduce(0) { $0 &+ ($1.end - $1.begin) } }
}
