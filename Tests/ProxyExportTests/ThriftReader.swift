/// A value of Thrift's compact protocol.
enum ThriftValue {
  case integer(Int64)
  case boolean(Bool)
  case binary([UInt8])
  case list([ThriftValue])
  case structure([Int: ThriftValue])
}

extension ThriftValue? {
  var integer: Int64 { get throws { if case .integer(let value) = self { value } else { throw Self.missing } } }
  var bytes: [UInt8] { get throws { if case .binary(let value) = self { value } else { throw Self.missing } } }
  var text: String { get throws { String(decoding: try bytes, as: UTF8.self) } }
  var list: [ThriftValue] { get throws { if case .list(let value) = self { value } else { throw Self.missing } } }
  var fields: [Int: ThriftValue] {
    get throws { if case .structure(let value) = self { value } else { throw Self.missing } }
  }

  private static var missing: ParquetFile.Problem { .init("a field is missing, or has another type") }
}

extension ThriftValue {
  var integer: Int64 { get throws { try Optional(self).integer } }
  var bytes: [UInt8] { get throws { try Optional(self).bytes } }
  var text: String { get throws { try Optional(self).text } }
  var fields: [Int: ThriftValue] { get throws { try Optional(self).fields } }
}

/// Reads structures without knowing what they mean.
struct ThriftReader {
  private let bytes: ArraySlice<UInt8>
  private(set) var place: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    place = bytes.startIndex
  }

  var isAtEnd: Bool { place == bytes.endIndex }

  mutating func structure() throws -> [Int: ThriftValue] {
    var (fields, last) = ([Int: ThriftValue](), 0)
    while true {
      let head = try byte()
      if head == 0 { return fields }
      let step = Int(head >> 4)
      last = step == 0 ? Int(try zigzag()) : last + step
      fields[last] = try value(head & 15)
    }
  }

  private mutating func value(_ kind: UInt8) throws -> ThriftValue {
    switch kind {
    case 1, 2: return .boolean(kind == 1)
    case 4, 5, 6: return .integer(try zigzag())
    case 8:
      let count = Int(try varint())
      guard count <= bytes.endIndex - place else { throw ParquetFile.Problem("a text is cut off") }
      defer { place += count }
      return .binary(Array(bytes[place..<(place + count)]))
    case 9:
      let head = try byte()
      let count = head >> 4 == 15 ? Int(try varint()) : Int(head >> 4)
      return .list(try (0..<count).map { _ in try value(head & 15) })
    case 12: return .structure(try structure())
    default: throw ParquetFile.Problem("type \(kind)")
    }
  }

  private mutating func zigzag() throws -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
  }

  private mutating func varint() throws -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while true {
      let byte = try byte()
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  private mutating func byte() throws -> UInt8 {
    guard place < bytes.endIndex else { throw ParquetFile.Problem("a structure is cut off") }
    defer { place += 1 }
    return bytes[place]
  }
}
