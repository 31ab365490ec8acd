import Glibc
import ProxyAnalysis
import TraceCore

/// Intervals for differences of means and percentiles, by resampling with a fixed seed: the same input gives the same interval.
struct Bootstrap {
  /// How often it is resampled.
  static let rounds = 4000
  /// Means of more samples than this are drawn from the normal distribution that they have then.
  static let largestExact = 2000

  /// A figure of a sorted set of samples.
  enum Figure: Sendable, Hashable {
    case mean
    case percentile(Int)

    /// Fewer samples than this tell nothing of it.
    var fewest: Int {
      switch self {
      case .mean: 10
      // Of n samples about n·(1−p) lie beyond: five at least.
      case .percentile(let percent): percent <= 50 ? 10 : 500 / (100 - min(percent, 99))
      }
    }
  }

  /// Differences `new − base`, one a round, ascending.
  private let differences: [Double]

  /// - Parameters:
  ///   - base: Ascending, and at least one.
  ///   - new: The same.
  init(_ figure: Figure, base: [Int64], new: [Int64], seed: UInt64 = 0x70_726f_7879) {
    var random = SeededGenerator(seed: seed)
    let (a, b) = (Side(base), Side(new))
    differences = (0..<Self.rounds).map { _ in b.draw(figure, &random) - a.draw(figure, &random) }.sorted()
  }

  /// The interval that leaves out a share of all rounds, half of it on each side.
  func interval(leavingOut share: Double) -> ClosedRange<Double> {
    let out = Int(Double(Self.rounds) * share / 2)
    return differences[out]...differences[Self.rounds - 1 - out]
  }

  /// What is resampled, and what is the same in every round.
  private struct Side {
    let sorted: [Int64]
    private let mean: Double
    private let meanDeviation: Double

    init(_ sorted: [Int64]) {
      self.sorted = sorted
      let count = Double(sorted.count)
      let mean = sorted.reduce(0.0) { $0 + Double($1) } / count
      let variance = sorted.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
      (self.mean, meanDeviation) = (mean, (variance / count).squareRoot())
    }

    /// The figure of one resample.
    func draw(_ figure: Figure, _ random: inout SeededGenerator) -> Double {
      switch figure {
      case .mean where sorted.count > Bootstrap.largestExact: mean + random.normal() * meanDeviation
      case .mean: drawMean(&random)
      case .percentile(let percent): Double(sorted[place(percent, &random)])
      }
    }

    private func drawMean(_ random: inout SeededGenerator) -> Double {
      var sum = 0.0
      for _ in sorted { sum += Double(sorted[random.number(0...sorted.count - 1)]) }
      return sum / Double(sorted.count)
    }

    /// Which of the samples is the percentile of a resample: the k-th smallest of n uniform draws has a beta distribution, so
    /// none needs to be drawn and sorted.
    private func place(_ percent: Int, _ random: inout SeededGenerator) -> Int {
      let rank = Distribution.place(of: percent, among: sorted.count) + 1
      let (a, b) = (random.gamma(Double(rank)), random.gamma(Double(sorted.count - rank + 1)))
      return min(sorted.count - 1, max(0, Int(Double(sorted.count) * a / (a + b))))
    }
  }
}

extension SeededGenerator {
  /// 0 inclusive to 1 exclusive.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Standard normal, by Marsaglia's polar method.
  mutating func normal() -> Double {
    while true {
      let (x, y) = (2 * unit() - 1, 2 * unit() - 1)
      let s = x * x + y * y
      if s > 0, s < 1 { return x * (-2 * log(s) / s).squareRoot() }
    }
  }

  /// Gamma with a shape of at least 1 (Marsaglia and Tsang, 2000).
  mutating func gamma(_ shape: Double) -> Double {
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      if v > 0, log(max(unit(), .leastNormalMagnitude)) < 0.5 * x * x + d - d * v + d * log(v) {
        return d * v
      }
    }
  }
}
