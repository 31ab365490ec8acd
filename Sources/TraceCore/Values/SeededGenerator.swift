/// Random numbers that are the same for the same seed on every machine (SplitMix64: Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator; the same seed gives the same numbers.
  package init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A number of a range, each equally likely (up to a bias of range / 2^64).
  ///
  /// Not the standard library's algorithm, which may change between versions and with it every made capture.
  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    let width = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int(next().multipliedFullWidth(by: width).high)
  }

  /// True once in `n` times.
  package mutating func oneIn(_ n: Int) -> Bool { number(1...n) == 1 }

  /// An element of an array that is not empty.
  package mutating func element<T>(_ array: [T]) -> T { array[number(0...(array.count - 1))] }
}
