import TraceCore
import TraceTestKit

// Damage that disks and copies do, without a thought for what it hits.
extension DamageClass {
  /// Cut at every boundary of a part, beside it, and at 500 other places.
  static let cuts = DamageClass("cut") {
    3 * $0.boundaries.count + 500
  } damage: { map, index in
    var place: Int
    if index < 3 * map.boundaries.count {
      place = map.boundaries[index / 3] + index % 3 - 1
    } else {
      var random = SeededGenerator(seed: UInt64(index))
      place = random.number(0...(map.bytes.count - 1))
    }
    guard place >= 0, place < map.bytes.count else { return nil }
    let damaged = map.extents.filter { $0.isTop && $0.size > 0 && $0.offset + $0.size > place }.map { CPU($0.cpu) }
    return DamagedCapture(
      Array(map.bytes[..<place]), "cut to \(place) bytes", duty: .tellChanges,
      // Version 7 has the table of its CPUs behind their data.
      mayBeRefused: map.version == 7 || place <= map.dataStart + map.pageSize, damagedCPUs: Set(damaged))
  }

  private static let flippedBytesLimit = 64 << 10

  /// Every byte of the first 64 KiB turned over, and one bit of each.
  static let flippedBytes = DamageClass("flipped byte") {
    2 * min($0.bytes.count, flippedBytesLimit)
  } damage: { map, index in
    let place = index / 2
    var bytes = map.bytes
    bytes[place] ^= index % 2 == 0 ? 0xff : 1 << UInt8(place * 5 % 8)
    let what = "byte \(place) from \(map.bytes[place]) to \(bytes[place])"
    guard let extent = map.extents.first(where: { place >= $0.offset && place < $0.offset + $0.size }) else {
      return DamagedCapture(bytes, what, duty: .tellMissing)
    }
    // Records, as they are or compressed; but a chunk's head is metadata.
    let isHead = map.fields.contains { $0.offset <= place && place < $0.offset + $0.width }
    return DamagedCapture(
      bytes, what, duty: isHead ? .tellMissing : .none, mayBeRefused: false,
      damagedCPUs: extent.isTop ? [CPU(extent.cpu)] : [])
  }

  static let zeroedPages = DamageClass("zeroed page") {
    $0.pages.count
  } damage: { map, index in
    let page = map.pages[index]
    var bytes = map.bytes
    for place in page.range { bytes[place] = 0 }
    let cpu = CPU(page.cpu)
    return DamagedCapture(
      bytes, "page at \(page.range.lowerBound) zeroed", duty: .tellChanges, mayBeRefused: false, damagedCPUs: [cpu],
      gone: (cpu, map.recordRange(of: index)))
  }

  private static let sector = 512

  static let zeroedSectors = DamageClass("zeroed sector") {
    ($0.bytes.count - 1) / sector + 1
  } damage: { map, index in
    let range = index * sector..<min((index + 1) * sector, map.bytes.count)
    var bytes = map.bytes
    for place in range { bytes[place] = 0 }
    let page = map.page(at: range.lowerBound)
    // A page's sector behind the last record holds nothing.
    let cpus = map.pages.filter { $0.range.overlaps(range) }.map { CPU($0.cpu) }
    return DamagedCapture(
      bytes, "sector at \(range.lowerBound) zeroed", duty: .tellMissing, mayBeRefused: page == nil,
      damagedCPUs: page == nil ? nil : Set(cpus))
  }

  /// A page and the next of its CPU, or one of another CPU.
  static let swappedPages = DamageClass("swapped pages") {
    2 * $0.pages.count
  } damage: { map, index in
    guard let (first, second) = pair(map, index) else { return nil }
    var bytes = map.bytes
    bytes.replaceSubrange(first.range, with: map.bytes[second.range])
    bytes.replaceSubrange(second.range, with: map.bytes[first.range])
    return DamagedCapture(
      bytes, "pages at \(first.range.lowerBound) and \(second.range.lowerBound) swapped", duty: .tellChanges,
      mayBeRefused: false, damagedCPUs: [CPU(first.cpu), CPU(second.cpu)])
  }

  /// A page in the place of the next one, or of one of another CPU.
  static let repeatedPages = DamageClass("repeated page") {
    2 * $0.pages.count
  } damage: { map, index in
    guard let (first, second) = pair(map, index) else { return nil }
    var bytes = map.bytes
    bytes.replaceSubrange(second.range, with: map.bytes[first.range])
    // At another CPU's end it may well be that CPU's.
    let isLast = map.pages.last { $0.cpu == second.cpu }?.range == second.range
    let duty: DamagedCapture.Duty = first.cpu != second.cpu && isLast ? .none : .tellChanges
    return DamagedCapture(
      bytes, "page at \(first.range.lowerBound) repeated at \(second.range.lowerBound)", duty: duty,
      mayBeRefused: false, damagedCPUs: [CPU(second.cpu)])
  }

  private static func pair(_ map: CaptureMap, _ index: Int) -> (CaptureMap.Page, CaptureMap.Page)? {
    let first = map.pages[index / 2]
    let other =
      index % 2 == 0
      ? map.pages.first { $0.cpu == first.cpu && $0.range.lowerBound == first.range.upperBound }
      : map.pages.filter { $0.cpu != first.cpu }.dropFirst(index / 4).first
    guard let other, other.range.count == first.range.count else { return nil }
    return (first, other)
  }
}
