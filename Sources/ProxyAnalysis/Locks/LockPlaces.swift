import TraceCore

/// Places of locks in a list. The same few locks come again and again: those of lately are found without hashing safely.
struct LockPlaces {
  private var all: [LockAddress: Int] = [:]
  /// By a short hash; −1 where there is none.
  private var recent = Array(repeating: (lock: LockAddress(0), place: -1), count: 64)

  /// `nil` for a lock that is not in the list.
  mutating func place(of lock: LockAddress) -> Int? {
    let slot = Int(truncatingIfNeeded: (lock.rawValue &* 0x9e37_79b9_7f4a_7c15) >> 58)
    let known = recent[slot]
    if known.place >= 0, known.lock == lock { return known.place }
    guard let place = all[lock] else { return nil }
    recent[slot] = (lock, place)
    return place
  }

  mutating func append(_ lock: LockAddress) { all[lock] = all.count }
}
