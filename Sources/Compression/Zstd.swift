import CZstd

/// Compresses blocks of bytes, with one context for all of them.
package struct Zstd: ~Copyable {
  private let context: OpaquePointer
  private let level: Int32

  /// What zstd takes where nobody names a level.
  package static let usualLevel = Int32(ZSTD_CLEVEL_DEFAULT)
  /// The library's version, such as `1.5.4`.
  package static var version: String { String(cString: ZSTD_versionString()) }

  /// - Parameter level: From 1, the fastest of the usual ones, to 22.
  package init(level: Int32 = Zstd.usualLevel) {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for a zstd context") }
    self.context = context
    self.level = level
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One zstd frame.
  package func compress(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
      count = bytes.withUnsafeBytes {
        ZSTD_compressCCtx(context, target.baseAddress, target.count, $0.baseAddress, $0.count, level)
      }
      // With room for the bound there is nothing that could fail.
      precondition(ZSTD_isError(count) == 0, "zstd cannot compress")
    }
  }
}
