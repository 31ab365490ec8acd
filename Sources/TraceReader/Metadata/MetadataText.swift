import TraceCore

/// The texts that the kernel wrote and trace-cmd copied: names of tasks and printk formats, one a line.
enum MetadataText {
  /// `PID NAME` a line (tracefs' `saved_cmdlines`): the last name of each pid that the kernel remembered.
  static func savedComms(_ text: [UInt8]) -> [Pid: Comm] {
    var comms: [Pid: Comm] = [:]
    for line in text.prefix(while: { $0 != 0 }).split(separator: UInt8(ascii: "\n")) {
      let line = line.drop { $0 == UInt8(ascii: " ") }
      guard let space = line.firstIndex(of: UInt8(ascii: " ")), let pid: Pid = decimal(line[..<space]) else { continue }
      comms[pid] = Comm(line[(space + 1)...])
    }
    return comms
  }

  /// `0xADDRESS : "TEXT"` a line (tracefs' `printk_formats`).
  static func printkFormats(_ text: [UInt8]) -> [UInt64: String] {
    var formats: [UInt64: String] = [:]
    for line in text.prefix(while: { $0 != 0 }).split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let address = hexadecimal(line[..<colon].filter { $0 != UInt8(ascii: " ") }[...].dropFirst(2))
      else { continue }
      var quoted = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
      if quoted.first == UInt8(ascii: "\"") { quoted = quoted.dropFirst() }
      if quoted.last == UInt8(ascii: "\"") { quoted = quoted.dropLast() }
      formats[address] = String(decoding: quoted, as: UTF8.self)
    }
    return formats
  }

  /// A decimal number that is nothing else, `nil` where it is none or too large.
  static func decimal<N: FixedWidthInteger>(_ digits: ArraySlice<UInt8>) -> N? {
    var value: N = 0
    guard !digits.isEmpty else { return nil }
    for digit in digits {
      guard digit.isASCIIDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(N(digit - 0x30))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  /// A hexadecimal number of at most 16 digits without `0x`.
  static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard (1...16).contains(digits.count) else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard let nibble = digit.hexadecimalValue else { return nil }
      value = value << 4 | UInt64(nibble)
    }
    return value
  }
}

extension ArraySlice<UInt8> {
  /// Where a text first occurs. The standard library's search is generic and many times slower.
  func firstRange(ofText text: StaticString) -> Range<Int>? {
    let pattern = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return withUnsafeBytes { bytes in
      guard let first = pattern.first, pattern.count <= bytes.count else { return nil }
      for start in 0...(bytes.count - pattern.count) where bytes[start] == first {
        let window = UnsafeRawBufferPointer(rebasing: bytes[start..<start + pattern.count])
        if window.elementsEqual(pattern) { return startIndex + start..<startIndex + start + pattern.count }
      }
      return nil
    }
  }
}
