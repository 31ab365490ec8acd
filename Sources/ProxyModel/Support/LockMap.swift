import TraceCore

/// Something about locks, by address.
///
/// The same few locks come again and again, and hashing their addresses safely costs more than all else that is done about them;
/// so those that were asked for lately are kept where their address leads at once.
struct LockMap<Value: BitwiseCopyable & Equatable>: ~Copyable {
  private struct Recent {
    var lock = LockAddress(0)
    var value: Value?
  }

  private static var recentCount: Int { 64 }

  private var values: [LockAddress: Value] = [:]
  /// In order of their first values.
  private var order: [LockAddress] = []
  /// ``recentCount`` of them, initialised, owned here alone. Not an array within: each look at it would copy it whole.
  private let recent: UnsafeMutablePointer<Recent>

  init() {
    recent = .allocate(capacity: Self.recentCount)
    recent.initialize(repeating: Recent(), count: Self.recentCount)
  }

  deinit { recent.deallocate() }

  /// The locks that have something, in the order in which they came to have it.
  var locks: [LockAddress] { order.filter { values[$0] != nil } }

  subscript(lock: LockAddress) -> Value? {
    @inline(__always) get {
      let place = recent + Self.place(of: lock)
      if place.pointee.lock == lock, let value = place.pointee.value { return value }
      let value = values[lock]
      place.pointee = Recent(lock: lock, value: value)
      return value
    }
    @inline(__always) set {
      let place = recent + Self.place(of: lock)
      if place.pointee.lock == lock, newValue != nil, place.pointee.value == newValue { return }
      place.pointee = Recent(lock: lock, value: newValue)
      guard let newValue else {
        values[lock] = nil
        return
      }
      if values.updateValue(newValue, forKey: lock) == nil { order.append(lock) }
    }
  }

  /// Locks lie at multiples of their size: a multiplication spreads them over the top six bits (Knuth, TAOCP 3, 6.4).
  @inline(__always)
  private static func place(of lock: LockAddress) -> Int { Int((lock.rawValue &* 0x9e37_79b9_7f4a_7c15) >> 58) }
}
