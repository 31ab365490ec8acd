/// A set of numbers that come nearly in ascending order, such as ids of rows: a bit for each number near another one.
struct NumberSet: Sendable {
  private struct Word {
    /// The first of 64 numbers, in units of 64.
    var place: Int
    var bits: UInt64
  }

  /// The word with the highest numbers.
  private var last = Word(place: .min, bits: 0)
  /// All others, ascending.
  private var words: [Word] = []
  /// How many numbers it has.
  private(set) var count = 0

  mutating func insert(_ number: Int) {
    let (place, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
    if place == last.place { return Self.insert(bit, into: &last, &count) }
    if place > last.place {
      if last.bits != 0 { words.append(last) }
      last = Word(place: place, bits: bit)
      count += 1
      return
    }
    insert(bit, at: place)
  }

  private mutating func insert(_ bit: UInt64, at place: Int) {
    var (low, high) = (0, words.count)
    // Mostly one of those that came last.
    if high > 8, words[high - 8].place <= place { low = high - 8 }
    while low < high {
      let middle = (low + high) / 2
      if words[middle].place < place { low = middle + 1 } else { high = middle }
    }
    if low == words.count || words[low].place != place { words.insert(Word(place: place, bits: 0), at: low) }
    Self.insert(bit, into: &words[low], &count)
  }

  private static func insert(_ bit: UInt64, into word: inout Word, _ count: inout Int) {
    if word.bits & bit != 0 { return }
    word.bits |= bit
    count += 1
  }
}
