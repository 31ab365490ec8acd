import CZlib
import CZstd
import Glibc
import TraceCore

/// A text's lines, front to back and as often as wanted: from a file, or out of one that gzip or zstd has compressed.
struct TextSource: ~Copyable {
  /// A line in the window, valid until the next one is read.
  struct Line {
    var bytes: UnsafeRawBufferPointer
    /// Where it begins in the text; for a file that is not compressed, in the file.
    var offset: UInt64
    /// Whether it is longer than any line of a trace and was cut off.
    var isTooLong: Bool
  }

  /// In bytes. No line of a trace is longer.
  static let longestLine = 1 << 16
  static let windowSize = 256 << 10

  private let file: FileView
  private var decompressor: Decompressor?
  private var window = PageWindow()
  private var used = 0
  private var filled = 0
  /// Offset of the window's first byte in the text.
  private var windowOffset: UInt64 = 0
  /// File offset of the next byte to be read.
  private(set) var fileOffset: UInt64 = 0
  private var isAtEnd = false
  private var isSkipping = false
  private var decoder: TextDecoder?
  /// Only where lines are to be mended.
  private var mender: TextMender?
  /// Why a compressed text ends before its end.
  private(set) var problem: String?

  /// - Parameter file: What gzip or zstd has compressed is decompressed; anything else, and what no decompressor can be
  ///   had for, is read as it is.
  init(_ file: FileView) {
    self.file = file
    decompressor = Decompressor(file)
    window.reserve(Self.windowSize, keeping: 0)
  }

  var isCompressed: Bool { decompressor != nil }
  /// As ``CaptureFormat/compression`` has it.
  var compression: String { decompressor?.name ?? "none" }

  /// Goes back to the beginning.
  mutating func rewind() {
    (used, filled, windowOffset, fileOffset) = (0, 0, 0, 0)
    (isAtEnd, isSkipping, problem) = (false, false, nil)
    if let encoding { decoder = TextDecoder(encoding) }
    mender?.reset()
    if decompressor != nil { decompressor = Decompressor(file) }
  }

  /// How the text is encoded. Set before anything is read.
  var encoding: TextEncoding? {
    didSet { decoder = encoding.map { TextDecoder($0) } }
  }

  /// Whether lines come as they should be read, or as they are. Set before anything is read.
  mutating func mend(with mender: TextMender?) { self.mender = mender }

  /// The text's beginning, decompressed but not decoded. Nothing may have been read; nothing has been read afterwards.
  mutating func sample() -> [UInt8] {
    var count = 0
    while count < window.bytes.count {
      let added = read(into: UnsafeMutableRawBufferPointer(rebasing: window.bytes[count...]))
      if added == 0 { break }
      count += added
    }
    let sample = Array(window.bytes[..<count])
    rewind()
    return sample
  }

  /// The next line, without its end.
  @inline(__always)
  mutating func nextLine() -> Line? { mender == nil ? nextLineAsItIs() : nextMendedLine() }

  /// The next line, without its end, if it is wanted; otherwise it is still the next one.
  mutating func nextLine(if isWanted: (UnsafeRawBufferPointer) -> Bool) -> Line? {
    if let mender {
      // It is a line ahead.
      guard mender.isNext(isWanted) else { return nil }
      return nextMendedLine()
    }
    guard let line = nextLineAsItIs() else { return nil }
    if isWanted(line.bytes) { return line }
    // The window has not moved since.
    used = Int(line.offset - windowOffset)
    isSkipping = false
    return nil
  }

  @inline(never)
  private mutating func nextMendedLine() -> Line? {
    guard let mender else { return nil }
    while let line = nextLineAsItIs() {
      if let ready = mender.push(line) { return ready }
    }
    return mender.finish()
  }

  @inline(__always)
  private mutating func nextLineAsItIs() -> Line? {
    while true {
      if used < filled, let base = window.bytes.baseAddress {
        let start = base + used
        if let end = memchr(start, 0x0a, filled - used) {
          let count = UnsafeRawPointer(end) - UnsafeRawPointer(start)
          let line = Line(
            bytes: UnsafeRawBufferPointer(start: start, count: count), offset: windowOffset &+ UInt64(used),
            isTooLong: false)
          used += count + 1
          if isSkipping {
            isSkipping = false
            continue
          }
          return line
        }
      }
      if let line = rest() { return line }
      if used == filled, isAtEnd { return nil }
    }
  }

  /// No line ends in the window: reads on, or gives what there is.
  @inline(never)
  private mutating func rest() -> Line? {
    let count = filled - used
    if isAtEnd || count >= Self.longestLine {
      let start = used
      used = filled
      let wasSkipping = isSkipping
      isSkipping = !isAtEnd
      if count == 0 || wasSkipping { return nil }
      return Line(
        bytes: UnsafeRawBufferPointer(rebasing: window.bytes[start..<start + count]),
        offset: windowOffset &+ UInt64(start), isTooLong: !isAtEnd)
    }
    window.moveToFront(used..<filled)
    windowOffset &+= UInt64(used)
    (used, filled) = (0, count)
    let target = UnsafeMutableRawBufferPointer(rebasing: window.bytes[filled...])
    let added = read(into: target)
    filled += added
    if added == 0 { isAtEnd = true }
    return nil
  }

  /// Whole lines; the end of the text's last line may be missing.
  struct Chunk {
    var count: Int
    /// Where it begins in the text.
    var offset: UInt64
  }

  /// Copies the next lines. Not to be mixed with ``nextLine()``.
  /// - Parameter target: Of a window's size at most.
  /// - Returns: `nil` where not even one line fits; empty at the end.
  mutating func nextChunk(into target: UnsafeMutableRawBufferPointer) -> Chunk? {
    let offset = windowOffset
    var count = min(filled, target.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: window.bytes[..<count]))
    while count < target.count, !isAtEnd {
      let added = read(into: UnsafeMutableRawBufferPointer(rebasing: target[count...]))
      count += added
      if added == 0 { isAtEnd = true }
    }
    var end = count
    if !isAtEnd {
      while end > 0, target[end - 1] != 0x0a { end -= 1 }
      if end == 0 { return nil }
    }
    // The beginning of the next line stays in the window.
    filled = count - end
    window.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: target[end..<count]))
    windowOffset &+= UInt64(end)
    return Chunk(count: end, offset: offset)
  }

  private mutating func read(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard decoder != nil else { return readBytes(into: target) }
    while true {
      let count = readBytes(into: target)
      if count == 0 { return 0 }
      // A piece may be all of it an escape that goes on.
      let made = decoder?.decode(target, count: count) ?? count
      if made > 0 { return made }
    }
  }

  private mutating func readBytes(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard let decompressor else {
      let count = file.read(into: target, at: fileOffset)
      fileOffset &+= UInt64(count)
      return count
    }
    let count = decompressor.read(into: target)
    fileOffset = decompressor.fileOffset
    if count == 0 { problem = decompressor.problem }
    return count
  }
}

/// Decompresses a file from its beginning, a window at a time.
final class Decompressor {
  let name: String
  private let file: FileView
  private let input: UnsafeMutableRawBufferPointer
  private var used = 0
  private var filled = 0
  private(set) var fileOffset: UInt64 = 0
  private(set) var problem: String?
  private var written: UInt64 = 0
  private var isInFrame = false
  private var zlib: UnsafeMutablePointer<z_stream>?
  private var zstd: OpaquePointer?

  /// More output for a byte of input is a decompression bomb: a trace of one line repeated comes to 1000.
  private static let largestRatio: UInt64 = 4096

  /// - Returns: `nil` where the file is not compressed.
  init?(_ file: FileView) {
    self.file = file
    let head = file.bytes(at: 0, count: 4)
    if head.starts(with: [0x1f, 0x8b]) {
      name = "gzip"
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      // 15: any window; 16: a gzip head (zlib.h, inflateInit2).
      guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        stream.deallocate()
        return nil
      }
      zlib = stream
    } else if head == [0x28, 0xb5, 0x2f, 0xfd] {
      name = "zstd"
      guard let stream = ZSTD_createDStream() else { return nil }
      zstd = stream
    } else {
      return nil
    }
    // Last: memory allocated before a failing return would never be freed.
    input = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
  }

  deinit {
    if let zlib {
      inflateEnd(zlib)
      zlib.deallocate()
    }
    if let zstd { ZSTD_freeDStream(zstd) }
    input.deallocate()
  }

  /// - Returns: how many bytes; 0 at the end, and where the rest cannot be read.
  func read(into target: UnsafeMutableRawBufferPointer) -> Int {
    var count = 0
    while count == 0, problem == nil {
      if used == filled {
        (used, filled) = (0, file.read(into: input, at: fileOffset))
        fileOffset &+= UInt64(filled)
        if filled == 0 {
          if isInFrame { problem = "it ends in the middle" }
          return 0
        }
      }
      count = zlib != nil ? inflateSome(target) : decompressSome(target)
      written &+= UInt64(count)
      if written > fileOffset &* Self.largestRatio &+ (1 << 20) {
        problem = "it claims to hold \(Self.largestRatio) times its own size"
      }
    }
    return count
  }

  private func inflateSome(_ target: UnsafeMutableRawBufferPointer) -> Int {
    guard let zlib else { return 0 }
    zlib.pointee.next_in = input.baseAddress.map { ($0 + used).assumingMemoryBound(to: Bytef.self) }
    zlib.pointee.avail_in = uInt(filled - used)
    zlib.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: Bytef.self)
    zlib.pointee.avail_out = uInt(target.count)
    let status = inflate(zlib, Z_NO_FLUSH)
    used = filled - Int(zlib.pointee.avail_in)
    isInFrame = status != Z_STREAM_END
    // Files of several members are one text.
    if status == Z_STREAM_END, inflateReset(zlib) != Z_OK { problem = "zlib cannot go on" }
    if status != Z_OK, status != Z_STREAM_END, status != Z_BUF_ERROR { problem = "it is damaged" }
    return target.count - Int(zlib.pointee.avail_out)
  }

  private func decompressSome(_ target: UnsafeMutableRawBufferPointer) -> Int {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: filled, pos: used)
    var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    let status = ZSTD_decompressStream(zstd, &output, &source)
    used = source.pos
    if ZSTD_isError(status) != 0 { problem = "it is damaged" }
    isInFrame = status != 0
    return output.pos
  }
}
