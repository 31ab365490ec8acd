extension UInt8 {
  /// Whether it is a decimal digit in ASCII.
  @inlinable
  package var isASCIIDigit: Bool {
    @inline(__always) get { self &- 0x30 < 10 }
  }

  /// Whether it is a letter or a decimal digit in ASCII.
  @inlinable
  package var isASCIIAlphanumeric: Bool {
    @inline(__always) get { isASCIIDigit || (self | 0x20) &- 0x61 < 26 }
  }

  /// The value of a hexadecimal digit in ASCII, 0 to 15; `nil` for any other byte.
  @inlinable
  package var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self &- 0x30
    case 0x41...0x46: self &- 0x37
    case 0x61...0x66: self &- 0x57
    default: nil
    }
  }
}
