import Testing
import TraceCore

@testable import ProxyModel

struct CPUSetTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func itHasWhatWasInsertedAndNotRemoved(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var (set, naive) = (CPUSet(), Set<Int>())
    for _ in 0..<500 {
      let cpu = Int.random(in: 0..<300, using: &random)
      if Bool.random(using: &random) {
        set.insert(cpu)
        naive.insert(cpu)
      } else {
        set.remove(cpu)
        naive.remove(cpu)
      }
      let begin = Int.random(in: 0..<400, using: &random)
      #expect(set.first(from: begin) == naive.filter { $0 >= begin }.min())
    }
    var all: [Int] = []
    var next = set.first(from: 0)
    while let cpu = next {
      all.append(cpu)
      next = set.first(from: cpu + 1)
    }
    #expect(all == naive.sorted())
  }
}
