/// CPUs, as bits: who goes through a few of many pays for these few.
struct CPUSet {
  private var words: [UInt64] = []

  mutating func insert(_ cpu: Int) {
    let (word, bit) = Self.place(of: cpu)
    while words.count <= word { words.append(0) }
    if words[word] & bit == 0 { words[word] |= bit }
  }

  mutating func remove(_ cpu: Int) {
    let (word, bit) = Self.place(of: cpu)
    if word < words.count, words[word] & bit != 0 { words[word] &= ~bit }
  }

  /// The first one from a CPU on; `nil` where there is none.
  func first(from cpu: Int) -> Int? {
    let (first, bit) = Self.place(of: cpu)
    guard first < words.count else { return nil }
    // This one and those above it.
    var bits = words[first] & ~(bit &- 1)
    var word = first
    while bits == 0 {
      word += 1
      guard word < words.count else { return nil }
      bits = words[word]
    }
    return word * 64 + bits.trailingZeroBitCount
  }

  private static func place(of cpu: Int) -> (word: Int, bit: UInt64) { (cpu / 64, 1 << UInt64(cpu % 64)) }
}
