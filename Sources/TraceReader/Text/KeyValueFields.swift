import TraceCore

/// The fields of a line that are written as `key=value`: those of probes, and of events of the user's map.
struct KeyValueFields: FieldSource {
  /// Where one field of a role is.
  struct Source {
    enum Place {
      /// The number after `key=`.
      case key([UInt8])
      case constant(UInt64)
      /// The task that wrote the record.
      case current
      case absent
    }

    var field: FieldName
    var place: Place
  }

  private let sources: [Source]
  private let line: TextScanner
  let current: Pid

  /// - Parameter line: A scanner after the event's name.
  init(_ sources: [Source], _ line: TextScanner, _ current: Pid) {
    (self.sources, self.line, self.current) = (sources, line, current)
  }

  /// Where an entry's fields are: looked up once for an event's name, not for each of its lines.
  static func sources(of entry: EventMap.Entry) -> [Source] {
    (entry.role?.fields ?? []).map { field in
      let place: Source.Place =
        switch entry.source(of: field) {
        case .constant(let value): .constant(UInt64(bitPattern: value))
        case .absent: .absent
        case .field("common_pid"): .current
        case .field(let key): .key(Array(key.utf8))
        }
      return Source(field: field.field, place: place)
    }
  }

  func number(_ field: FieldName) -> UInt64? {
    switch sources.first(where: { $0.field == field })?.place {
    case .key(let key): number(ofKey: key)
    case .constant(let value): value
    case .current: UInt64(bitPattern: Int64(current))
    case .absent, nil: nil
    }
  }

  /// Names are read only from events whose print format is known: in others a name's end cannot be found.
  func comm(_ field: FieldName) -> Comm? { nil }

  /// As of a name, a text's end cannot be found.
  func text(_ field: FieldName) -> UnsafeRawBufferPointer? { nil }

  var previousState: TaskState? { number(.prevState).map { StateLetters.recent.state($0) } }

  /// The number after `key=`. Keys are at the line's beginning, or after a blank, a parenthesis or a comma.
  private func number(ofKey key: [UInt8]) -> UInt64? {
    var search = line
    while search.position < search.end {
      let start = search.position
      search.seek(UInt8(ascii: "="))
      let first = search.position &- key.count
      if first >= start, !search.isAtEnd, isKey(key, at: first) {
        var value = search
        value.position &+= 1
        return value.number()
      }
      search.position &+= 1
    }
    return nil
  }

  private func isKey(_ key: [UInt8], at first: Int) -> Bool {
    if first > line.position {
      let before = line.bytes[first &- 1]
      guard before == UInt8(ascii: " ") || before == UInt8(ascii: "(") || before == UInt8(ascii: ",") else {
        return false
      }
    }
    for index in key.indices where line.bytes[first &+ index] != key[index] { return false }
    return true
  }
}
