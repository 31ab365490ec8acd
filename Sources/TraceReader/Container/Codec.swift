import CZlib
import CZstd

/// How a version 7 file is compressed.
enum Codec: String, Sendable {
  case zstd
  case zlib

  /// The largest block that is decompressed, in bytes. trace-cmd compresses ten ring-buffer pages at a time, 10 MiB at
  /// most, and metadata by the section, of which kallsyms is the largest with about as much.
  static let largestBlock = 64 << 20
  /// The largest block of a CPU's data, in bytes: ten pages of 1 MiB and some.
  static let largestChunk = 16 << 20
  /// Memory that the blocks of all CPUs may take together, in bytes: each has one decompressed at a time.
  static let budget = 1 << 30

  /// Whether a block's size is plausible: a few bytes that claim to be megabytes are a decompression bomb, or damage.
  ///
  /// The slack is for pages of zeros, which compress almost to nothing.
  static func isPlausible(compressed: Int, uncompressed: Int, limit: Int = largestBlock) -> Bool {
    compressed > 0 && uncompressed <= limit && uncompressed <= compressed * 4096 + (1 << 20)
  }

  /// Decompresses one block.
  ///
  /// zstd frames of trace-cmd do not state their size, so the size comes from the block's header, and `target` bounds
  /// what is written.
  /// - Returns: Whether exactly `target.count` bytes came out.
  func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    switch self {
    case .zstd:
      let written = ZSTD_decompress(target.baseAddress, target.count, source.baseAddress, source.count)
      return ZSTD_isError(written) == 0 && written == target.count
    case .zlib:
      var written = uLongf(target.count)
      let status = uncompress(
        target.baseAddress?.assumingMemoryBound(to: Bytef.self), &written,
        source.baseAddress?.assumingMemoryBound(to: Bytef.self), uLong(source.count))
      return status == Z_OK && written == uLongf(target.count)
    }
  }

  /// Decompresses one block, `nil` where it is damaged.
  func decompress(_ source: [UInt8], size: Int) -> [UInt8]? {
    var isWhole = false
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      isWhole = source.withUnsafeBytes { decompress($0, into: UnsafeMutableRawBufferPointer(buffer)) }
      initialized = isWhole ? size : 0
    }
    return isWhole ? result : nil
  }
}

/// Decompresses many blocks with one context: making a context for each block would cost a quarter of the work again.
final class Decompression {
  private let codec: Codec
  /// Owned here alone, freed once; `nil` without zstd, or without memory.
  private let context: OpaquePointer?

  init(_ codec: Codec) {
    self.codec = codec
    context = codec == .zstd ? ZSTD_createDCtx() : nil
  }

  deinit { ZSTD_freeDCtx(context) }

  /// ``Codec/decompress(_:into:)``.
  func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard let context else { return codec.decompress(source, into: target) }
    let written = ZSTD_decompressDCtx(context, target.baseAddress, target.count, source.baseAddress, source.count)
    return ZSTD_isError(written) == 0 && written == target.count
  }
}
