import TraceCore

/// Where one field of a role is in an event's records.
struct FieldPlace: BitwiseCopyable {
  var integer = IntegerField.absent
  var comm = CommField.absent
  var text = TextField.absent
  /// What the event map gives instead of a field.
  var constant: UInt64?
}

/// Where the fields of a role are in an event's records, found by name in the event's format once.
///
/// A view of one place for each ``FieldName``. Its owner calls ``deallocate()``.
struct FieldPlaces {
  private let places: UnsafeMutablePointer<FieldPlace>

  static func allocate() -> FieldPlaces {
    let count = FieldName.allCases.count
    let places = UnsafeMutablePointer<FieldPlace>.allocate(capacity: count)
    places.initialize(repeating: FieldPlace(), count: count)
    return FieldPlaces(places: places)
  }

  func deallocate() { places.deallocate() }

  /// Every name has a place, if only an absent one.
  @inline(__always)
  subscript(field: FieldName) -> FieldPlace {
    get { places[Int(field.rawValue)] }
    nonmutating set { places[Int(field.rawValue)] = newValue }
  }
}

/// The fields of a `trace.dat`'s record. The record is as long as the event's plan demands.
struct BinaryFields: FieldSource {
  let record: Record
  let places: FieldPlaces
  let current: Pid

  @inline(__always)
  func number(_ field: FieldName) -> UInt64? {
    let integer = places[field].integer
    return integer.isPresent ? integer.load(record) : places[field].constant
  }

  @inline(__always)
  func comm(_ field: FieldName) -> Comm? {
    let comm = places[field].comm
    return comm.form == .absent ? nil : comm.load(record)
  }

  /// Switches have a packed form, which ``RecordDecoder`` fills in itself.
  var previousState: TaskState? { nil }

  func text(_ field: FieldName) -> UnsafeRawBufferPointer? {
    let text = places[field].text
    return text.form == .absent ? nil : text.load(record)
  }
}

/// Finds the fields of a role in an event's format, and how long a record must be to have them.
struct FieldResolver {
  private let format: ParsedFormat
  /// The end of the last field that was found: a shorter record is damaged.
  private(set) var minimumSize: Int
  /// Names of fields that the role needs and that the event lacks, or has in a form that cannot be read.
  private(set) var missing: [String] = []

  /// - Parameter minimumSize: The least size of any record, in bytes.
  init(_ format: ParsedFormat, minimumSize: Int) {
    self.format = format
    self.minimumSize = minimumSize
  }

  /// Finds all fields of an entry's role. Where ``missing`` names some afterwards, the event cannot have the role.
  mutating func resolve(_ entry: EventMap.Entry, into places: FieldPlaces) {
    for field in entry.role?.fields ?? [] {
      switch entry.source(of: field) {
      case .field(let name):
        if let place = place(field.field.content, named: name) {
          places[field.field] = place
        } else if field.isRequired {
          missing.append(name)
        }
      case .constant(let value) where field.mayBeConstant:
        places[field.field].constant = UInt64(bitPattern: value)
      case .constant, .absent: if field.isRequired { missing.append(field.name) }
      }
    }
  }

  private mutating func place(_ content: FieldName.Content, named name: String) -> FieldPlace? {
    guard let field = format.field(name) ?? format.common.first(where: { $0.name == name }) else { return nil }
    var place = FieldPlace()
    switch content {
    case .number:
      guard let integer = IntegerField(field) else { return nil }
      place.integer = integer
      minimumSize = max(minimumSize, integer.end)
    case .comm:
      guard let comm = CommField(field) else { return nil }
      place.comm = comm
      minimumSize = max(minimumSize, comm.end)
    case .text:
      guard let text = TextField(field) else { return nil }
      place.text = text
      minimumSize = max(minimumSize, text.end)
    }
    return place
  }
}
