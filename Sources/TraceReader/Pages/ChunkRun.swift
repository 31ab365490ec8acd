import TraceCore

/// Chunks of one CPU that follow each other, decompressed behind each other into one piece of memory.
///
/// Unchecked: a run belongs to the reading thread, but from ``DecompressAhead/begin(_:)`` on to the thread that takes it out of the
/// queue, until that one posts `isFilled`. The queue's lock and the semaphore order these accesses.
final class ChunkRun: @unchecked Sendable {
  struct Chunk {
    /// With its head, in bytes of the file.
    var length: UInt64
    /// Decompressed.
    var size: Int
    /// Whether as many bytes came out as its head says.
    var isWhole: Bool
  }

  /// Bytes before the first chunk's, for the rest of a page that began in the chunk before.
  let headroom: Int
  private let size: Int
  private var window = PageWindow()
  /// Those after the last one that was taken.
  private var chunks: [Chunk] = []
  private var taken = 0
  /// Where the first one is, or would be.
  private var place = ChunkPlace(offset: 0, count: 0, bounds: ChunkBounds(end: 0, largest: 0, isBigEndian: false))
  /// Where the chunk after the last one is.
  private(set) var end: UInt64 = 0
  /// Posted once for each filling by another thread.
  let isFilled = Semaphore(0)

  /// More than there are in a run of usual ones. Chunks of nothing fill no memory.
  private static let mostChunks = 64

  /// - Parameters:
  ///   - size: Of the memory, which is allocated when the run is first used.
  ///   - headroom: The part of it that stays free for the reading thread.
  init(size: Int, headroom: Int) {
    (self.size, self.headroom) = (size, headroom)
    chunks.reserveCapacity(Self.mostChunks)
  }

  /// Valid while the run is.
  var memory: UnsafeMutableRawBufferPointer { window.bytes }

  /// Begins another run, with no chunk in it.
  func begin(_ place: ChunkPlace) {
    window.reserve(size, keeping: 0)
    chunks.removeAll(keepingCapacity: true)
    taken = 0
    (self.place, end) = (place, place.offset)
  }

  /// Decompresses as many of the next chunks as there is room for. It stops before a head that is wrong, and says nothing of it: the
  /// reading thread judges it when it comes to it.
  func fill(_ input: inout ChunkInput, _ decompression: Decompression) {
    var filled = headroom
    while chunks.count < min(Int(place.count), Self.mostChunks),
      case .sound(let head) = place.bounds.head(input.bytes(at: end, count: ChunkHead.byteCount).bytes, at: end),
      Int(head.size) <= size - filled, head.compressed <= size
    {
      let length = UInt64(ChunkHead.byteCount) + UInt64(head.compressed)
      let source = input.bytes(at: end + UInt64(ChunkHead.byteCount), count: Int(head.compressed))
      let target = UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + Int(head.size)])
      let isWhole = decompression.decompress(source, into: target)
      chunks.append(Chunk(length: length, size: Int(head.size), isWhole: isWhole))
      filled += Int(head.size)
      end += length
    }
  }

  /// The next chunk, whose bytes follow those of the one before; `nil` after the last one.
  func next() -> Chunk? {
    guard taken < chunks.count else { return nil }
    taken += 1
    return chunks[taken - 1]
  }

  /// Chunks that were not taken yet.
  var rest: Int { chunks.count - taken }
}
