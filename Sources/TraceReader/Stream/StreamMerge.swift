import TraceCore

/// Merges the CPUs' streams by (time, CPU, order in the CPU's buffer).
///
/// Only the streams' next events are compared, as `trace-cmd report` does: the events of a CPU keep their order even if
/// its clock steps back. A heap holds all streams but the current one, which is taken from without using the
/// heap as long as its next event is the earliest: neighbouring events are mostly of one CPU.
struct StreamMerge: ~Copyable {
  /// Time and index of a stream's next event, as one number: of two at the same time the smaller CPU's comes first.
  private struct Key {
    private let order: UInt128

    @inline(__always)
    init(time: UInt64, index: Int) { order = UInt128(time) << 64 | UInt128(UInt64(index)) }

    var time: UInt64 {
      @inline(__always) get { UInt64(truncatingIfNeeded: order >> 64) }
    }

    /// Index of the stream; ascending with the CPU.
    var index: Int {
      @inline(__always) get { Int(truncatingIfNeeded: order) }
    }

    @inline(__always)
    static func < (a: Key, b: Key) -> Bool { a.order < b.order }
  }

  /// The streams, ascending by CPU, in memory of the merge's own, since an array cannot hold noncopyable values. Its
  /// size never changes, and all indices come from it.
  private let streams: UnsafeMutableBufferPointer<CPUStream>
  /// A binary heap of those that are neither the current one nor at their end, in memory of the merge's own, with room for all.
  private let heap: UnsafeMutablePointer<Key>
  private var heapCount = 0
  /// The stream to take from, `nil` at the end.
  private var current: Int?
  /// `false`: one stream after the other.
  private let isMerged: Bool

  /// - Parameters:
  ///   - count: How many streams there are.
  ///   - makeStream: Makes a stream by its index, which ascends with the CPU.
  init(count: Int, isMerged: Bool, _ makeStream: (Int) -> CPUStream) {
    self.isMerged = isMerged
    streams = UnsafeMutableBufferPointer(start: .allocateLines(capacity: count), count: count)
    heap = .allocate(capacity: count)
    var begin: UInt64?
    for index in 0..<count {
      streams.initializeElement(at: index, to: makeStream(index))
      if let first = streams[index].firstRecordTime { begin = min(begin ?? first, first) }
    }
    var keys: [Key] = []
    for index in 0..<count {
      if let begin { streams[index].traceBegins(at: begin) }
      if !streams[index].isAtEnd { keys.append(Key(time: streams[index].headTime, index: index)) }
    }
    // A sorted array is a heap.
    keys.sort { $0 < $1 }
    heap.initialize(from: keys, count: keys.count)
    heapCount = keys.count
    current = popTop()?.index
  }

  deinit {
    streams.deinitialize()
    streams.deallocate()
    heap.deallocate()
  }

  /// Takes the next events until the packer is full. Decoder and packer are passed by address: borrowing a noncopyable
  /// value would copy its bits for each call.
  @inline(__always)
  mutating func next(_ decoder: UnsafeMutablePointer<RecordDecoder>, into packer: UnsafeMutablePointer<EventPacker>) {
    while !packer.pointee.isFull, let current, let base = streams.baseAddress {
      // By its address: the thread sanitizer's build rejects changing it through the buffer's subscript.
      let stream = base + current
      var run = CPUStream.Run(decoder: decoder, packer: packer, bound: .max)
      if isMerged, let top {
        // Of two events at the same time that of the smaller CPU comes first.
        run.bound = current < top.index && top.time < .max ? top.time + 1 : top.time
      }
      stream.pointee.take(run)
      leave(stream.pointee.isAtEnd, Key(time: stream.pointee.headTime, index: current))
    }
  }

  /// Leaves the current stream for the one with the earliest event, if that is another.
  /// - Parameter key: The current stream's next event.
  @inline(__always)
  private mutating func leave(_ isAtEnd: Bool, _ key: Key) {
    if isAtEnd {
      current = popTop()?.index
    } else if isMerged, let top, top < key {
      current = top.index
      replaceTop(with: key)
    }
  }

  /// How many streams have compressed data that was not read yet.
  var compressedCount: Int {
    var count = 0
    for index in streams.indices where streams[index].hasChunks { count += 1 }
    return count
  }

  /// Lets the streams' data be decompressed on other threads from now on.
  func decompress(ahead: DecompressAhead) {
    guard let base = streams.baseAddress else { return }
    // By address: see next(_:into:).
    for index in streams.indices {
      let stream = base + index
      stream.pointee.decompress(ahead: ahead)
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

  /// The stream with the earliest event of those in the heap.
  private var top: Key? {
    @inline(__always) get { heapCount > 0 ? heap[0] : nil }
  }

  private mutating func popTop() -> Key? {
    guard let top else { return nil }
    heapCount -= 1
    if heapCount > 0 { replaceTop(with: heap[heapCount]) }
    return top
  }

  /// A stream's next event is mostly later than those of the others: its place is near the bottom. So the hole goes down first, without
  /// a look at the key, and chooses children without a branch: which of two comes first cannot be predicted.
  private func replaceTop(with key: Key) {
    var hole = 0
    var child = 2
    while child < heapCount {
      child &-= heap[child &- 1] < heap[child] ? 1 : 0
      heap[hole] = heap[child]
      hole = child
      child = 2 &* hole &+ 2
    }
    if child == heapCount {
      heap[hole] = heap[child &- 1]
      hole = child &- 1
    }
    while hole > 0, key < heap[(hole &- 1) / 2] {
      heap[hole] = heap[(hole &- 1) / 2]
      hole = (hole &- 1) / 2
    }
    heap[hole] = key
  }
}
