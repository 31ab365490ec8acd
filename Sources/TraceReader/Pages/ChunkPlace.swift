/// The 8 bytes before a chunk of compressed pages.
struct ChunkHead: Equatable {
  /// Bytes that follow the head.
  var compressed: UInt32
  /// Bytes that they become.
  var size: UInt32

  static let byteCount = 8

  /// - Parameter bytes: ``byteCount`` of them.
  init(_ bytes: RawSpan, isBigEndian: Bool) {
    compressed = bytes.integer(UInt32.self, at: 0, isBigEndian: isBigEndian)
    size = bytes.integer(UInt32.self, at: 4, isBigEndian: isBigEndian)
  }
}

/// What a CPU's chunks must keep to. The reading thread and those that decompress ahead judge a head by the same words.
struct ChunkBounds: Equatable, Sendable {
  /// Where the data ends in the file.
  var end: UInt64
  /// The largest chunk that is decompressed, in bytes.
  var largest: Int
  var isBigEndian: Bool

  /// The head of a chunk that is all there.
  enum Head: Equatable {
    case sound(ChunkHead)
    /// Where the next chunk begins cannot be trusted either.
    case wrong(String)
  }

  /// - Parameters:
  ///   - bytes: What the file has at that place, ``ChunkHead/byteCount`` or fewer bytes.
  ///   - offset: The place.
  func head(_ bytes: RawSpan, at offset: UInt64) -> Head {
    let (after, overflow) = offset.addingReportingOverflow(UInt64(ChunkHead.byteCount))
    guard !overflow, after <= end, bytes.byteCount >= ChunkHead.byteCount else { return .wrong("a chunk is missing") }
    let head = ChunkHead(bytes, isBigEndian: isBigEndian)
    guard UInt64(head.compressed) <= end - after else { return .wrong(Self.cutOff) }
    guard Codec.isPlausible(compressed: Int(head.compressed), uncompressed: Int(head.size), limit: largest) else {
      return .wrong("a chunk claims to have \(head.size) bytes in \(head.compressed)")
    }
    return .sound(head)
  }

  static let cutOff = "a chunk is cut off"
}

/// Where a CPU's next chunks are.
struct ChunkPlace: Sendable {
  /// Of the next chunk's head, in the file.
  var offset: UInt64
  /// Chunks from there on, as the file says.
  var count: UInt32
  var bounds: ChunkBounds
}
