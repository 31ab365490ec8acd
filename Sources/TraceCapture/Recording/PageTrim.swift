/// Cuts off what a flight recorder's buffer holds from before the time that is to be kept, record by record.
struct PageTrim {
  /// Nanoseconds of the trace's clock.
  let begin: UInt64
  private var hasBegun = false
  private let records = TrimRecords()

  init(from begin: UInt64) { self.begin = begin }

  /// - Parameter page: Cut where it holds the beginning.
  /// - Returns: Whether anything of it is kept.
  mutating func keeps(_ page: inout [UInt8]) -> Bool {
    if hasBegun { return true }
    guard let cut = records.firstRecord(in: &page, from: begin) else { return false }
    hasBegun = true
    Self.cut(&page, cut)
    return true
  }

  /// Makes a record the page's first: the page begins at its time, so its own distance becomes 0. What the buffer had lost, or
  /// had overwritten, before it lies outside of what is kept.
  private static func cut(_ page: inout [UInt8], _ first: TrimRecords.Record) {
    let end = min(16 + first.dataCount, page.count)
    let data = Array(page[min(first.offset, end)..<end])
    var head: [UInt8] = []
    head.put(first.time)
    head.put(UInt64(data.count))
    page = head + data + [UInt8](repeating: 0, count: page.count - head.count - data.count)
    guard data.count >= 4 else { return }
    // The record's head: type in the low 5 bits, distance in the high 27; the other way round on a big-endian machine.
    let word = page.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt32.self) }
    let cleared = Int(1).littleEndian == 1 ? word & 0x1f : word & 0xf800_0000
    withUnsafeBytes(of: cleared) { for (index, byte) in $0.enumerated() { page[16 + index] = byte } }
  }
}

/// Where records of a page are.
final class TrimRecords {
  struct Record {
    /// In the page, in bytes, with its head.
    var offset: Int
    var time: UInt64
    /// Bytes of records in the page.
    var dataCount: Int
  }

  private let reader = PageRecords()

  func firstRecord(in page: inout [UInt8], from begin: UInt64) -> Record? {
    guard page.count >= 16 else { return nil }
    let dataCount = Int(page.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) } & 0x7ff_ffff)
    var found: Record?
    page.withUnsafeMutableBytes { bytes in
      _ = reader.forEach(in: bytes) { _, time, offset in
        if found == nil, time >= begin { found = Record(offset: offset, time: time, dataCount: dataCount) }
      }
    }
    return found
  }
}
