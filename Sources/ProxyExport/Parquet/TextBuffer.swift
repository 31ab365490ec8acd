import Compression
import TraceCore

/// Texts of one column, gathered until the row group is full: each is kept once.
struct TextBuffer {
  /// A text by its bytes. `String` takes canonically equivalent ones for equal; names out of a capture need not be.
  private struct Key: Hashable {
    var text: String

    static func == (a: Key, b: Key) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  private var levels: [UInt8] = []
  /// Places in ``entries``, one for each value.
  private var indices: [UInt32] = []
  private var entries: [[UInt8]] = []
  private var texts: [Key: UInt32] = [:]
  private var comms: [Comm: UInt32] = [:]
  private var addresses: [UInt64: UInt32] = [:]

  /// A longer one bounds nothing that a query asks for.
  private static let longestBound = 64

  mutating func appendNull() { levels.append(0) }

  mutating func append(_ text: String) {
    let key = Key(text: text)
    let place = texts[key] ?? enter(text)
    append(place: place)
  }

  /// The name decoded as UTF-8; what is none becomes U+FFFD.
  mutating func append(_ comm: Comm) {
    let place = comms[comm] ?? enter(comm.text)
    comms[comm] = place
    append(place: place)
  }

  /// As the other formats write it: `0x…`.
  mutating func append(address: UInt64) {
    let place = addresses[address] ?? enter("0x" + String(address, radix: 16))
    addresses[address] = place
    append(place: place)
  }

  private mutating func append(place: UInt32) {
    levels.append(1)
    indices.append(place)
  }

  private mutating func enter(_ text: String) -> UInt32 {
    if let place = texts[Key(text: text)] { return place }
    let place = UInt32(entries.count)
    texts[Key(text: text)] = place
    entries.append(Array(text.utf8))
    return place
  }

  /// Encodes what was gathered, and begins anew.
  mutating func flush(_ zstd: borrowing Zstd) -> ColumnChunk {
    defer { self = TextBuffer() }
    var bounds: (min: [UInt8], max: [UInt8])?
    // The order of the format is that of the bytes.
    if let min = entries.min(by: { $0.lexicographicallyPrecedes($1) }),
      let max = entries.max(by: { $0.lexicographicallyPrecedes($1) }),
      min.count <= Self.longestBound, max.count <= Self.longestBound
    {
      bounds = (min, max)
    }
    return ColumnChunk(
      levels: levels, bodies: bodies, statistics: .init(nulls: levels.count - indices.count, bounds: bounds), zstd)
  }

  private var bodies: [ColumnChunk.Body] {
    if indices.isEmpty { return [ColumnChunk.Body(encoding: .plain, bytes: [])] }
    let dictionary = ColumnChunk.Body.dictionary(Self.plain(entries), count: entries.count, indices)
    // Where most values are met once, a dictionary only adds their places.
    guard entries.count * 2 > indices.count else { return [dictionary] }
    let plain = ColumnChunk.Body(encoding: .plain, bytes: Self.plain(indices.map { entries[Int($0)] }))
    return [dictionary, plain]
  }

  private static func plain(_ texts: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for text in texts {
      bytes.appendLittleEndian(UInt64(text.count), count: 4)
      bytes += text
    }
    return bytes
  }
}
