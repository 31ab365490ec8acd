import ProxyModel
import TraceCore

/// What cells say, as a key that is quickly compared.
protocol CellKey: Equatable, BitwiseCopyable {
  /// Spreads keys over ``CellCache/slotCount`` slots.
  var hash: Int { get }

  /// Whether two are equal.
  func isSame(as other: Self) -> Bool
}

extension CellKey {
  @inline(__always)
  func isSame(as other: Self) -> Bool { self == other }
}

extension TaskLabel: CellKey {
  @inline(__always)
  var hash: Int { Int(index.rawValue &+ UInt32(bitPattern: priority?.rawValue ?? 0) &* 7) }

  /// In place: the operator is a call into another module.
  @inline(__always)
  func isSame(as other: TaskLabel) -> Bool {
    typealias Words = SIMD2<UInt64>
    return index.rawValue == other.index.rawValue && pid == other.pid
      && priority?.rawValue == other.priority?.rawValue
      && unsafeBitCast(comm, to: Words.self) == unsafeBitCast(other.comm, to: Words.self)
  }
}

extension LockAddress: CellKey {
  @inline(__always)
  var hash: Int { Int(truncatingIfNeeded: (rawValue &* 0x9e37_79b9_7f4a_7c15) >> 32) }
}

/// A value of one byte.
struct ByteKey: CellKey {
  private let rawValue: UInt8

  /// - Returns: `nil` for values of more than one byte.
  @inline(__always)
  init?<Value: BitwiseCopyable>(_ value: Value) {
    guard MemoryLayout<Value>.size == 1 else { return nil }
    rawValue = withUnsafeBytes(of: value) { $0[0] }
  }

  @inline(__always)
  var hash: Int { Int(rawValue) }
}

/// The text of cells by what they say: the same tasks, locks and words come again and again, and are made text and escaped once.
///
/// All keys of a cache have one type.
struct CellCache {
  static let slotCount = 256
  private static let keySize = 32
  private static let textOffset = 40
  private static let slotSize = 192
  /// Text that is longer is not kept.
  static let textSize = slotSize - textOffset
  /// How much of it is copied at once.
  private static let step = 32

  /// Slots of a key, the number of bytes (0 in those that are free), and text. Owned by whoever made the cache.
  private let slots: UnsafeMutableRawPointer

  init() {
    // Copies go in steps, and read behind the last slot.
    let size = Self.slotCount * Self.slotSize + Self.step
    slots = .allocate(byteCount: size, alignment: 64)
    slots.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  func discard() { slots.deallocate() }

  @inline(__always)
  private func slot(_ hash: Int) -> UnsafeMutableRawPointer { slots + (hash & (Self.slotCount - 1)) * Self.slotSize }

  /// Copies the text of a key to a place with room for it, and for ``step`` bytes more.
  /// - Returns: how many bytes; 0 where it is not kept.
  @inline(__always)
  func copy<Key: CellKey>(_ key: Key, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let slot = slot(key.hash)
    let count = Int(slot.load(fromByteOffset: Self.keySize, as: UInt32.self))
    guard count > 0, slot.load(as: Key.self).isSame(as: key) else { return 0 }
    let (source, target) = (slot + Self.textOffset, UnsafeMutableRawPointer(place))
    target.copyMemory(from: source, byteCount: Self.step)
    var done = Self.step
    while done < count {
      (target + done).copyMemory(from: source + done, byteCount: Self.step)
      done += Self.step
    }
    return count
  }

  /// Keeps the text of a key, if it is short.
  func keep<Key: CellKey>(_ key: Key, _ text: UnsafeBufferPointer<UInt8>) {
    precondition(MemoryLayout<Key>.size <= Self.keySize, "a key that is too large")
    guard text.count <= Self.textSize, let start = text.baseAddress else { return }
    let slot = slot(key.hash)
    slot.storeBytes(of: key, as: Key.self)
    slot.storeBytes(of: UInt32(text.count), toByteOffset: Self.keySize, as: UInt32.self)
    (slot + Self.textOffset).copyMemory(from: start, byteCount: text.count)
  }
}
