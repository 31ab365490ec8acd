import CZstd

/// Compresses chunks of pages, and metadata, with one context for all of them.
final class PageCompressor {
  private let context: OpaquePointer

  /// The fastest of the usual levels: a page of records shrinks to about a quarter with any.
  private static let level: Int32 = 1

  init() {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for a zstd context") }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One zstd frame.
  func compress(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
      count = bytes.withUnsafeBytes {
        ZSTD_compressCCtx(context, target.baseAddress, target.count, $0.baseAddress, $0.count, Self.level)
      }
      // With room for the bound there is nothing that could fail.
      precondition(ZSTD_isError(count) == 0, "zstd cannot compress")
    }
  }
}

extension RecordOptions.Compression {
  /// The compressor's version, as the file's head has it.
  var version: String {
    switch self {
    case .none: ""
    case .zstd: String(cString: ZSTD_versionString())
    }
  }
}
