import Glibc
import ProxyAnalysis
import TraceCore

/// Intervals for differences of means and percentiles (percentile bootstrap, Efron). The seed is fixed: the same input gives the
/// same interval.
struct Bootstrap {
  /// Number of resamples.
  static let rounds = 4000
  /// Above this number of samples the mean of a resample is drawn from its normal approximation.
  static let largestExact = 2000

  /// A figure of a sorted set of samples.
  enum Figure: Sendable, Hashable {
    case mean
    case percentile(Int)

    /// The least number of samples with which a permutation test is made. Of fewer a mean or a median says nothing; a percentile must
    /// not be the longest sample.
    var fewestToTest: Int {
      switch self {
      case .mean: 5
      case .percentile(let percent): percent <= 50 ? 5 : 100 / (100 - min(percent, 99))
      }
    }

    /// From so many samples on the bootstrap decides, and below it a permutation test: intervals of fewer samples are too narrow.
    var fewestToTrust: Int { max(fewest, 50) }

    /// The least number of samples for an interval.
    var fewest: Int {
      switch self {
      case .mean: 10
      // About n·(1−p) of n samples are beyond the percentile; there should be five.
      case .percentile(let percent): percent <= 50 ? 10 : 500 / (100 - min(percent, 99))
      }
    }
  }

  /// The difference `new − base` of each resample, ascending.
  private let differences: [Double]
  /// The difference as a share of the resample's own base, ascending; empty where a base is not positive.
  private let shares: [Double]

  /// - Parameters:
  ///   - base: samples in ascending order, at least one.
  ///   - new: the same.
  init(_ figure: Figure, base: [Int64], new: [Int64], seed: UInt64 = 0x70_726f_7879) {
    var random = SeededGenerator(seed: seed)
    let (a, b) = (Side(base), Side(new))
    let draws = (0..<Self.rounds).map { _ in (new: b.draw(figure, &random), base: a.draw(figure, &random)) }
    differences = draws.map { $0.new - $0.base }.sorted()
    shares = draws.contains { $0.base <= 0 } ? [] : draws.map { $0.new / $0.base - 1 }.sorted()
  }

  /// The interval that leaves out a share of all resamples, half of it on each side.
  func interval(leavingOut share: Double) -> ClosedRange<Double> { Self.middle(differences, share) }

  /// The same of the difference as a share of the base: never below −1, since the base varies too. `nil` where a base is not positive.
  func relativeInterval(leavingOut share: Double) -> ClosedRange<Double>? {
    shares.isEmpty ? nil : Self.middle(shares, share)
  }

  private static func middle(_ sorted: [Double], _ share: Double) -> ClosedRange<Double> {
    let out = Int(Double(rounds) * share / 2)
    return sorted[out]...sorted[rounds - 1 - out]
  }

  /// The samples of a side, with their moments.
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

    /// Index of the sample that is the percentile of a resample. The k-th smallest of n uniform draws has a beta distribution,
    /// so that one draw replaces n draws and a sort.
    private func place(_ percent: Int, _ random: inout SeededGenerator) -> Int {
      let rank = Distribution.place(of: percent, among: sorted.count) + 1
      let (a, b) = (random.gamma(Double(rank)), random.gamma(Double(sorted.count - rank + 1)))
      return min(sorted.count - 1, max(0, Int(Double(sorted.count) * a / (a + b))))
    }
  }
}

extension SeededGenerator {
  /// A uniform number of 0 (inclusive) to 1 (exclusive).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A standard normal number (Marsaglia's polar method).
  mutating func normal() -> Double {
    while true {
      let (x, y) = (2 * unit() - 1, 2 * unit() - 1)
      let s = x * x + y * y
      if s > 0, s < 1 { return x * (-2 * log(s) / s).squareRoot() }
    }
  }

  /// A gamma-distributed number of a shape of at least 1 (Marsaglia and Tsang, 2000).
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
