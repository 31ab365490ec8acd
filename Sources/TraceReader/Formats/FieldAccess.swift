import TraceCore

/// Where and how an integer stands in a record. Made once per event from its format, checked then.
struct IntegerField: BitwiseCopyable, Equatable {
  enum Form: UInt8, BitwiseCopyable {
    case u8, s8, u16, s16, u32, s32, u64
  }

  let offset: UInt16
  let form: Form

  init(offset: UInt16, form: Form) {
    self.offset = offset
    self.form = form
  }

  /// - Returns: `nil` where the field is no integer, or reaches beyond what a record can hold.
  init?(_ field: ParsedField) {
    guard !field.isArray, !field.isDynamic, !field.isRelative, let offset = UInt16(exactly: field.offset) else {
      return nil
    }
    self.offset = offset
    switch (field.size, field.isSigned) {
    case (1, false): form = .u8
    case (1, true): form = .s8
    case (2, false): form = .u16
    case (2, true): form = .s16
    case (4, false): form = .u32
    case (4, true): form = .s32
    case (8, _): form = .u64
    default: return nil
    }
  }

  /// Where the field ends in a record.
  var end: Int {
    switch form {
    case .u8, .s8: Int(offset) + 1
    case .u16, .s16: Int(offset) + 2
    case .u32, .s32: Int(offset) + 4
    case .u64: Int(offset) + 8
    }
  }

  /// The value, sign-extended or zero-extended to 64 bits. The record must reach to ``end``.
  @inline(__always)
  func load(_ record: Record) -> UInt64 {
    switch form {
    case .s32: UInt64(bitPattern: Int64(record.integer(Int32.self, at: Int(offset))))
    case .u64: record.integer(UInt64.self, at: Int(offset))
    case .u32: UInt64(record.integer(UInt32.self, at: Int(offset)))
    case .u16: UInt64(record.integer(UInt16.self, at: Int(offset)))
    case .s16: UInt64(bitPattern: Int64(record.integer(Int16.self, at: Int(offset))))
    case .u8: UInt64(record.integer(UInt8.self, at: Int(offset)))
    case .s8: UInt64(bitPattern: Int64(record.integer(Int8.self, at: Int(offset))))
    }
  }

  @inline(__always)
  func load32(_ record: Record) -> Int32 { Int32(truncatingIfNeeded: load(record)) }
}

/// Where a task's name stands in a record.
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

/// A record's bytes.
///
/// A pointer and not a span, so that it can be passed with its byte order as one value; it lives from the moment a record is
/// decoded to the moment its fields are read, inside ``RecordDecoder``, while the page's window stays where it is.
struct Record {
  private let base: UnsafeRawPointer
  let count: Int
  private let isBigEndian: Bool

  /// - Precondition: The buffer is not empty.
  init?(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool) {
    guard let base = bytes.baseAddress else { return nil }
    self.base = base
    count = bytes.count
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

  /// At most `limit` bytes as a name; all of them are in the record.
  func comm(at offset: Int, limit: Int) -> Comm {
    assert(offset >= 0 && limit >= 0 && offset + limit <= count)
    return Comm(UnsafeRawBufferPointer(start: base + offset, count: min(limit, 16)))
  }
}
