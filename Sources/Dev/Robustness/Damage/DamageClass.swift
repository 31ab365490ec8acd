import TraceCore
public import TraceTestKit

/// A kind of damage that can be done to a capture in a number of ways, each the same on every machine.
public struct DamageClass: Sendable {
  public var name: String
  /// In how many ways it can be done to a capture.
  public var count: @Sendable (CaptureMap) -> Int
  /// Does it in one of them; `nil` where that way does not exist.
  public var damage: @Sendable (CaptureMap, Int) -> DamagedCapture?

  init(
    _ name: String, _ count: @escaping @Sendable (CaptureMap) -> Int,
    damage: @escaping @Sendable (CaptureMap, Int) -> DamagedCapture?
  ) {
    self.name = name
    self.count = count
    self.damage = damage
  }

  /// All kinds, the plain ones first.
  public static let all: [DamageClass] = [
    cuts, flippedBytes, zeroedPages, zeroedSectors, swappedPages, repeatedPages, absurdIntegers, overlappingTables,
    unknownEvents, lyingFormats, clocksRunningBack, hostileNames,
  ]
}

extension CaptureMap {
  /// The page that a byte is in.
  func page(at offset: Int) -> Page? {
    // Pages are few hundreds at most.
    pages.first { $0.range.contains(offset) }
  }

  /// Which of its CPU's records a page holds, as places in the CPU's order.
  func recordRange(of index: Int) -> Range<Int> {
    let page = pages[index]
    let before = pages[..<index].lazy.filter { $0.cpu == page.cpu }.reduce(0) { $0 + $1.records.count }
    return before..<before + page.records.count
  }

  func writing(_ value: UInt64, at offset: Int, width: Int) -> [UInt8] {
    var result = bytes
    result.write(value, at: offset, width: width, order)
    return result
  }
}

extension [UInt8] {
  /// Overwrites an integer.
  mutating func write(_ value: UInt64, at offset: Int, width: Int, _ order: ByteOrder) {
    for index in 0..<width {
      let shift = UInt64(8 * (order == .little ? index : width - 1 - index))
      self[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
    }
  }
}
