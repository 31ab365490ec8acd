import Glibc
import ProxyAnalysis
import TraceCore

/// A permutation test of two small sets of samples (Fisher, Pitman): how often would labels dealt by chance to all samples together
/// make the difference of a figure at least as great as it is? It assumes nothing of the distribution, and holds for any number of
/// samples.
///
/// The p-value is two-sided, and exact wherever it can be counted: for percentiles always, for means of up to 32 samples on both
/// sides together. Above that the labels are dealt 19,999 times from a fixed seed.
public struct PermutationTest: Sendable, Hashable {
  /// The probability of a difference at least as great, if both sides are drawn from one distribution.
  public let p: Double
  /// The number of ways to deal the labels: all of them where the test is exact, otherwise those that were drawn.
  public let permutations: Double
  /// Whether every permutation counts.
  public let isExact: Bool

  /// Means of so many samples on both sides together are exact: each half of them has at most 2^16 subsets.
  static let mostExact = 32
  /// Deals where there are too many permutations. The least p-value is then 1 in 20,000.
  static let deals = 19_999

  /// - Parameters:
  ///   - base: samples in ascending order, at least one.
  ///   - new: the same.
  init(_ figure: Bootstrap.Figure, base: [Int64], new: [Int64], seed: UInt64 = 0x70_726f_7879) {
    let all = Self.ways(base.count + new.count, base.count)
    switch figure {
    case .percentile(let percent):
      (p, permutations, isExact) = (OrderStatistics(base, new, percent).p, all, true)
    case .mean where base.count + new.count <= Self.mostExact:
      (p, permutations, isExact) = (Double(SubsetSums(base, new).extremes) / all, all, true)
    case .mean:
      (p, permutations, isExact) = (Self.sampled(base, new, seed), Double(Self.deals), false)
    }
  }

  /// The least p-value that so many samples can give: of all permutations one is the most extreme, or two where the sides are equally
  /// large and can change places. Above a limit no outcome of the test could show anything.
  static func least(_ base: Int, _ new: Int) -> Double { (base == new ? 2 : 1) / ways(base + new, base) }

  /// The same of a figure: drawn permutations cannot give less than one of them.
  static func least(_ figure: Bootstrap.Figure, _ base: Int, _ new: Int) -> Double {
    let isDrawn = figure == .mean && base + new > mostExact
    return max(least(base, new), isDrawn ? 1 / Double(deals + 1) : 0)
  }

  /// Binomial coefficient.
  static func ways(_ whole: Int, _ part: Int) -> Double {
    (0..<min(part, whole - part)).reduce(1.0) { ($0 * Double(whole - $1) / Double($1 + 1)) }.rounded()
  }

  /// Monte Carlo: the observed deal counts as one of them, so that p is never 0 (Phipson and Smyth, 2010).
  private static func sampled(_ base: [Int64], _ new: [Int64], _ seed: UInt64) -> Double {
    let sums = Centred(base, new)
    var random = SeededGenerator(seed: seed)
    var pool = sums.values
    let count = sums.count
    var extremes = 1
    for _ in 0..<deals {
      var sum: Int128 = 0
      // The first of a shuffled pool; the pool stays shuffled, which is as good a beginning as any.
      for place in 0..<count {
        pool.swapAt(place, random.number(place...pool.count - 1))
        sum += pool[place]
      }
      if sum.magnitude >= sums.observed { extremes += 1 }
    }
    return Double(extremes) / Double(deals + 1)
  }
}

/// Samples of both sides as whole numbers whose sum is 0: a subset's sum says how far the difference of means is from 0, without
/// rounding. (With N samples of sum T, the mean of n of them that sum to A differs from that of the others by (N·A − n·T) / (n·(N − n)).)
private struct Centred {
  let values: [Int128]
  /// Samples in a subset: those of the smaller side.
  let count: Int
  /// How far the observed subset's sum is from 0.
  let observed: Int128.Magnitude

  init(_ base: [Int64], _ new: [Int64]) {
    let (few, many) = base.count <= new.count ? (base, new) : (new, base)
    let all = (few + many).map { Int128($0) }
    let total = all.reduce(0, +)
    values = all.map { $0 * Int128(all.count) - total }
    count = few.count
    observed = values.prefix(few.count).reduce(0, +).magnitude
  }
}

/// Counts the subsets of a size whose sum is at least as far from 0 as the observed one. Two halves of the samples are enumerated
/// apart and their sums are matched, which takes 2^(N/2) steps instead of 2^N.
private struct SubsetSums {
  let extremes: UInt64

  init(_ base: [Int64], _ new: [Int64]) {
    let centred = Centred(base, new)
    let (values, size) = (centred.values, centred.count)
    let left = Self.sums(values[..<(values.count / 2)])
    let right = Self.sums(values[(values.count / 2)...])
    let bound = Int128(centred.observed)
    var count: UInt64 = 0
    for (taken, sums) in left.enumerated() where taken <= size && right.indices.contains(size - taken) {
      let others = right[size - taken]
      // The greater a sum, the fewer of the other half are needed to reach the bound, and the more to stay below its negative.
      var (high, low) = (others.count, others.count)
      for sum in sums {
        while high > 0, sum + others[high - 1] >= bound { high -= 1 }
        while low > 0, sum + others[low - 1] > -bound { low -= 1 }
        count += UInt64(others.count - high) + UInt64(low)
        // A sum of 0 is on both sides where the bound is 0: all subsets are as far.
        if bound == 0 { count -= UInt64(low - min(high, low)) }
      }
    }
    extremes = count
  }

  /// The sums of all subsets, ascending, by the number of samples in them.
  private static func sums(_ values: ArraySlice<Int128>) -> [[Int128]] {
    var sums: [[Int128]] = [[0]] + values.map { _ in [] }
    for (done, value) in values.enumerated() {
      for size in stride(from: done, through: 0, by: -1) { sums[size + 1] += sums[size].map { $0 + value } }
    }
    return sums.map { $0.sorted() }
  }
}

/// The permutation distribution of the difference of two percentiles. Which of all samples in order are the two sides' is a choice of
/// places; how often two given places are the percentiles is a product of binomials.
private struct OrderStatistics {
  let p: Double

  init(_ base: [Int64], _ new: [Int64], _ percent: Int) {
    let all = (base + new).sorted()
    let (k, j) = (
      Distribution.place(of: percent, among: base.count), Distribution.place(of: percent, among: new.count)
    )
    let logs = LogFactorials(all.count)
    let observed = (new[j] &- base[k]).magnitude
    let whole = logs.ways(all.count, base.count)
    var sum = 0.0
    for a in all.indices {
      for b in all.indices where b != a && (all[b] &- all[a]).magnitude >= observed {
        // Place a is the base's k-th from 0, place b the new side's j-th.
        let ways =
          a < b
          ? Self.ways(logs, first: a, second: b, of: all.count, before: k, beforeSecond: j, size: base.count)
          : Self.ways(logs, first: b, second: a, of: all.count, before: j, beforeSecond: k, size: new.count)
        if let ways { sum += exp(ways - whole) }
      }
    }
    p = min(sum, 1)
  }

  /// Logarithm of the number of ways in which a side of a size has its `before`-th sample at one place, and the other side its
  /// `beforeSecond`-th at a later one; `nil` for none.
  private static func ways(
    _ logs: LogFactorials, first: Int, second: Int, of count: Int, before: Int, beforeSecond: Int, size: Int
  ) -> Double? {
    // Of those between the two places so many are the other side's; the rest are the side's, as is the rest behind them.
    let between = second - first - 1
    let others = beforeSecond - (first - before)
    let behind = size - before - 1 - (between - others)
    guard first >= before, others >= 0, others <= between, behind >= 0, behind <= count - second - 1 else { return nil }
    return logs.ways(first, before) + logs.ways(between, others) + logs.ways(count - second - 1, behind)
  }
}

/// Logarithms of factorials.
private struct LogFactorials {
  private let logs: [Double]

  init(_ most: Int) {
    var logs = [0.0]
    for number in 0..<most { logs.append(logs[number] + log(Double(number + 1))) }
    self.logs = logs
  }

  func ways(_ whole: Int, _ part: Int) -> Double { logs[whole] - logs[part] - logs[whole - part] }
}
