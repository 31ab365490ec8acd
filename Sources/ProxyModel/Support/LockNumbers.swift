package import TraceCore

/// Numbers of locks, in the order in which they are first asked for.
///
/// The same few locks come again and again: those of lately are found without hashing their addresses safely.
package struct LockNumbers: Sendable {
  private var numbers: [LockAddress: Int32] = [:]
  private var recent: [(lock: LockAddress, number: Int32)] = Array(repeating: (LockAddress(0), -1), count: 64)

  package subscript(lock: LockAddress) -> Int {
    mutating get {
      // Locks lie at multiples of their size: a multiplication spreads them over the top six bits.
      let place = Int((lock.rawValue &* 0x9e37_79b9_7f4a_7c15) >> 58)
      if recent[place].number >= 0, recent[place].lock == lock { return Int(recent[place].number) }
      return lookUp(lock, place)
    }
  }

  @inline(never)
  private mutating func lookUp(_ lock: LockAddress, _ place: Int) -> Int {
    let number = numbers[lock] ?? Int32(numbers.count)
    if Int(number) == numbers.count { numbers[lock] = number }
    recent[place] = (lock, number)
    return Int(number)
  }
}
