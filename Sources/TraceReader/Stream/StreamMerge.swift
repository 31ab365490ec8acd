import TraceCore

/// Merges the CPUs' streams by (time, CPU, order in the CPU's buffer).
///
/// Only the streams' heads are compared, as `trace-cmd report` does it, so that a CPU whose clock steps back is followed as
/// it stands. A binary heap holds all streams but the current one, which goes on without touching the heap as long as it
/// is the smallest: neighbouring events are mostly of one CPU.
struct StreamMerge: ~Copyable {
  private struct Key {
    var time: UInt64
    /// Index of the stream; ascending with the CPU.
    var index: Int

    @inline(__always)
    static func < (a: Key, b: Key) -> Bool { a.time < b.time || a.time == b.time && a.index < b.index }
  }

  /// The streams, ascending by CPU. An array cannot hold what cannot be copied; this memory is the merge's own, its size
  /// never changes, and indices come from the heap, which was made from it.
  private let streams: UnsafeMutableBufferPointer<CPUStream>
  private var heap: [Key] = []
  /// The stream to take from, `nil` at the end.
  private var current: Int?
  /// Otherwise one stream follows the other.
  private let isMerged: Bool

  /// - Parameters:
  ///   - count: How many streams there are.
  ///   - makeStream: Makes a stream by its index, which ascends with the CPU.
  init(count: Int, isMerged: Bool, _ makeStream: (Int) -> CPUStream) {
    self.isMerged = isMerged
    streams = UnsafeMutableBufferPointer(start: .allocateLines(capacity: count), count: count)
    for index in 0..<count {
      streams.initializeElement(at: index, to: makeStream(index))
      if !streams[index].isAtEnd { heap.append(Key(time: streams[index].headTime, index: index)) }
    }
    // A sorted array is a heap.
    heap.sort { $0 < $1 }
    current = popTop()?.index
  }

  deinit {
    streams.deinitialize()
    streams.deallocate()
  }

  /// Takes the next events, until there is room for none: both by their address, as what is borrowed is copied bit by bit for
  /// each call.
  @inline(__always)
  mutating func next(_ decoder: UnsafeMutablePointer<RecordDecoder>, into packer: UnsafeMutablePointer<EventPacker>) {
    while !packer.pointee.isFull, let current, let base = streams.baseAddress {
      // By its address: changed through the buffer's subscript it does not get through the thread sanitizer's build.
      let stream = base + current
      var run = CPUStream.Run(decoder: decoder, packer: packer, bound: .max)
      if isMerged, let top = heap.first {
        // Of two events at the same time that of the smaller CPU comes first.
        run.bound = current < top.index && top.time < .max ? top.time + 1 : top.time
      }
      stream.pointee.take(run)
      leave(stream.pointee.isAtEnd, Key(time: stream.pointee.headTime, index: current))
    }
  }

  /// Goes on to the stream whose turn it is, from one that is at its end or has come to `key`.
  @inline(__always)
  private mutating func leave(_ isAtEnd: Bool, _ key: Key) {
    if isAtEnd {
      current = popTop()?.index
    } else if isMerged, let top = heap.first, top < key {
      current = top.index
      replaceTop(with: key)
    }
  }

  /// What the streams skipped or doubted so far.
  var diagnostics: DiagnosticLog {
    var all = DiagnosticLog()
    for index in streams.indices { all.merge(streams[index].diagnostics) }
    return all
  }

  /// Bytes that were read, and that there are.
  var consumedBytes: (done: UInt64, total: UInt64) {
    var sum: (done: UInt64, total: UInt64) = (0, 0)
    for index in streams.indices {
      sum.done &+= streams[index].consumedBytes
      sum.total &+= streams[index].totalBytes
    }
    return sum
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
