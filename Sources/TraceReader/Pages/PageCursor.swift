/// Walks the entries of one ring-buffer page (include/linux/ring_buffer.h, `enum ring_buffer_type`).
///
/// An entry is a word of 5 bits of type and 27 bits of time since the entry before, followed by what the type says. The
/// type is in the low bits on little-endian and in the high bits on big-endian machines. Every length is checked
/// against the page's committed bytes before it is used.
struct PageCursor {
  enum Step: Equatable {
    /// A record's payload, as offsets in the page.
    case record(start: Int, count: Int)
    case end
    /// An impossible entry, at an offset in the page. No entry after it can be found.
    case damaged(at: Int)
  }

  /// Where the next entry is, as an offset in the page.
  private(set) var position: Int
  /// Where the entries end.
  private(set) var end: Int
  /// Raw time of the last entry.
  private(set) var timestamp: UInt64

  /// A page that is used up.
  init() {
    position = 0
    end = 0
    timestamp = 0
  }

  init(_ head: PageHead, _ format: PageFormat) {
    position = format.headSize
    end = head.dataEnd
    timestamp = head.timestamp
  }

  private static let padding: UInt32 = 29
  private static let timeExtend: UInt32 = 30
  private static let deltaMask: UInt32 = 0x7ff_ffff

  /// Goes to the next record.
  /// - Parameter page: The page that the cursor was made for, at least up to its committed bytes' end.
  @inline(__always)
  mutating func next(in page: RawSpan, isBigEndian: Bool) -> Step {
    while position &+ 4 <= end {
      let word = page.integer(UInt32.self, at: position, isBigEndian: isBigEndian)
      let type = isBigEndian ? word >> 27 : word & 31
      let delta = UInt64(isBigEndian ? word & Self.deltaMask : word >> 5)
      if type &- 1 < 28 {
        let start = position &+ 4
        let count = Int(type) &* 4
        guard start &+ count <= end else { return .damaged(at: position) }
        position = start &+ count
        timestamp &+= delta
        return .record(start: start, count: count)
      }
      if let step = rareEntry(type, delta, in: page, isBigEndian: isBigEndian) { return step }
    }
    return position == end ? .end : .damaged(at: position)
  }

  /// The entry at a position of a little-endian page, if it is a record with its length in the first word.
  @inline(__always)
  func nextQuickly(
    at position: Int, _ end: Int, _ base: UnsafeRawPointer
  ) -> (start: Int, count: Int, delta: UInt64)? {
    let start = position &+ 4
    guard start <= end else { return nil }
    let word = base.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian
    let count = Int(word & 31) &* 4
    guard word & 31 &- 1 < 28, start &+ count <= end else { return nil }
    return (start, count, UInt64(word >> 5))
  }

  /// Continues after records that ``nextQuickly(at:_:_:)`` has found.
  /// - Parameter timestamp: Of the last of them, raw.
  @inline(__always)
  mutating func resume(at position: Int, _ timestamp: UInt64) {
    self.position = position
    self.timestamp = timestamp
  }

  /// An entry of two words or more.
  /// - Returns: `nil` for an entry without a record.
  @inline(never)
  private mutating func rareEntry(_ type: UInt32, _ delta: UInt64, in page: RawSpan, isBigEndian: Bool) -> Step? {
    // Padding without a delta fills the page up to its end and has no length (`rb_null_event`).
    if type == Self.padding, delta == 0 {
      position = end
      return nil
    }
    guard position + 8 <= end else { return .damaged(at: position) }
    let second = page.integer(UInt32.self, at: position + 4, isBigEndian: isBigEndian)
    switch type {
    case 0: return longRecord(Int(second), delta)
    case Self.padding:
      // A record that was thrown away. Its delta counts, as for kbuffer; the kernel's own checker leaves a delta of 1
      // out.
      guard Int(second) >= 4, position + 4 + Int(second) <= end else { return .damaged(at: position) }
      position += 4 + Int(second)
      timestamp &+= delta
    case Self.timeExtend:
      position += 8
      timestamp &+= (UInt64(second) << 27) &+ delta
    default:
      position += 8
      timestamp = Self.absolute(UInt64(second) << 27 | delta, after: timestamp)
    }
    return nil
  }

  /// A record with its length in the second word: with that word, without padding to words.
  private mutating func longRecord(_ length: Int, _ delta: UInt64) -> Step {
    let start = position + 8
    guard length >= 4, start + length - 4 <= end else { return .damaged(at: position) }
    position = min(start + (length - 4 + 3) & ~3, end)
    timestamp &+= delta
    return .record(start: start, count: length - 4)
  }

  private static let absoluteBits: UInt64 = 59

  /// An absolute stamp has 59 bits; the upper ones are those of the time before, unless the stamp has wrapped since
  /// (kernel/trace/ring_buffer.c, `rb_fix_abs_ts`).
  ///
  /// The kernel takes an earlier stamp for one that has wrapped only if there are upper bits. Here a stamp that is
  /// earlier by more than half the range has wrapped too.
  static func absolute(_ stamp: UInt64, after time: UInt64) -> UInt64 {
    let upper = (time >> absoluteBits) << absoluteBits
    let full = upper | stamp
    guard full < time else { return full }
    let hasWrapped = upper != 0 || time - full > 1 << (absoluteBits - 1)
    return hasWrapped ? full &+ (1 << absoluteBits) : full
  }
}
