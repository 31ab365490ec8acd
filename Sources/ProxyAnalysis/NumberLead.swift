import TraceCore

/// What the numbers of a column begin with, kept from row to row: times and ids grow slowly, so that mostly only the last digits are
/// others than in the row before.
struct NumberLead {
  /// How many digits at the end are not kept.
  enum Rest: UInt64 {
    case two = 100
    case eight = 100_000_000

    var digits: Int { self == .two ? 2 : 8 }
  }

  /// The first number that begins so, and how many do: none at the beginning.
  private var first: UInt64 = 0
  private var count: UInt64 = 0
  private var text: InlineArray<2, UInt64> = [0, 0]
  private var length = 0

  /// What is left of a number that begins so; `nil` for any other.
  @inline(__always)
  func rest(of number: UInt64) -> UInt64? {
    let rest = number &- first
    return rest < count ? rest : nil
  }

  /// Writes the beginning, where there is room for 16 bytes.
  /// - Returns: how many bytes it has.
  @inline(__always)
  func copy(to place: UnsafeMutablePointer<UInt8>) -> Int {
    UnsafeMutableRawPointer(place).storeBytes(of: text, as: InlineArray<2, UInt64>.self)
    return length
  }

  /// Keeps the beginning of a number that has just been written.
  /// - Parameter text: the number, and memory behind it up to ``Digits/limit``.
  mutating func keep(_ number: UInt64, _ rest: Rest, _ text: UnsafeMutablePointer<UInt8>, _ count: Int) {
    let length = count - rest.digits
    guard length > 0, length <= MemoryLayout.size(ofValue: self.text) else { return }
    first = number - number % rest.rawValue
    // The last numbers of 64 bits have no hundred behind them.
    self.count = min(rest.rawValue, .max - first)
    self.text = UnsafeRawPointer(text).loadUnaligned(as: InlineArray<2, UInt64>.self)
    self.length = length
  }
}
