import Compression

/// Integers of one column, gathered until the row group is full.
struct IntegerBuffer {
  /// 1 for a value, 0 for null; one for each row.
  private var levels: [UInt8] = []
  private var values: [Int64] = []

  /// A dictionary of more entries than this is never smaller than the differences are.
  private static let largestDictionary = 4096

  mutating func append(_ value: Int64?) {
    levels.append(value == nil ? 0 : 1)
    if let value { values.append(value) }
  }

  /// Encodes what was gathered, and begins anew.
  mutating func flush(_ zstd: borrowing Zstd) -> ColumnChunk {
    defer {
      levels.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
    }
    var bounds: (min: [UInt8], max: [UInt8])?
    if let min = values.min(), let max = values.max() { bounds = (Self.plain([min]), Self.plain([max])) }
    return ColumnChunk(
      levels: levels, bodies: bodies, statistics: .init(nulls: levels.count - values.count, bounds: bounds), zstd)
  }

  private var bodies: [ColumnChunk.Body] {
    if values.isEmpty { return [ColumnChunk.Body(encoding: .plain, bytes: [])] }
    let differences = ColumnChunk.Body(encoding: .delta, bytes: DeltaEncoding.encode(values))
    return [differences] + (dictionaryBody.map { [$0] } ?? [])
  }

  /// `nil` where too few values repeat.
  private var dictionaryBody: ColumnChunk.Body? {
    let limit = min(values.count / 2, Self.largestDictionary)
    var places: [Int64: UInt32] = [:]
    var entries: [Int64] = []
    var indices: [UInt32] = []
    indices.reserveCapacity(values.count)
    var (last, lastPlace): (Int64, UInt32) = (0, 0)
    for value in values {
      if value != last || entries.isEmpty {
        if let place = places[value] {
          lastPlace = place
        } else {
          if entries.count >= max(1, limit) { return nil }
          lastPlace = UInt32(entries.count)
          places[value] = lastPlace
          entries.append(value)
        }
        last = value
      }
      indices.append(lastPlace)
    }
    return .dictionary(Self.plain(entries), count: entries.count, indices)
  }

  private static func plain(_ values: [Int64]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }
}

/// Truth values of one column, gathered until the row group is full.
struct BooleanBuffer {
  private var levels: [UInt8] = []
  private var values: [UInt8] = []

  mutating func append(_ value: Bool?) {
    levels.append(value == nil ? 0 : 1)
    if let value { values.append(value ? 1 : 0) }
  }

  mutating func flush(_ zstd: borrowing Zstd) -> ColumnChunk {
    defer {
      levels.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
    }
    var packer = BitPacker()
    for value in values { packer.append(UInt64(value), width: 1) }
    var bounds: (min: [UInt8], max: [UInt8])?
    if let min = values.min(), let max = values.max() { bounds = ([min], [max]) }
    return ColumnChunk(
      levels: levels, bodies: [ColumnChunk.Body(encoding: .plain, bytes: packer.finish())],
      statistics: .init(nulls: levels.count - values.count, bounds: bounds), zstd)
  }
}

extension ColumnChunk.Body {
  /// Places in a dictionary: the width of one, then the places themselves.
  static func dictionary(_ entries: [UInt8], count: Int, _ indices: [UInt32]) -> Self {
    let width = max(1, BitPacker.width(of: UInt64(max(0, count - 1))))
    return Self(
      encoding: .dictionary, bytes: [UInt8(width)] + HybridEncoding.encode(indices, width: width),
      dictionary: (entries, count))
  }
}
