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

  init(_ figure: Figure, base: [Int64], new: [Int64], seed: UInt64 = 0x70_726f_7879) {
    var random = SplitMix64(state: seed)
    let (a, b) = (base.sorted(), new.sorted())
    var differences: [Double] = []
    differences.reserveCapacity(Self.rounds)
    for _ in 0..<Self.rounds {
      differences.append(Self.draw(figure, b, &random) - Self.draw(figure, a, &random))
    }
    self.differences = differences.sorted()
  }

  /// The interval that leaves out a share of all rounds, half of it on each side.
  func interval(leavingOut share: Double) -> ClosedRange<Double> {
    let out = Int(Double(Self.rounds) * share / 2)
    return differences[out]...differences[Self.rounds - 1 - out]
  }

  private static func draw(_ figure: Figure, _ sorted: [Int64], _ random: inout SplitMix64) -> Double {
    switch figure {
    case .mean: mean(sorted, &random)
    case .percentile(let percent): Double(sorted[place(percent, of: sorted.count, &random)])
    }
  }

  private static func mean(_ samples: [Int64], _ random: inout SplitMix64) -> Double {
    let count = samples.count
    if count <= largestExact {
      var sum = 0.0
      for _ in 0..<count { sum += Double(samples[random.below(count)]) }
      return sum / Double(count)
    }
    let mean = samples.reduce(0.0) { $0 + Double($1) } / Double(count)
    let variance = samples.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
    return mean + random.normal() * (variance / Double(count)).squareRoot()
  }

  /// Which of the samples is the percentile of a resample: the k-th smallest of n uniform draws has a beta distribution, so
  /// none needs to be drawn and sorted.
  private static func place(_ percent: Int, of count: Int, _ random: inout SplitMix64) -> Int {
    let rank = max(1, (count * percent + 99) / 100)
    let (a, b) = (random.gamma(Double(rank)), random.gamma(Double(count - rank + 1)))
    return min(count - 1, max(0, Int(Double(count) * a / (a + b))))
  }
}

/// A small generator of its own, so that intervals stay the same from release to release.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 0 inclusive to 1 exclusive.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func below(_ limit: Int) -> Int { Int((UInt64(limit).multipliedFullWidth(by: next())).high) }

  /// Standard normal, by Marsaglia's polar method.
  mutating func normal() -> Double {
    while true {
      let (x, y) = (2 * unit() - 1, 2 * unit() - 1)
      let s = x * x + y * y
      if s > 0, s < 1 { return x * (-2 * naturalLogarithm(s) / s).squareRoot() }
    }
  }

  /// Gamma with a shape of at least 1 (Marsaglia and Tsang, 2000).
  mutating func gamma(_ shape: Double) -> Double {
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      if v > 0, naturalLogarithm(max(unit(), .leastNormalMagnitude)) < 0.5 * x * x + d - d * v + d * naturalLogarithm(v)
      {
        return d * v
      }
    }
  }
}
