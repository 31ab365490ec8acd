import TraceCore

/// Where an integer is in a record, and its size and sign. Made and checked once for an event, from its format.
///
/// Every field is read with one load of 8 bytes that end where the field ends, and shifts, without a branch on its
/// size. The load stays within the record because the common fields at its beginning are 8 bytes.
struct IntegerField: BitwiseCopyable, Equatable {
  /// Where the 8 bytes begin.
  let start: UInt16
  /// How many of the 64 bits are before the field.
  let shift: UInt8
  private let isSigned: Bool
  let isPresent: Bool

  static let absent = IntegerField()

  private init() { (start, shift, isSigned, isPresent) = (0, 0, false, false) }

  /// - Returns: `nil` where the field is no integer, or reaches beyond what a record can hold.
  init?(_ field: ParsedField) {
    guard !field.isArray, !field.isDynamic, !field.isRelative, [1, 2, 4, 8].contains(field.size), field.offset >= 0,
      let start = UInt16(exactly: field.offset + field.size - 8)
    else { return nil }
    (self.start, shift) = (start, UInt8(64 - 8 * field.size))
    (isSigned, isPresent) = (field.isSigned, true)
  }

  /// Where the field ends in a record.
  var end: Int { Int(start) + 8 }

  /// Whether it is 4 bytes that begin here.
  func isInt32(at offset: Int) -> Bool { isPresent && shift == 32 && Int(start) + 4 == offset }

  /// The value, sign-extended or zero-extended to 64 bits; of an absent field, a meaningless number. The record must
  /// reach to ``end``.
  @inline(__always)
  func load(_ record: Record) -> UInt64 {
    let bits = record.integer(UInt64.self, at: Int(start))
    // The field's end is the end of the 8 bytes: the upper bits in little-endian, the lower ones in big-endian order.
    let upper = record.isBigEndian ? bits &<< UInt64(shift) : bits
    return isSigned ? UInt64(bitPattern: Int64(bitPattern: upper) &>> Int64(shift)) : upper &>> UInt64(shift)
  }

  @inline(__always)
  func load(_ record: Record, orElse absent: UInt64) -> UInt64 { isPresent ? load(record) : absent }

  @inline(__always)
  func load32(_ record: Record) -> Int32 { Int32(truncatingIfNeeded: load(record)) }

  @inline(__always)
  func load32(_ record: Record, orElse absent: Int32) -> Int32 { isPresent ? load32(record) : absent }
}

/// Where a task's name is in a record.
struct CommField: BitwiseCopyable, Equatable {
  enum Form: UInt8, BitwiseCopyable {
    case absent
    /// `char [16]`, or longer.
    case array
    /// An array of less than 16 bytes.
    case shortArray
    /// `__data_loc char[]`.
    case dynamic
    /// `__rel_loc char[]`.
    case relative
  }

  let offset: UInt16
  let size: UInt16
  let form: Form

  static let absent = CommField()

  private init() { (offset, size, form) = (0, 0, .absent) }

  /// - Returns: `nil` where the field is no text, or reaches beyond what a record can hold.
  init?(_ field: ParsedField) {
    guard let offset = UInt16(exactly: field.offset), let size = UInt16(exactly: field.size) else { return nil }
    (self.offset, self.size) = (offset, size)
    if field.isDynamic || field.isRelative {
      guard size == 4 else { return nil }
      form = field.isRelative ? .relative : .dynamic
    } else {
      guard field.isArray else { return nil }
      form = size >= 16 ? .array : .shortArray
    }
  }

  /// Where the field itself ends in a record.
  var end: Int { form == .absent ? 0 : Int(offset) + Int(size) }

  /// The name; empty where a dynamic field points out of the record. The record must reach to ``end``.
  @inline(__always)
  func load(_ record: Record) -> Comm {
    guard form == .array else { return loadRare(record) }
    return record.comm(at: Int(offset))
  }

  @inline(never)
  private func loadRare(_ record: Record) -> Comm {
    switch form {
    case .absent, .array: return .empty
    case .shortArray: return record.comm(at: Int(offset), limit: Int(size))
    case .dynamic, .relative:
      // Length in the upper, place in the lower half (include/trace/trace_events.h, `__data_loc`).
      let word = record.integer(UInt32.self, at: Int(offset))
      let start = Int(word & 0xffff) + (form == .relative ? Int(offset) + Int(size) : 0)
      let length = Int(word >> 16)
      guard start + length <= record.count else { return .empty }
      return record.comm(at: start, limit: length)
    }
  }
}

/// Where text of any length is in a record.
struct TextField: BitwiseCopyable, Equatable {
  enum Form: UInt8, BitwiseCopyable {
    case absent
    /// `char [N]`.
    case array
    /// `char []`, the last field: to the record's end.
    case rest
    /// `__data_loc char[]`.
    case dynamic
    /// `__rel_loc char[]`.
    case relative
  }

  let offset: UInt16
  let size: UInt16
  let form: Form

  static let absent = TextField()

  private init() { (offset, size, form) = (0, 0, .absent) }

  /// - Returns: `nil` where the field is no text, or reaches beyond what a record can hold.
  init?(_ field: ParsedField) {
    guard let offset = UInt16(exactly: field.offset), let size = UInt16(exactly: field.size) else { return nil }
    (self.offset, self.size) = (offset, size)
    if field.isDynamic || field.isRelative {
      guard size == 4 else { return nil }
      form = field.isRelative ? .relative : .dynamic
    } else {
      guard field.isArray else { return nil }
      form = size == 0 ? .rest : .array
    }
  }

  /// Where the field itself ends in a record.
  var end: Int { Int(offset) + Int(size) }

  /// The text; empty where a dynamic field points out of the record. The record must reach to ``end``, and outlive the
  /// result.
  func load(_ record: Record) -> UnsafeRawBufferPointer {
    switch form {
    case .absent: return UnsafeRawBufferPointer(start: nil, count: 0)
    case .array: return record.bytes(at: Int(offset), count: Int(size))
    case .rest: return record.bytes(at: Int(offset), count: record.count - Int(offset))
    case .dynamic, .relative:
      let word = record.integer(UInt32.self, at: Int(offset))
      return record.bytes(at: Int(word & 0xffff) + (form == .relative ? end : 0), count: Int(word >> 16))
    }
  }
}

/// A record's bytes.
///
/// A pointer and not a span, so that it can be passed with its byte order as one value. It is used only while
/// ``RecordDecoder`` decodes the record, during which the page's window does not move.
struct Record {
  private let base: UnsafeRawPointer
  let count: Int
  let isBigEndian: Bool

  init(_ base: UnsafeRawPointer, count: Int, isBigEndian: Bool) {
    self.base = base
    self.count = count
    self.isBigEndian = isBigEndian
  }

  /// Unchecked in release builds: a plan's ``DecodePlan/minimumSize`` was compared with ``count`` before.
  @inline(__always)
  func integer<N: FixedWidthInteger & BitwiseCopyable>(_ type: N.Type, at offset: Int) -> N {
    assert(offset >= 0 && offset + MemoryLayout<N>.size <= count)
    let value = base.loadUnaligned(fromByteOffset: offset, as: type)
    return isBigEndian ? N(bigEndian: value) : N(littleEndian: value)
  }

  /// 16 bytes as a name. Bytes have no byte order.
  @inline(__always)
  func comm(at offset: Int) -> Comm {
    assert(offset >= 0 && offset + 16 <= count)
    return Comm(
      littleEndianLow: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
      high: UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
  }

  /// The address of an offset that the format gives.
  @inline(__always)
  func address(of offset: Int) -> UnsafeRawPointer {
    assert(offset >= 0 && offset <= count)
    return base + offset
  }

  /// Some bytes of the record; empty where they would reach beyond its end.
  func bytes(at offset: Int, count length: Int) -> UnsafeRawBufferPointer {
    guard offset >= 0, length >= 0, offset + length <= count else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(start: base + offset, count: length)
  }

  /// At most `limit` bytes as a name; all of them are in the record.
  func comm(at offset: Int, limit: Int) -> Comm {
    assert(offset >= 0 && limit >= 0 && offset + limit <= count)
    var (low, high): (UInt64, UInt64) = (0, 0)
    for index in 0..<min(limit, 16) {
      let byte = UInt64(base.load(fromByteOffset: offset + index, as: UInt8.self))
      if index < 8 { low |= byte << UInt64(8 * index) } else { high |= byte << UInt64(8 * index - 64) }
    }
    return Comm(littleEndianLow: low, high: high)
  }
}
