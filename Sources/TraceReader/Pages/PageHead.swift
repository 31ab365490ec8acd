/// The head of a ring-buffer page, before its entries.
struct PageHead: Equatable {
  /// Records were lost before the page.
  struct Loss: Equatable {
    /// `nil`: the ring buffer did not say.
    var count: UInt64?
  }

  /// Time of the page's beginning, raw.
  var timestamp: UInt64
  /// Where the entries end, as an offset in the page.
  var dataEnd: Int
  var loss: Loss?

  /// The bits of `commit` that are a length; the kernel's own mask is smaller, kbuffer's is this.
  private static let lengthMask: UInt32 = 0x7ff_ffff
  /// RB_MISSED_EVENTS. The kernel adds `1 << 31`, an `int`, to a `long`, so on 64 bit the upper half is all ones: flags
  /// are tested in the low 32 bits.
  private static let missedFlag: UInt32 = 1 << 31
  /// RB_MISSED_STORED: a long after the data says how many.
  private static let storedFlag: UInt32 = 1 << 30

  /// Whether a page's head is zeros: no ring buffer writes an empty page at time 0, but a file system that a crash
  /// interrupts leaves such blocks.
  static func isBlank(_ page: RawSpan, _ format: PageFormat) -> Bool {
    guard page.byteCount >= format.headSize else { return false }
    let time = page.integer(UInt64.self, at: 0, isBigEndian: format.isBigEndian)
    return time == 0 && page.integer(UInt32.self, at: 8, isBigEndian: format.isBigEndian) == 0
      && page.integer(UInt32.self, at: format.headSize - 4, isBigEndian: format.isBigEndian) == 0
  }

  /// Reads a page, of which the end may be missing.
  /// - Returns: `nil` where the head is cut off or says that there are more bytes than there are.
  init?(_ page: RawSpan, _ format: PageFormat) {
    guard page.byteCount >= format.headSize else { return nil }
    timestamp = page.integer(UInt64.self, at: 0, isBigEndian: format.isBigEndian)
    // Of a big-endian 8-byte long the low half comes last.
    let lowHalf = format.isBigEndian ? 8 + format.longSize - 4 : 8
    let commit = page.integer(UInt32.self, at: lowHalf, isBigEndian: format.isBigEndian)
    let length = Int(commit & Self.lengthMask)
    guard length <= page.byteCount - format.headSize else { return nil }
    dataEnd = format.headSize + length
    guard commit & Self.missedFlag != 0 else { return }
    loss = Loss(count: nil)
    if commit & Self.storedFlag != 0, dataEnd + format.longSize <= page.byteCount {
      loss?.count =
        format.longSize == 8
        ? page.integer(UInt64.self, at: dataEnd, isBigEndian: format.isBigEndian)
        : UInt64(page.integer(UInt32.self, at: dataEnd, isBigEndian: format.isBigEndian))
      if loss?.count == 0 { loss?.count = nil }
    }
  }
}
