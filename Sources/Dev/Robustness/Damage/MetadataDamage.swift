import TraceCore
import TraceTestKit

// Damage to what the file says about itself.
extension DamageClass {
  private static let absurdities: [UInt64] = [
    0, 1, .max, .max - 7, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 63, (1 << 63) - 1, 4096, 100_000,
  ]

  /// Every size, offset and count of the metadata set to values that cannot be.
  static let absurdIntegers = DamageClass("absurd integer") {
    $0.fields.count * absurdities.count
  } damage: { map, index in
    let field = map.fields[index / absurdities.count]
    let value = absurdities[index % absurdities.count]
    return DamagedCapture(
      map.writing(value, at: field.offset, width: field.width),
      "\(field.name) (offset \(field.offset), \(field.width) bytes) set to \(value)", duty: .tellMissing)
  }

  private static let overlaps = 6

  /// Tables of CPUs that share data.
  static let overlappingTables = DamageClass("overlapping tables") {
    $0.extents.count * $0.extents.count * overlaps
  } damage: { map, index in
    let (way, pair) = (index % overlaps, index / overlaps)
    let (a, b) = (map.extents[pair / map.extents.count], map.extents[pair % map.extents.count])
    guard a != b, a.size > 0, b.size > 0 else { return nil }
    let values: (offset: Int, size: Int) =
      switch way {
      case 0: (b.offset, a.size)
      case 1: (b.offset, b.size)
      case 2: (b.offset + map.pageSize, a.size)
      case 3: (max(b.offset - map.pageSize, 0), b.size + map.pageSize)
      case 4: (a.offset, map.bytes.count)
      default: (0, map.bytes.count)
      }
    var bytes = map.bytes
    bytes.write(UInt64(values.offset), at: a.offsetField, width: 8, map.order)
    bytes.write(UInt64(values.size), at: a.sizeField, width: 8, map.order)
    return DamagedCapture(
      bytes, "CPU \(a.cpu) at \(values.offset) with \(values.size) bytes", duty: .tellMissing)
  }

  /// Records of an event, all or one of them, under a number that no event has.
  static let unknownEvents = DamageClass("unknown event") { _ in
    100
  } damage: { map, index in
    let records = map.pages.flatMap(\.records).filter { $0.range.count >= 8 }
    guard !records.isEmpty else { return nil }
    var random = SeededGenerator(seed: UInt64(index))
    let chosen = random.element(records)
    let id = map.bytes[chosen.range.lowerBound..<chosen.range.lowerBound + 2]
    var bytes = map.bytes
    let number = UInt64(random.element([0, 65535, 60000]))
    for record in index % 2 == 0 ? records : [chosen] {
      guard map.bytes[record.range.lowerBound...].starts(with: id) else { continue }
      bytes.write(number, at: record.range.lowerBound, width: 2, map.order)
    }
    return DamagedCapture(
      bytes, "records at \(chosen.range.lowerBound) are of event \(number)", duty: .tellChanges)
  }

  /// The clock of a page, or of all from it on, set to other times.
  static let clocksRunningBack = DamageClass("clock running back") {
    $0.pages.count * 6
  } damage: { map, index in
    let page = map.pages[index / 6]
    let time = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(map.bytes[page.range.lowerBound + $1]) }
    let value: UInt64 =
      switch index % 6 {
      case 0: 0
      case 1: time &- 1_000_000
      case 2: time &- 1_000_000_000
      case 3: time &+ 1_000_000_000
      case 4: 1 << 63
      default: .max
      }
    return DamagedCapture(
      map.writing(value, at: page.range.lowerBound, width: 8), "page at \(page.range.lowerBound) at time \(value)",
      duty: canBeTold(map, index / 6, movedTo: value) ? .tellChanges : .none, mayBeRefused: map.pages.count < 3,
      damagedCPUs: [CPU(page.cpu)])
  }

  /// Whether a page's time shows to be wrong: it is one that no clock has reached, or the page's records lie before those of
  /// the page before it, or behind those of the next one. Otherwise it is a time like any other, and nothing in the file says
  /// it twice.
  private static func canBeTold(_ map: CaptureMap, _ index: Int, movedTo value: UInt64) -> Bool {
    if value >= 1 << 62 { return true }
    let page = map.pages[index]
    let time = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(map.bytes[page.range.lowerBound + $1]) }
    guard let first = page.records.first?.time, let last = page.records.last?.time else { return false }
    let before = map.pages[..<index].last { $0.cpu == page.cpu && !$0.records.isEmpty }?.records.last?.time
    let after = map.pages[(index + 1)...].first { $0.cpu == page.cpu && !$0.records.isEmpty }?.records.first?.time
    let isEarly = before.map { first &- time &+ value < $0 } ?? false
    let isLate = after.map { last &- time &+ value > $0 } ?? false
    return isEarly || isLate
  }
}
