import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyCompare

/// Permutation tests against values by hand, and against the enumeration of all subsets.
struct PermutationTests {
  @Test func meansByHand() {
    // Of 20 ways to choose three of six only {1, 2, 3} and {4, 5, 6} are as far apart.
    let three = PermutationTest(.mean, base: [1, 2, 3], new: [4, 5, 6])
    #expect(three.p == 0.1 && three.permutations == 20 && three.isExact)
    // Sums of two of 1, 2, 3, 10 are 3, 4, 11, 5, 12, 13, and half of all is 8: as far as {1, 2} is {3, 10} alone.
    #expect(PermutationTest(.mean, base: [1, 2], new: [3, 10]).p == 2.0 / 6)
    // One of 1, 2, 3, 4: the others' mean is as far from 1 as from 4.
    #expect(PermutationTest(.mean, base: [1], new: [2, 3, 4]).p == 0.5)
    #expect(PermutationTest(.mean, base: [2, 3, 4], new: [1]).p == 0.5)
    #expect(PermutationTest(.mean, base: [7, 7], new: [7, 7, 7]).p == 1)
    // Ten against ten, all of one side shorter: two of 184,756.
    let ten = PermutationTest(.mean, base: Array(1...10), new: Array(101...110))
    #expect(ten.p == 2.0 / 184_756 && ten.permutations == 184_756 && ten.isExact)
  }

  @Test func percentilesByHand() {
    // The median of three is the second, that of two the first. For all ten choices of two of 1, 2, 5, 6, 9 it is at least 3 from the
    // others' median.
    #expect(abs(PermutationTest(.percentile(50), base: [1, 5, 6], new: [2, 9]).p - 1) < 1e-12)
    // For {1, 2} and {1, 5} it is 5 away, for no other.
    #expect(abs(PermutationTest(.percentile(50), base: [5, 6, 9], new: [1, 2]).p - 0.2) < 1e-12)
    #expect(abs(PermutationTest(.percentile(50), base: [1, 2], new: [3, 10]).p - 2.0 / 6) < 1e-12)
  }

  @Test func leastProbabilities() {
    #expect(PermutationTest.least(5, 5) == 2.0 / 252)
    #expect(PermutationTest.least(3, 5) == 1.0 / 56 && PermutationTest.least(5, 3) == 1.0 / 56)
    #expect(PermutationTest.ways(20, 10) == 184_756)
    // Drawn permutations cannot say less than 1 in 20,000.
    #expect(PermutationTest.least(.mean, 20, 20) == 1.0 / 20_000)
    #expect(PermutationTest.least(.percentile(50), 20, 20) < 1e-10 && PermutationTest.least(.mean, 5, 5) == 2.0 / 252)
    let apart = Change(.mean, Array(1...20), Array(101...120), level: 1e-5)
    #expect(apart?.outcome == .tooFew)
  }

  @Test(arguments: [Bootstrap.Figure.mean, .percentile(50), .percentile(90)])
  func exactIsTheEnumeration(figure: Bootstrap.Figure) throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      // Few values, so that there are ties.
      let all = (0..<random.number(2...11)).map { _ in Int64(random.number(0...9)) }
      let size = random.number(1...all.count - 1)
      let (base, new) = (all[..<size].sorted(), all[size...].sorted())
      let test = PermutationTest(figure, base: base, new: new)
      let expected = try Self.enumerated(figure, base, new)
      #expect(abs(test.p - expected) < 1e-9, "\(base) \(new)")
    }
  }

  /// All subsets of the base's size, one by one.
  private static func enumerated(_ figure: Bootstrap.Figure, _ base: [Int64], _ new: [Int64]) throws -> Double {
    let all = base + new
    func distance(_ a: [Int64], _ b: [Int64]) throws -> Double {
      abs(try #require(Comparison.value(figure, a.sorted())) - (try #require(Comparison.value(figure, b.sorted()))))
    }
    let observed = try distance(base, new)
    var (count, extremes) = (0, 0)
    for mask in 0..<(1 << all.count) where mask.nonzeroBitCount == base.count {
      let a = all.indices.filter { mask >> $0 & 1 == 1 }.map { all[$0] }
      let b = all.indices.filter { mask >> $0 & 1 == 0 }.map { all[$0] }
      count += 1
      if try distance(a, b) >= observed - 1e-9 { extremes += 1 }
    }
    return Double(extremes) / Double(count)
  }

  @Test func tooManyPermutationsAreDrawn() {
    let (low, high) = (Array(1...20 as ClosedRange<Int64>), Array(1001...1020 as ClosedRange<Int64>))
    let apart = PermutationTest(.mean, base: low, new: high)
    #expect(!apart.isExact && apart.permutations == 19_999 && apart.p == 1.0 / 20_000)
    #expect(apart == PermutationTest(.mean, base: low, new: high))
    #expect(PermutationTest(.mean, base: low, new: low).p == 1)
    // 16 against 16 are counted and 17 against 17 are drawn: with one more equal sample on both sides p is nearly the same.
    var random = SeededGenerator(seed: 3)
    let some = (0..<32).map { Int64(random.number(0...1000)) + ($0 < 16 ? 0 : 150) }
    let (a, b) = (some[..<16].sorted(), some[16...].sorted())
    let exact = PermutationTest(.mean, base: a, new: b)
    let drawn = PermutationTest(.mean, base: (a + [500]).sorted(), new: (b + [500]).sorted())
    #expect(exact.isExact && !drawn.isExact && abs(exact.p - drawn.p) < 0.03, "\(exact.p) \(drawn.p)")
  }

  @Test func fewSamplesHaveATestAndManyAnInterval() throws {
    func change(_ figure: Bootstrap.Figure, _ base: ClosedRange<Int64>, _ new: ClosedRange<Int64>) throws -> Change {
      try #require(Change(figure, Array(base), Array(new), level: 0.0025))
    }
    let ten = try change(.mean, 101...110, 1...10)
    #expect(
      ten.outcome == .better
        && ten.test == .permutation(PermutationTest(.mean, base: Array(101...110), new: Array(1...10))))
    #expect(ten.interval != nil)
    // Six against six can show a difference (2 of 924), five against five cannot (2 of 252).
    #expect(try change(.mean, 101...106, 1...6).outcome == .better)
    let five = try change(.mean, 101...105, 1...5)
    #expect(five.outcome == .tooFew && five.test == nil && five.interval == nil)
    // The p90 of nine is the longest of them.
    #expect(try change(.percentile(90), 101...109, 1...9).outcome == .tooFew)
    #expect(try change(.percentile(90), 1...10, 101...110).outcome == .worse)
    #expect(try change(.mean, 101...150, 1...50).test == .bootstrap)
    #expect(try change(.mean, 1...10, 1...10).outcome == .noDifference)
  }
}
