/// An event as its tracefs `format` file describes it. Offsets follow from the order of the fields and the size of `long`.
public struct EventFormat: Sendable, Hashable {
  public var system: String
  public var name: String
  /// `common_type` of its records.
  public var id: UInt16
  public var fields: [EventField]
  /// The text after `print fmt: `.
  public var printFormat: String
  /// Probes put their fields side by side; tracepoints align them as C does.
  public var isPacked: Bool

  public init(
    system: String, name: String, id: UInt16, fields: [EventField], printFormat: String, isPacked: Bool = false
  ) {
    self.system = system
    self.name = name
    self.id = id
    self.fields = fields
    self.printFormat = printFormat
    self.isPacked = isPacked
  }

  /// The text of the `format` file.
  func text(longSize: Int) -> String {
    let fixed = PlacedField.place(EventField.common, from: 0, isPacked: false, longSize: longSize)
    let own = place(longSize: longSize)
    let lines = fixed.map(\.line) + [""] + own.map(\.line)
    return "name: \(name)\nID: \(id)\nformat:\n" + lines.map { $0 + "\n" }.joined() + "\nprint fmt: \(printFormat)\n"
  }

  /// The event's own fields, which begin behind the 8 bytes that all records share.
  func place(longSize: Int) -> [PlacedField] {
    PlacedField.place(fields, from: 8, isPacked: isPacked, longSize: longSize)
  }
}

/// A field of an event.
public struct EventField: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case integer(type: String, size: Int, isSigned: Bool)
    /// `long` or `unsigned long` of the traced kernel.
    case long(isSigned: Bool)
    case pointer
    /// `char [16]`.
    case comm
    /// `__data_loc char[]`: a word that says where in the record the text is and how long.
    case text
  }

  public var name: String
  public var kind: Kind

  public init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }

  /// What every record begins with (include/linux/trace_events.h, `struct trace_entry`).
  static let common: [EventField] = [
    EventField("common_type", .integer(type: "unsigned short", size: 2, isSigned: false)),
    EventField("common_flags", .integer(type: "unsigned char", size: 1, isSigned: false)),
    EventField("common_preempt_count", .integer(type: "unsigned char", size: 1, isSigned: false)),
    EventField("common_pid", .int),
  ]

  func size(longSize: Int) -> Int {
    switch kind {
    case .integer(_, let size, _): size
    case .long, .pointer: longSize
    case .comm: 16
    case .text: 4
    }
  }

  func alignment(longSize: Int) -> Int { kind == .comm ? 1 : size(longSize: longSize) }

  var isSigned: Bool {
    switch kind {
    case .integer(_, _, let isSigned), .long(let isSigned): isSigned
    case .pointer, .comm, .text: false
    }
  }

  /// Type and name as C writes them.
  var declaration: String {
    switch kind {
    case .integer(let type, _, _): "\(type) \(name)"
    case .long(let isSigned): (isSigned ? "long " : "unsigned long ") + name
    case .pointer: "void * \(name)"
    case .comm: "char \(name)[16]"
    case .text: "__data_loc char[] \(name)"
    }
  }
}

extension EventField.Kind {
  public static let int = EventField.Kind.integer(type: "int", size: 4, isSigned: true)
  public static let pid = EventField.Kind.integer(type: "pid_t", size: 4, isSigned: true)
  public static let unsignedInt = EventField.Kind.integer(type: "unsigned int", size: 4, isSigned: false)
  public static let u32 = EventField.Kind.integer(type: "u32", size: 4, isSigned: false)
  public static let s32 = EventField.Kind.integer(type: "s32", size: 4, isSigned: true)
  public static let u64 = EventField.Kind.integer(type: "u64", size: 8, isSigned: false)
}

/// A field with its place in the record.
struct PlacedField: Sendable {
  var field: EventField
  var offset: Int
  var size: Int

  var line: String {
    "\tfield:\(field.declaration);\toffset:\(offset);\tsize:\(size);\tsigned:\(field.isSigned ? 1 : 0);"
  }

  static func place(_ fields: [EventField], from start: Int, isPacked: Bool, longSize: Int) -> [PlacedField] {
    var end = start
    return fields.map { field in
      let size = field.size(longSize: longSize)
      let offset = isPacked ? end : aligned(end, to: field.alignment(longSize: longSize))
      end = offset + size
      return PlacedField(field: field, offset: offset, size: size)
    }
  }
}
