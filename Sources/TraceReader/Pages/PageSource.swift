import TraceCore

/// One CPU's ring-buffer pages, front to back: a window of the file, or one decompressed chunk, at a time.
///
/// Chunks may have been decompressed ahead, on another thread (``DecompressAhead``): then pages come from the memory of a run of
/// chunks. In what order chunks are read, what is reported of them and when does not depend on that.
struct PageSource: ~Copyable {
  /// A page, valid until the next one is asked for.
  struct Page {
    /// Fewer bytes than a page where the data ends within it.
    var bytes: UnsafeRawBufferPointer
    /// Where it begins in the file; of compressed data, where its chunk begins.
    var fileOffset: UInt64
    /// The file ends within it, which is reported when the next page is asked for.
    var isCutOff: Bool
  }

  enum Step {
    case page(Page)
    /// Data that should be here cannot be read; later data may be readable.
    case damaged(DiagnosticKind, offset: UInt64, String)
    case end
  }

  private let file: FileView
  /// Of compressed data alone.
  private let decompression: Decompression?
  private let pageSize: Int
  private let windowSize: Int
  private let bounds: ChunkBounds
  /// File offset of the next byte to be read into the window.
  private var next: UInt64
  /// Where the data ends. Of uncompressed data, where the file says that it ends.
  private let end: UInt64
  /// Where the chunks should end, give or take 4 bytes.
  private let announcedEnd: UInt64
  private let start: UInt64
  /// Chunks that are still to be read; `nil` before their number was read.
  private var chunksLeft: UInt32?
  private var window = PageWindow()
  /// What pages come from: the window's memory or that of `run`, `used..<filled` of it.
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var used = 0
  private var filled = 0
  private var ahead: DecompressAhead?
  /// Whose memory pages come from.
  private var run: ChunkRun?
  /// The chunks after those of `run`, which another thread may be decompressing.
  private var following: ChunkRun?
  private var windowOffset: UInt64 = 0
  private var isTruncated = false
  /// What this CPU's data counts for in the file, in bytes.
  let totalBytes: UInt64

  /// - Parameters:
  ///   - decompression: Of what is on the same thread.
  ///   - windowSize: Bytes of uncompressed data to read at a time; at least a page is.
  init(
    _ file: FileView, _ layout: BufferLayout, _ extent: BufferLayout.Extent, _ decompression: Decompression?,
    isBigEndian: Bool, windowSize: Int
  ) {
    self.file = file
    self.decompression = layout.isCompressed ? decompression : nil
    pageSize = Int(layout.subBufferSize)
    self.windowSize = max(windowSize / pageSize, 1) * pageSize
    start = extent.offset
    next = extent.offset
    let (sum, overflow) = extent.offset.addingReportingOverflow(extent.size)
    announcedEnd = overflow ? .max : sum
    // Chunks have their own length; but the next CPU's data is not this one's.
    end = self.decompression != nil ? min(layout.end, file.size, extent.limit) : announcedEnd
    bounds = ChunkBounds(
      end: end, largest: min(Codec.largestChunk, Codec.budget / max(layout.extents.count, 1)),
      isBigEndian: isBigEndian)
    totalBytes = extent.size
    if extent.size == 0 { chunksLeft = 0 }
    slack = UInt64(max(64 << 10, (4 << 20) / max(layout.extents.count, 1)))
  }

  /// Bytes of records that the compressed bytes read so far can have become. Records have times and pids, so that they do not
  /// compress like zeros: trace-cmd's captures come to 5 to 20. What comes to far more was made to exhaust memory and disk.
  var recordLimit: UInt64? { decompression == nil ? nil : slack &+ (next &- start) &* Self.largestRatio }
  private static let largestRatio: UInt64 = 128
  /// For the first chunk, whose ratio may be any.
  private let slack: UInt64

  /// Reads no further.
  mutating func giveUp() {
    (chunksLeft, used, filled) = (0, 0, 0)
    next = max(next, end)
    leaveRuns()
  }

  /// Bytes of the file that were read so far, of ``totalBytes``.
  var consumedBytes: UInt64 { min(next &- start, totalBytes) }

  mutating func nextPage() -> Step {
    if filled - used < pageSize {
      if decompression == nil {
        if let hole = skipHole() { return hole }
        refill()
      } else if let problem = decompressMore() {
        return problem
      }
    }
    guard filled > used else {
      leaveRuns()
      return reportEnd() ?? .end
    }
    let count = min(pageSize, filled - used)
    let offset = decompression == nil ? windowOffset + UInt64(used) : windowOffset
    let bytes = UnsafeRawBufferPointer(rebasing: memory[used..<used + count])
    used += count
    return .page(Page(bytes: bytes, fileOffset: offset, isCutOff: bytes.count < pageSize && isTruncated))
  }

  // MARK: Uncompressed

  /// Reads the next window as far as the file holds it.
  private mutating func refill() {
    window.moveToFront(used..<filled)
    (filled, used) = (filled - used, 0)
    windowOffset = next - UInt64(filled)
    guard next < end else { return }
    let wanted = Int(min(UInt64(windowSize - filled), end - next))
    // A small CPU needs no whole window; nor does one whose data the file does not hold.
    let available = file.size > next ? Int(min(UInt64(wanted), file.size - next)) : 0
    window.reserve(filled + available, keeping: filled)
    memory = window.bytes
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + available])
    let count = file.read(into: target, at: next)
    next += UInt64(count)
    filled += count
    isTruncated = count < wanted
  }

  /// Skips whole pages in holes of a sparse file: they would read as zeros, and a file may claim any number of them.
  private mutating func skipHole() -> Step? {
    guard filled == used, next < end, next < file.size else { return nil }
    let data = min(file.dataStart(at: next), end)
    guard data > next, data - next >= UInt64(windowSize) else { return nil }
    let length = data == end ? data - next : (data - next) / UInt64(pageSize) * UInt64(pageSize)
    defer { next += length }
    return .damaged(.badPage, offset: next, "a hole of \(length) bytes")
  }

  /// Reports that the file ends before the data does: once, after the last page.
  private mutating func reportEnd() -> Step? {
    guard isTruncated else { return nil }
    isTruncated = false
    let missing = end - next
    next = end
    return .damaged(.truncatedFile, offset: end - missing, "\(missing) bytes are missing")
  }

  // MARK: Compressed

  /// Decompresses chunks until there is a page. trace-cmd puts ten pages into a chunk, but nothing forbids one that
  /// ends within a page.
  /// - Returns: A problem with a chunk, which is then skipped.
  private mutating func decompressMore() -> Step? {
    while filled - used < pageSize {
      if chunksLeft == nil {
        guard let count = word(at: next) else { return chunksEnd("the number of chunks is missing") }
        chunksLeft = count
        next += 4
      }
      guard let left = chunksLeft, left > 0 else { return reportRest() }
      chunksLeft = left - 1
      if let problem = readChunk() {
        // The rest of the chunk before would be continued by other data than its own.
        used = filled
        return problem
      }
    }
    beginFollowing()
    return nil
  }

  /// Reports, once, that the chunks end before the data does: their number is damaged.
  private mutating func reportRest() -> Step? {
    let stop = min(announcedEnd, end)
    guard next < stop else { return nil }
    defer { next = stop }
    return .damaged(.unreadableChunk, offset: next, "\(stop - next) bytes are in no chunk")
  }

  private mutating func readChunk() -> Step? {
    let offset = next
    if let chunk = nextAhead() {
      next += chunk.length
      filled += chunk.size
      windowOffset = offset
      return chunk.isWhole ? nil : unreadable(chunk.length - UInt64(ChunkHead.byteCount), at: offset)
    }
    let head: ChunkHead
    switch bounds.head(file.bytes(at: offset, count: UInt64(ChunkHead.byteCount)).span.bytes, at: offset) {
    case .wrong(let problem): return chunksEnd(problem)
    case .sound(let sound): head = sound
    }
    next += UInt64(ChunkHead.byteCount) + UInt64(head.compressed)
    windowOffset = offset
    useWindow(andRoomFor: Int(head.size))
    let source = file.bytes(at: offset + UInt64(ChunkHead.byteCount), count: UInt64(head.compressed))
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + Int(head.size)])
    guard let decompression, source.withUnsafeBytes({ decompression.decompress($0, into: target) }) else {
      return unreadable(UInt64(head.compressed), at: offset)
    }
    filled += Int(head.size)
    return nil
  }

  private func unreadable(_ compressed: UInt64, at offset: UInt64) -> Step {
    .damaged(.unreadableChunk, offset: offset, "a chunk of \(compressed) bytes cannot be decompressed")
  }

  /// Moves what is left of the chunk before to the window's front, with room behind it.
  private mutating func useWindow(andRoomFor size: Int) {
    let rest = filled - used
    if run == nil {
      window.moveToFront(used..<filled)
      window.reserve(rest + size, keeping: rest)
    } else {
      window.reserve(rest + size, keeping: 0)
      copyRest(to: window.bytes, at: 0)
    }
    (memory, used, filled) = (window.bytes, 0, rest)
    leaveRun()
  }

  private func copyRest(to target: UnsafeMutableRawBufferPointer, at place: Int) {
    guard filled > used, let base = memory.baseAddress, let target = target.baseAddress else { return }
    (target + place).copyMemory(from: base + used, byteCount: filled - used)
  }

  /// Gives up the rest of the data.
  private mutating func chunksEnd(_ problem: String) -> Step {
    chunksLeft = 0
    defer { next = max(next, end) }
    let isCut = end >= file.size && (next + 8 >= file.size || problem == ChunkBounds.cutOff)
    return .damaged(isCut ? .truncatedFile : .unreadableChunk, offset: next, problem)
  }

  private func word(at offset: UInt64) -> UInt32? {
    guard end >= 4, offset <= end - 4 else { return nil }
    let bytes = file.bytes(at: offset, count: 4)
    guard bytes.count == 4 else { return nil }
    return bytes.span.bytes.integer(UInt32.self, at: 0, isBigEndian: bounds.isBigEndian)
  }

  // MARK: Decompressed ahead

  /// Whether there are more chunks.
  var hasChunks: Bool { decompression != nil && chunksLeft ?? 0 > 0 }

  /// Lets the next chunks be decompressed on other threads from now on.
  mutating func decompress(ahead: DecompressAhead) {
    guard hasChunks else { return }
    self.ahead = ahead
    beginFollowing()
  }

  /// Has the chunks after those at hand decompressed, if nobody does.
  private mutating func beginFollowing() {
    guard let ahead, following == nil, let chunksLeft, Int(chunksLeft) > run?.rest ?? 0 else { return }
    following = ahead.begin(
      ChunkPlace(offset: run?.end ?? next, count: chunksLeft - UInt32(run?.rest ?? 0), bounds: bounds))
  }

  /// The next chunk, if it is decompressed already: `filled` is where it begins in `memory`.
  private mutating func nextAhead() -> ChunkRun.Chunk? {
    if let chunk = run?.next() { return chunk }
    guard let ahead, let following else { return nil }
    self.following = nil
    let isFilled = ahead.collect(following)
    guard isFilled, let chunk = following.next() else {
      ahead.release(following)
      // Its next chunk is damaged or too large: mostly not the only one.
      if isFilled { self.ahead = nil }
      return nil
    }
    let rest = filled - used
    copyRest(to: following.memory, at: following.headroom - rest)
    leaveRun()
    run = following
    (memory, used, filled) = (following.memory, following.headroom - rest, following.headroom)
    return chunk
  }

  /// Pages come from the run's memory no more.
  private mutating func leaveRun() {
    if let run { ahead?.release(run) }
    run = nil
  }

  /// Neither the run nor what follows is needed any more.
  private mutating func leaveRuns() {
    leaveRun()
    guard let ahead, let following else { return }
    _ = ahead.collect(following)
    ahead.release(following)
    self.following = nil
  }
}
