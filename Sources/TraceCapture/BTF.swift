/// The kernel's types (Documentation/bpf/btf.rst), as far as a recorder asks: which members a structure has, and where.
struct BTF {
  private let data: [UInt8]
  private let types: Range<Int>
  private let strings: Range<Int>
  /// Where each type's description begins, by its number less one.
  private let places: [Int]

  /// - Returns: `nil` where the bytes are no little-endian BTF.
  init?(_ data: [UInt8]) {
    self.data = data
    guard data.count >= 24, data[0] == 0x9f, data[1] == 0xeb else { return nil }
    let head = Int(Self.word(data, 4))
    let typeStart = head + Int(Self.word(data, 8))
    let stringStart = head + Int(Self.word(data, 16))
    let (typeEnd, stringEnd) = (typeStart + Int(Self.word(data, 12)), stringStart + Int(Self.word(data, 20)))
    guard typeEnd <= data.count, stringEnd <= data.count, typeStart <= typeEnd, stringStart <= stringEnd else {
      return nil
    }
    types = typeStart..<typeEnd
    strings = stringStart..<stringEnd
    guard let places = Self.places(data, types) else { return nil }
    self.places = places
  }

  private enum Kind: UInt32 {
    case structure = 4
    case union
    case function = 12
  }

  private static func word(_ data: [UInt8], _ offset: Int) -> UInt32 {
    UInt32(data[offset]) | UInt32(data[offset + 1]) << 8 | UInt32(data[offset + 2]) << 16 | UInt32(data[offset + 3])
      << 24
  }

  private static func places(_ data: [UInt8], _ types: Range<Int>) -> [Int]? {
    var places: [Int] = []
    var next = types.lowerBound
    while next + 12 <= types.upperBound {
      places.append(next)
      let info = word(data, next + 4)
      let (kind, count) = (info >> 24 & 0x1f, Int(info & 0xffff))
      let more: Int
      switch kind {
      case 1, 14, 17: more = 4
      case 2, 7...12, 16, 18: more = 0
      case 3: more = 12
      case 4, 5, 15, 19: more = 12 * count
      case 6, 13: more = 8 * count
      default: return nil
      }
      next += 12 + more
    }
    return next == types.upperBound ? places : nil
  }

  private func kind(_ place: Int) -> UInt32 { Self.word(data, place + 4) >> 24 & 0x1f }

  private func isNamed(_ offset: UInt32, _ name: [UInt8]) -> Bool {
    let start = strings.lowerBound + Int(offset)
    guard start + name.count < strings.upperBound else { return false }
    return data[start + name.count] == 0 && data[start..<start + name.count].elementsEqual(name)
  }

  private func structure(_ name: String) -> Int? {
    let bytes = Array(name.utf8)
    return places.first { kind($0) == Kind.structure.rawValue && isNamed(Self.word(data, $0), bytes) }
  }

  func hasFunction(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    return places.contains { kind($0) == Kind.function.rawValue && isNamed(Self.word(data, $0), bytes) }
  }

  func hasStructure(_ name: String) -> Bool { structure(name) != nil }

  /// Where a member is in a structure, in bytes; also one of an anonymous structure or union inside it.
  func offset(of member: String, in name: String) -> Int? {
    structure(name).flatMap { offset(Array(member.utf8), at: $0, depth: 0) }
  }

  private func offset(_ name: [UInt8], at place: Int, depth: Int) -> Int? {
    let info = Self.word(data, place + 4)
    let hasBitFields = info >> 31 != 0
    for index in 0..<Int(info & 0xffff) {
      let member = place + 12 + 12 * index
      let (label, type, raw) = (Self.word(data, member), Self.word(data, member + 4), Self.word(data, member + 8))
      let bits = Int(hasBitFields ? raw & 0xff_ffff : raw)
      if label == 0 {
        guard depth < 4, type > 0, type <= places.count else { continue }
        let inner = places[Int(type) - 1]
        guard kind(inner) == Kind.structure.rawValue || kind(inner) == Kind.union.rawValue else { continue }
        if let deeper = offset(name, at: inner, depth: depth + 1) { return bits / 8 + deeper }
      } else if isNamed(label, name) {
        return bits / 8
      }
    }
    return nil
  }
}
