import TraceCore

/// Something about locks, by address.
///
/// The same few locks come again and again, and hashing their addresses safely costs more than all else that is done about them;
/// so those that were asked for lately are kept where their address leads at once.
struct LockMap<Value: BitwiseCopyable & Equatable> {
  private var values: [LockAddress: Value] = [:]
  private var recent = InlineArray<64, (lock: LockAddress, value: Value?)>(repeating: (LockAddress(0), nil))

  subscript(lock: LockAddress) -> Value? {
    @inline(__always) mutating get {
      let place = Self.place(of: lock)
      if recent[place].lock == lock, let value = recent[place].value { return value }
      let value = values[lock]
      recent[place] = (lock, value)
      return value
    }
    @inline(__always) set {
      let place = Self.place(of: lock)
      if recent[place].lock == lock, newValue != nil, recent[place].value == newValue { return }
      recent[place] = (lock, newValue)
      values[lock] = newValue
    }
  }

  /// Locks lie at multiples of their size: a multiplication spreads them over the top six bits (Knuth, TAOCP 3, 6.4).
  @inline(__always)
  private static func place(of lock: LockAddress) -> Int { Int((lock.rawValue &* 0x9e37_79b9_7f4a_7c15) >> 58) }
}
