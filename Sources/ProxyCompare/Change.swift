/// Whether a figure has changed.
public enum ChangeOutcome: String, Sendable, Hashable {
  /// The durations are shorter, by more than chance explains.
  case better
  /// The durations are longer, by more than chance explains.
  case worse
  /// Chance explains the difference.
  case noDifference = "no difference shown"
  /// A side has too few samples for the figure: no difference, however great, could be told from chance, or the percentile is the
  /// longest sample.
  case tooFew = "too few samples"
}

/// How it was decided whether a figure has changed.
public enum ChangeTest: Sendable, Hashable {
  /// By a bootstrap interval of the difference.
  case bootstrap
  /// By a permutation test, since a side has few samples.
  case permutation(PermutationTest)
}

/// The change of a figure from the base to another side.
public struct Change: Sendable, Hashable {
  /// The other side's value minus the base's, in the figure's unit.
  public var absolute: Double
  /// The difference as a share of the base's value: −1 and more for figures that are not negative. `nil` where the base is 0.
  public var relative: Double?
  /// 95 % interval of ``absolute``, by bootstrap. `nil` for figures other than means and percentiles, and for too few samples.
  public var interval: ClosedRange<Double>?
  /// 95 % interval of ``relative``, by the same bootstrap; `nil` where a base of it is not positive.
  public var relativeInterval: ClosedRange<Double>?
  /// Whether the figure has changed; `nil` for figures other than means and percentiles.
  public var outcome: ChangeOutcome?
  /// How ``outcome`` was decided; `nil` where it was not.
  public var test: ChangeTest?

  /// A change without an outcome.
  init(from a: Double, to b: Double) { (absolute, relative) = (b - a, a == 0 ? nil : (b - a) / a) }

  /// The change of a figure of two sets of samples, in ascending order; `nil` where one is empty.
  /// - Parameter level: The probability of an outcome `better` or `worse` that is chance.
  init?(_ figure: Bootstrap.Figure, _ base: [Int64], _ new: [Int64], level: Double) {
    guard let a = Comparison.value(figure, base), let b = Comparison.value(figure, new) else { return nil }
    self.init(from: a, to: b)
    let fewest = min(base.count, new.count)
    let bootstrap = fewest >= figure.fewest ? Bootstrap(figure, base: base, new: new) : nil
    interval = bootstrap?.interval(leavingOut: 0.05)
    relativeInterval = bootstrap?.relativeInterval(leavingOut: 0.05)
    let isSure: Bool
    if let bootstrap, fewest >= figure.fewestToTrust {
      isSure = !bootstrap.interval(leavingOut: level).contains(0)
      test = .bootstrap
    } else {
      guard fewest >= figure.fewestToTest, PermutationTest.least(figure, base.count, new.count) <= level else {
        outcome = .tooFew
        return
      }
      // Nothing to test in equal samples: p is 1.
      let permutations = base == new ? nil : PermutationTest(figure, base: base, new: new)
      isSure = (permutations?.p ?? 1) <= level
      test = permutations.map { .permutation($0) }
    }
    outcome = base == new || a == b || !isSure ? .noDifference : a > b ? .better : .worse
  }
}
