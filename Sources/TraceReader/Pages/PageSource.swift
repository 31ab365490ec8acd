import TraceCore

/// One CPU's ring-buffer pages, front to back: a window of the file, or one decompressed chunk, at a time.
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
  private let largestChunk: Int
  /// File offset of the next byte to be read into the window.
  private var next: UInt64
  /// Where the data ends. Of uncompressed data, where the file says that it ends.
  private let end: UInt64
  /// Where the chunks should end, give or take 4 bytes.
  private let announcedEnd: UInt64
  private let start: UInt64
  /// Chunks that are still to be read; `nil` before their number was read.
  private var chunksLeft: UInt32?
  private let isBigEndian: Bool
  private var window = PageWindow()
  private var used = 0
  private var filled = 0
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
    largestChunk = min(Codec.largestChunk, Codec.budget / max(layout.extents.count, 1))
    start = extent.offset
    next = extent.offset
    let (sum, overflow) = extent.offset.addingReportingOverflow(extent.size)
    announcedEnd = overflow ? .max : sum
    // Chunks have their own length; but the next CPU's data is not this one's.
    end = self.decompression != nil ? min(layout.end, file.size, extent.limit) : announcedEnd
    totalBytes = extent.size
    self.isBigEndian = isBigEndian
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
    guard filled > used else { return reportEnd() ?? .end }
    let count = min(pageSize, filled - used)
    let offset = decompression == nil ? windowOffset + UInt64(used) : windowOffset
    let bytes = UnsafeRawBufferPointer(rebasing: window.bytes[used..<used + count])
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
    let target = UnsafeMutableRawBufferPointer(rebasing: window.bytes[filled..<filled + available])
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
    window.moveToFront(used..<filled)
    (filled, used) = (filled - used, 0)
    while filled < pageSize {
      if chunksLeft == nil {
        guard let count = word(at: next) else { return chunksEnd("the number of chunks is missing") }
        chunksLeft = count
        next += 4
      }
      guard let left = chunksLeft, left > 0 else { return reportRest() }
      chunksLeft = left - 1
      if let problem = readChunk() {
        // The rest of the chunk before would be continued by other data than its own.
        filled = 0
        return problem
      }
    }
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
    guard let compressed = word(at: next), let size = word(at: next + 4) else { return chunksEnd("a chunk is missing") }
    let offset = next
    guard UInt64(compressed) <= end - (next + 8) else { return chunksEnd("a chunk is cut off") }
    guard let decompression,
      Codec.isPlausible(compressed: Int(compressed), uncompressed: Int(size), limit: largestChunk)
    else {
      // Where the next one begins cannot be trusted either.
      return chunksEnd("a chunk claims to have \(size) bytes in \(compressed)")
    }
    let source = file.bytes(at: next + 8, count: UInt64(compressed))
    next += 8 + UInt64(compressed)
    window.reserve(filled + Int(size), keeping: filled)
    let target = UnsafeMutableRawBufferPointer(rebasing: window.bytes[filled..<filled + Int(size)])
    windowOffset = offset
    guard source.withUnsafeBytes({ decompression.decompress($0, into: target) }) else {
      return .damaged(.unreadableChunk, offset: offset, "a chunk of \(compressed) bytes cannot be decompressed")
    }
    filled += Int(size)
    return nil
  }

  /// Gives up the rest of the data.
  private mutating func chunksEnd(_ problem: String) -> Step {
    chunksLeft = 0
    defer { next = max(next, end) }
    let isCut = end >= file.size && (next + 8 >= file.size || problem == "a chunk is cut off")
    return .damaged(isCut ? .truncatedFile : .unreadableChunk, offset: next, problem)
  }

  private func word(at offset: UInt64) -> UInt32? {
    guard end >= 4, offset <= end - 4 else { return nil }
    let bytes = file.bytes(at: offset, count: 4)
    guard bytes.count == 4 else { return nil }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    return isBigEndian ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
  }
}
