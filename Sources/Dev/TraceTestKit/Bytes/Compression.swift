import CZlib
import CZstd

/// How a `trace.dat` of version 7 stores its metadata and the CPUs' data.
public enum Compression: String, Sendable, Hashable, CaseIterable {
  case none, zstd, zlib

  /// The compressor's version as the file's head has it; informative only, so a fixed one keeps files deterministic.
  var version: String {
    switch self {
    case .none: ""
    case .zstd: "1.5.4"
    case .zlib: "1.2.13"
    }
  }

  func compress(_ plain: [UInt8]) throws(KitError) -> [UInt8] {
    switch self {
    case .none: return plain
    case .zstd: return try compressZstd(plain)
    case .zlib: return try compressZlib(plain)
    }
  }

  /// - Parameter size: how many bytes come out, which the file says beside the data.
  func decompress(_ packed: ArraySlice<UInt8>, size: Int) throws(KitError) -> [UInt8] {
    let count: Int?
    var plain = [UInt8](repeating: 0, count: size)
    switch self {
    case .none: return Array(packed)
    case .zstd: count = plain.withUnsafeMutableBytes { out in packed.withUnsafeBytes { unpackZstd($0, into: out) } }
    case .zlib: count = plain.withUnsafeMutableBytes { out in packed.withUnsafeBytes { unpackZlib($0, into: out) } }
    }
    guard count == size else { throw KitError("\(rawValue) data that does not decompress to \(size) bytes") }
    return plain
  }
}

/// trace-cmd leaves the content size out of its frames, so the kit does too: a reader must not rely on it.
private func compressZstd(_ plain: [UInt8]) throws(KitError) -> [UInt8] {
  guard let context = ZSTD_createCCtx() else { throw KitError("no zstd context") }
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
  var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(plain.count))
  let count = packed.withUnsafeMutableBytes { out in
    plain.withUnsafeBytes { ZSTD_compress2(context, out.baseAddress, out.count, $0.baseAddress, $0.count) }
  }
  guard ZSTD_isError(count) == 0 else { throw KitError("zstd failed") }
  return Array(packed.prefix(count))
}

private func compressZlib(_ plain: [UInt8]) throws(KitError) -> [UInt8] {
  var count = compressBound(UInt(plain.count))
  var packed = [UInt8](repeating: 0, count: Int(count))
  let status = packed.withUnsafeMutableBufferPointer { out in
    plain.withUnsafeBufferPointer { compress(out.baseAddress, &count, $0.baseAddress, UInt($0.count)) }
  }
  guard status == Z_OK else { throw KitError("zlib failed") }
  return Array(packed.prefix(Int(count)))
}

private func unpackZstd(_ packed: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer) -> Int? {
  let count = ZSTD_decompress(plain.baseAddress, plain.count, packed.baseAddress, packed.count)
  return ZSTD_isError(count) == 0 ? count : nil
}

private func unpackZlib(_ packed: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer) -> Int? {
  var count = UInt(plain.count)
  let out = plain.baseAddress?.assumingMemoryBound(to: UInt8.self)
  let status = uncompress(out, &count, packed.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(packed.count))
  return status == Z_OK ? Int(count) : nil
}
