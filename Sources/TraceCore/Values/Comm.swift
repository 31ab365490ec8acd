/// A task's name: the kernel's `comm`, at most 15 bytes and a NUL (`TASK_COMM_LEN`), held inline so that an event needs
/// no allocation and two names compare as two integers.
///
/// The bytes are whatever the task chose (`prctl(PR_SET_NAME)`): not necessarily UTF-8, possibly control characters.
/// They are hostile text, and ``text`` only decodes them; a renderer must escape them for its medium.
public struct Comm: Hashable, Sendable, BitwiseCopyable {
  /// Bytes 0–7, the first in the low byte.
  @usableFromInline var low: UInt64
  /// Bytes 8–15, the eighth in the low byte.
  @usableFromInline var high: UInt64

  /// The empty name: not known.
  @inlinable public static var empty: Comm { Comm() }

  /// The empty name.
  @inlinable
  public init() {
    low = 0
    high = 0
  }

  /// A name from two words in memory order, as 16 bytes of a record load on a little-endian machine; what follows the
  /// first NUL is dropped, since the kernel leaves old bytes there.
  @inlinable
  @inline(__always)
  package init(littleEndianLow low: UInt64, high: UInt64) {
    let lowMask = Comm.maskBeforeNUL(low)
    self.low = low & lowMask
    self.high = lowMask == .max ? high & Comm.maskBeforeNUL(high) : 0
  }

  /// The first 16 bytes of a sequence, up to the first NUL.
  public init(_ bytes: some Sequence<UInt8>) {
    self.init()
    var index: UInt64 = 0
    for byte in bytes {
      if byte == 0 || index == 16 { break }
      if index < 8 {
        low |= UInt64(byte) << (index * 8)
      } else {
        high |= UInt64(byte) << ((index - 8) * 8)
      }
      index += 1
    }
  }

  /// The first 16 bytes of a text.
  public init(_ text: String) { self.init(text.utf8) }

  /// Whether the name is not known.
  public var isEmpty: Bool { low == 0 }

  /// The bytes up to the first NUL.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    for word in [low, high] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        let byte = UInt8(truncatingIfNeeded: word >> shift)
        if byte == 0 { return result }
        result.append(byte)
      }
    }
    return result
  }

  /// The name decoded as UTF-8; bytes that are none become U+FFFD. Control characters stay: escape before printing.
  public var text: String {
    // Mostly ASCII, and then mostly short enough for a string without memory of its own.
    guard isASCII, high >> 56 == 0 else { return String(decoding: bytes, as: UTF8.self) }
    let count = high != 0 ? 16 - high.leadingZeroBitCount / 8 : 8 - low.leadingZeroBitCount / 8
    return String(unsafeUninitializedCapacity: 15) { memory in
      for place in 0..<count {
        memory[place] = UInt8(truncatingIfNeeded: place < 8 ? low >> (8 * place) : high >> (8 * (place - 8)))
      }
      return count
    }
  }

  /// The bits of a word that lie before its first zero byte.
  @inlinable
  @inline(__always)
  static func maskBeforeNUL(_ word: UInt64) -> UInt64 {
    // The usual test for zero bytes; its lowest set bit is the top bit of the first zero byte.
    let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    return zeros == 0 ? .max : ((zeros & (0 &- zeros)) &- 1) >> 7
  }
}

extension Comm {
  /// Whether all bytes are ASCII.
  package var isASCII: Bool { (low | high) & 0x8080_8080_8080_8080 == 0 }

  /// Copies the bytes to a place that has room for 16.
  /// - Returns: how many there are.
  package func copy(to place: UnsafeMutablePointer<UInt8>) -> Int {
    let memory = UnsafeMutableRawPointer(place)
    memory.storeBytes(of: low.littleEndian, as: UInt64.self)
    memory.storeBytes(of: high.littleEndian, toByteOffset: 8, as: UInt64.self)
    return high != 0 ? 16 - high.leadingZeroBitCount / 8 : 8 - low.leadingZeroBitCount / 8
  }
}

extension Comm: CustomStringConvertible {
  /// ``text``.
  public var description: String { text }
}

extension Comm: ExpressibleByStringLiteral {
  /// The first 16 bytes of a literal.
  public init(stringLiteral value: String) { self.init(value) }
}
