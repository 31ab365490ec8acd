import CZlib

/// Data of a page: deflated, and in base64, so that a page of a long capture stays small. Browsers inflate it themselves
/// (`DecompressionStream`).
enum Packing {
  /// zlib data in base64.
  static func pack(_ bytes: [UInt8]) -> [UInt8] { base64(deflate(bytes)) }

  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    let bound = compressBound(UInt(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(bound)) { target, count in
      var length = bound
      let result = compress2(target.baseAddress, &length, bytes, UInt(bytes.count), 9)
      // With room for the bound nothing but memory can be missing.
      precondition(result == Z_OK, "zlib cannot compress")
      count = Int(length)
    }
  }

  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func base64(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for place in stride(from: 0, to: bytes.count, by: 3) {
      let rest = bytes.count - place
      var word = UInt32(bytes[place]) << 16
      if rest > 1 { word |= UInt32(bytes[place + 1]) << 8 }
      if rest > 2 { word |= UInt32(bytes[place + 2]) }
      result.append(digits[Int(word >> 18 & 63)])
      result.append(digits[Int(word >> 12 & 63)])
      result.append(rest > 1 ? digits[Int(word >> 6 & 63)] : UInt8(ascii: "="))
      result.append(rest > 2 ? digits[Int(word & 63)] : UInt8(ascii: "="))
    }
    return result
  }
}
