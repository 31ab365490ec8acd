import Testing
import TraceCore

@testable import ProxyAnalysis

struct NumberSetTests {
  /// Against a set of the standard library, for numbers that rise with some way back and for numbers in any order.
  @Test(arguments: [(1, 3), (40, 900), (5000, 5000)]) func numbersCountOnce(_ step: Int, _ back: Int) {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<20 {
      var (set, known, number) = (NumberSet(), Set<Int>(), 0)
      for _ in 0..<300 {
        number += Int.random(in: 0...step, using: &generator)
        let some = max(0, number - Int.random(in: 0...back, using: &generator))
        set.insert(some)
        known.insert(some)
        #expect(set.count == known.count)
      }
    }
  }
}
