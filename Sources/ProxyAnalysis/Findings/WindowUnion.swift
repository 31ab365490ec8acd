import TraceCore

/// Windows of time, merged where they touch: no instant counts twice.
struct WindowUnion: Sendable {
  typealias Window = (begin: Timestamp, end: Timestamp)

  /// Of windows that no later one can touch.
  private var settled: Int64 = 0
  /// Apart from each other, in order of time, and before ``last``.
  private var earlier: [Window] = []
  /// Empty where there is none.
  private var last: Window = (Timestamp(0), Timestamp(0))

  /// Adds a window. One that ends before it begins has no length and is left out.
  /// - Parameter floor: No window that is added later begins before; `nil` where that is not known.
  mutating func add(_ begin: Timestamp, _ end: Timestamp, floor: Timestamp? = nil) {
    guard begin < end else { return }
    // Most windows come in order of time.
    if begin > last.end || isEmpty {
      pushLast(floor)
      last = (begin, end)
    } else if begin >= last.begin {
      last.end = max(last.end, end)
    } else {
      insert(begin, end)
    }
    if earlier.count > Self.few, let floor { settle(floor) }
  }

  private static var few: Int { 8 }

  private var isEmpty: Bool { last.begin == last.end }

  private mutating func pushLast(_ floor: Timestamp?) {
    if isEmpty { return }
    if let floor, last.end < floor {
      settled &+= last.end - last.begin
    } else {
      earlier.append(last)
    }
  }

  @inline(never)
  private mutating func settle(_ floor: Timestamp) {
    let count = earlier.firstIndex { $0.end >= floor } ?? earlier.count
    for window in earlier[..<count] { settled &+= window.end - window.begin }
    earlier.removeFirst(count)
  }

  @inline(never)
  private mutating func insert(_ begin: Timestamp, _ end: Timestamp) {
    var all = windows
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].end < begin { low = middle + 1 } else { high = middle }
    }
    var (merged, stop) = ((begin: begin, end: end), low)
    while stop < all.count, all[stop].begin <= merged.end {
      merged = (min(merged.begin, all[stop].begin), max(merged.end, all[stop].end))
      stop += 1
    }
    all.replaceSubrange(low..<stop, with: [merged])
    last = all.removeLast()
    earlier = all
  }

  /// Apart from each other, in order of time: those that a later window may touch.
  var windows: [Window] { isEmpty ? earlier : earlier + [last] }

  /// The sum of the lengths, in steps of the trace clock.
  var length: Int64 { earlier.reduce(settled &+ (last.end - last.begin)) { $0 &+ ($1.end - $1.begin) } }
}
