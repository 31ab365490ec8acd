import CZstd

/// Compresses pages, with one context for all of them.
struct Zstd: ~Copyable {
  private let context: OpaquePointer

  init() {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for a zstd context") }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One zstd frame.
  func compress(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
      count = bytes.withUnsafeBytes {
        ZSTD_compressCCtx(context, target.baseAddress, target.count, $0.baseAddress, $0.count, ZSTD_CLEVEL_DEFAULT)
      }
      // With room for the bound there is nothing that could fail.
      precondition(ZSTD_isError(count) == 0, "zstd cannot compress")
    }
  }
}
