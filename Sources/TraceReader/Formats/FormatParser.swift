import CTraceEvent
import Synchronization
import TraceCore

/// A field of an event as its format describes it.
struct ParsedField: Equatable {
  var name: String
  /// In bytes from the record's beginning.
  var offset: Int
  var size: Int
  var isSigned: Bool
  var isArray: Bool
  /// `__data_loc`: the field is a word that says where the content is.
  var isDynamic: Bool
  /// `__rel_loc`: the same, counted from the field's own end.
  var isRelative: Bool
  var isPointer = false

  /// The bytes that it has in a record; none for what follows the record's fixed part.
  fileprivate var place: Range<Int> { offset..<offset + max(size, 0) }
}

struct ParsedFormat {
  /// The fields that all records begin with.
  var common: [ParsedField]
  var fields: [ParsedField]

  func field(_ name: String) -> ParsedField? { fields.first { $0.name == name } }

  /// Why no kernel writes records like that, as a clause.
  /// - Parameter longSize: Of the kernel's `long` and its pointers, in bytes.
  func contradiction(longSize: Int) -> String? {
    let all = (common + fields).filter { $0.offset >= 0 && $0.size > 0 }.sorted { $0.offset < $1.offset }
    for (field, next) in zip(all, all.dropFirst()) where field.place.overlaps(next.place) {
      return "has its fields \(field.name) and \(next.name) in the same place"
    }
    for field in fields where field.isPointer && !field.isArray && !field.isDynamic && field.size != longSize {
      return "has a pointer \(field.name) of \(field.size) bytes"
    }
    return nil
  }
}

/// libtraceevent's parser of event formats.
///
/// It keeps state in static variables, so only one thread may use it at a time. It is given only the fields of a
/// format, and only in the form that the kernel writes (``FormatText``). The print format is not needed for decoding,
/// and as the longer and more intricate part it would give a hostile file the most to attack.
struct FormatParser: ~Copyable {
  private static let gate = Mutex(())

  private let handle: OpaquePointer

  /// - Returns: `nil` where there is no memory for it.
  init?(isBigEndian: Bool, longSize: Int) {
    guard let handle = tep_alloc() else { return nil }
    self.handle = handle
    // The library would print what it does not understand of a hostile file.
    tep_set_loglevel(TEP_LOG_NONE)
    tep_set_file_bigendian(handle, isBigEndian ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN)
    tep_set_long_size(handle, Int32(longSize))
  }

  deinit { tep_free(handle) }

  /// - Returns: `nil` where the text is no format.
  func parse(_ format: FormatCatalogue.Format) -> ParsedFormat? {
    Self.gate.withLock { _ in
      format.fields.withUnsafeBytes { bytes in
        var event: UnsafeMutablePointer<tep_event>?
        let status = tep_parse_format(
          handle, &event, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(bytes.count), format.info.system)
        guard status == TEP_ERRNO__SUCCESS, let event, event.pointee.id == Int32(format.info.id) else { return nil }
        return ParsedFormat(
          common: Self.fields(event.pointee.format.common_fields), fields: Self.fields(event.pointee.format.fields))
      }
    }
  }

  /// A list of fields of the library's, copied.
  private static func fields(_ first: UnsafeMutablePointer<tep_format_field>?) -> [ParsedField] {
    var fields: [ParsedField] = []
    var next = first
    while let field = next?.pointee {
      func has(_ flag: tep_format_flags) -> Bool { field.flags & UInt(flag.rawValue) != 0 }
      fields.append(
        ParsedField(
          name: field.name.map { String(cString: $0) } ?? "", offset: Int(field.offset), size: Int(field.size),
          isSigned: has(TEP_FIELD_IS_SIGNED), isArray: has(TEP_FIELD_IS_ARRAY), isDynamic: has(TEP_FIELD_IS_DYNAMIC),
          isRelative: has(TEP_FIELD_IS_RELATIVE), isPointer: has(TEP_FIELD_IS_POINTER)))
      next = field.next
    }
    return fields
  }
}
