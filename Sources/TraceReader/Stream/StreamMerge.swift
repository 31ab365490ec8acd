import TraceCore

/// Merges the CPUs' streams by (time, CPU, order in the CPU's buffer).
///
/// Only the streams' heads are compared, as `trace-cmd report` does it, so that a CPU whose clock steps back is followed as
/// it stands. A binary heap holds all streams but the current one, which goes on without touching the heap as long as it
/// is the smallest: neighbouring events are mostly of one CPU.
struct StreamMerge {
  private struct Key {
    var time: UInt64
    /// Index of the stream; ascending with the CPU.
    var index: Int

    @inline(__always)
    static func < (a: Key, b: Key) -> Bool { a.time < b.time || a.time == b.time && a.index < b.index }
  }

  private(set) var streams: [CPUStream]
  private var heap: [Key] = []
  /// The stream to take from, `nil` at the end.
  private var current: Int?

  /// - Parameter streams: Ascending by CPU.
  init(_ streams: [CPUStream]) {
    self.streams = streams
    for (index, stream) in streams.enumerated() where !stream.isAtEnd {
      heap.append(Key(time: stream.headTime, index: index))
    }
    // A sorted array is a heap.
    heap.sort { $0 < $1 }
    current = popTop()?.index
  }

  @inline(__always)
  mutating func next(_ decoder: borrowing RecordDecoder) -> SchedEvent? {
    guard let current else { return nil }
    let event = streams[current].take(decoder)
    if streams[current].isAtEnd {
      self.current = popTop()?.index
      return event
    }
    let key = Key(time: streams[current].headTime, index: current)
    if let top = heap.first, top < key {
      self.current = top.index
      replaceTop(with: key)
    }
    return event
  }

  private mutating func popTop() -> Key? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty { replaceTop(with: last) }
    return top
  }

  private mutating func replaceTop(with key: Key) {
    var hole = 0
    let count = heap.count
    while true {
      var child = 2 &* hole &+ 1
      guard child < count else { break }
      if child &+ 1 < count, heap[child &+ 1] < heap[child] { child &+= 1 }
      guard heap[child] < key else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = key
  }
}
