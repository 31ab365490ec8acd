/// How the traced kernel lays out a ring-buffer page (kernel/trace/ring_buffer.c, `struct buffer_data_page`): a
/// timestamp of 8 bytes, `commit` of a kernel long, the entries.
struct PageFormat: Equatable, Sendable {
  /// Size of the kernel's `long` in bytes, 4 or 8; not that of the program that recorded.
  var longSize: Int
  var isBigEndian: Bool
  /// Where in a page the entries begin.
  var headSize: Int { 8 + longSize }

  init(longSize: Int, isBigEndian: Bool) {
    self.longSize = longSize
    self.isBigEndian = isBigEndian
  }

  /// From the text of tracefs' `events/header_page`, in which the size of `commit` is that of the kernel's `long`.
  ///
  ///     field: u64 timestamp;	offset:0;	size:8;	signed:0;
  ///     field: local_t commit;	offset:8;	size:8;	signed:1;
  ///
  /// - Returns: `nil` where the text does not describe such a page.
  init?(headerPage text: [UInt8], isBigEndian: Bool) {
    var sizes: [Substring: (offset: Int, size: Int)] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ";").map { $0.drop { " \t".contains($0) } }
      guard parts.count >= 3, let name = parts[0].split(separator: " ").last, parts[1].hasPrefix("offset:"),
        let offset = Int(parts[1].dropFirst(7)), parts[2].hasPrefix("size:"), let size = Int(parts[2].dropFirst(5))
      else { continue }
      sizes[name] = sizes[name] ?? (offset, size)
    }
    guard let time = sizes["timestamp"], time == (0, 8), let commit = sizes["commit"], commit.offset == 8,
      commit.size == 4 || commit.size == 8
    else { return nil }
    self.init(longSize: commit.size, isBigEndian: isBigEndian)
  }
}

/// Unaligned integers in the file's byte order.
///
/// The caller checks bounds, once for a record or an entry instead of for every field.
extension RawSpan {
  @inline(__always)
  func integer<N: FixedWidthInteger & BitwiseCopyable>(_ type: N.Type, at offset: Int, isBigEndian: Bool) -> N {
    // Unchecked: see above. In debug builds the precondition below checks it nevertheless.
    assert(offset >= 0 && offset + MemoryLayout<N>.size <= byteCount)
    let value = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type)
    return isBigEndian ? N(bigEndian: value) : N(littleEndian: value)
  }
}
