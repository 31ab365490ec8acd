/// Bytes of Thrift's compact protocol, in which Parquet's headers and footer are written
/// (apache/thrift, doc/specs/thrift-compact-protocol.md).
struct ThriftCompact {
  /// The protocol's numbers for types of fields and of elements.
  enum Kind: UInt8 {
    case yes = 1
    case no = 2
    case i32 = 5
    case i64 = 6
    case binary = 8
    case list = 9
    case structure = 12
  }

  private(set) var bytes: [UInt8] = []
  /// The id of the field before, for each structure that is open.
  private var lastField: [Int] = [0]

  /// The bytes of one structure.
  static func structure(_ body: (inout ThriftCompact) -> Void) -> [UInt8] {
    var thrift = ThriftCompact()
    body(&thrift)
    thrift.bytes.append(0)
    return thrift.bytes
  }

  mutating func i32(_ field: Int, _ value: Int) {
    begin(field, .i32)
    bytes.appendVarint(Self.zigzag(Int64(value)))
  }

  mutating func i64(_ field: Int, _ value: Int) {
    begin(field, .i64)
    bytes.appendVarint(Self.zigzag(Int64(value)))
  }

  mutating func boolean(_ field: Int, _ value: Bool) { begin(field, value ? .yes : .no) }

  mutating func binary(_ field: Int, _ value: [UInt8]) {
    begin(field, .binary)
    append(value)
  }

  mutating func text(_ field: Int, _ value: String) { binary(field, Array(value.utf8)) }

  mutating func structure(_ field: Int, _ body: (inout ThriftCompact) -> Void) {
    begin(field, .structure)
    element(body)
  }

  mutating func structures<Element>(
    _ field: Int, _ elements: [Element], _ body: (inout ThriftCompact, Element) -> Void
  ) {
    beginList(field, .structure, elements.count)
    for one in elements { element { body(&$0, one) } }
  }

  mutating func i32List(_ field: Int, _ values: [Int]) {
    beginList(field, .i32, values.count)
    for value in values { bytes.appendVarint(Self.zigzag(Int64(value))) }
  }

  mutating func textList(_ field: Int, _ values: [String]) {
    beginList(field, .binary, values.count)
    for value in values { append(Array(value.utf8)) }
  }

  private mutating func element(_ body: (inout ThriftCompact) -> Void) {
    lastField.append(0)
    body(&self)
    lastField.removeLast()
    bytes.append(0)
  }

  private mutating func begin(_ field: Int, _ kind: Kind) {
    let step = field - lastField[lastField.count - 1]
    if (1...15).contains(step) {
      bytes.append(UInt8(step) << 4 | kind.rawValue)
    } else {
      bytes.append(kind.rawValue)
      bytes.appendVarint(Self.zigzag(Int64(field)))
    }
    lastField[lastField.count - 1] = field
  }

  private mutating func beginList(_ field: Int, _ kind: Kind, _ count: Int) {
    begin(field, .list)
    bytes.append(UInt8(min(count, 15)) << 4 | kind.rawValue)
    if count >= 15 { bytes.appendVarint(UInt64(count)) }
  }

  private mutating func append(_ value: [UInt8]) {
    bytes.appendVarint(UInt64(value.count))
    bytes += value
  }

  static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
}

extension [UInt8] {
  /// Seven bits a byte, the lowest first; the high bit says that more follow (ULEB128).
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest > 0x7f {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// The value's lowest bytes, the lowest first.
  mutating func appendLittleEndian(_ value: UInt64, count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
  }
}
