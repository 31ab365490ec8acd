import Testing
import TraceCore

@testable import ProxyAnalysis

struct WindowUnionTests {
  private static func union(_ windows: [(Int64, Int64)]) -> WindowUnion {
    windows.reduce(into: WindowUnion()) { $0.add(Literal.at($1.0), Literal.at($1.1)) }
  }

  @Test(
    arguments: [
      ([], 0), ([(0, 10)], 10), ([(0, 10), (5, 12)], 12), ([(0, 10), (10, 12)], 12), ([(0, 10), (2, 3)], 10),
      ([(20, 30), (0, 10)], 20), ([(20, 30), (0, 10), (5, 25)], 30), ([(0, 1), (4, 5), (8, 9), (2, 3)], 4),
      ([(4, 5), (0, 9)], 9), ([(5, 5), (7, 6)], 0),
    ] as [([(Int64, Int64)], Int64)])
  func noInstantCountsTwice(_ windows: [(Int64, Int64)], _ microseconds: Int64) {
    #expect(Self.union(windows).length == microseconds * 1000)
  }

  /// Against marks on a line of time, for windows in any order.
  @Test func theLengthIsThatOfAllMarkedInstants() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var (union, marks) = (WindowUnion(), Array(repeating: false, count: 100))
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        let begin = Int.random(in: 0..<90, using: &generator)
        let end = begin + Int.random(in: 0...10, using: &generator)
        union.add(Literal.at(Int64(begin)), Literal.at(Int64(end)))
        for instant in begin..<end { marks[instant] = true }
      }
      #expect(union.length == Int64(marks.count { $0 }) * 1000)
      #expect(zip(union.windows, union.windows.dropFirst()).allSatisfy { $0.end < $1.begin })
    }
  }

  /// Windows that nothing can touch any more are summed up, and the length stays the same.
  @Test func whatIsPassedIsNotKept() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<200 {
      var (union, all, floor, most) = (WindowUnion(), WindowUnion(), Int64(0), 0)
      for _ in 0..<300 {
        floor += Int64.random(in: 0...20, using: &generator)
        let begin = floor + (Bool.random(using: &generator) ? 0 : Int64.random(in: 0...60, using: &generator))
        let end = begin + Int64.random(in: 0...10, using: &generator)
        union.add(Literal.at(begin), Literal.at(end), floor: Literal.at(floor))
        all.add(Literal.at(begin), Literal.at(end))
        #expect(union.length == all.length)
        most = max(most, union.windows.count)
      }
      #expect(most < 40 && all.windows.count > 100)
    }
  }
}
