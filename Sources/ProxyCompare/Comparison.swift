import ProxyAnalysis
import TraceCore

/// Whether a figure has changed.
public enum ChangeOutcome: String, Sendable, Hashable {
  /// The durations are shorter, by more than chance explains.
  case better
  /// The durations are longer, by more than chance explains.
  case worse
  /// The interval of the difference contains zero.
  case noDifference = "no difference shown"
  /// A side has too few samples for the figure: 10 for a mean or a median, 50 for p90, 500 for p99.
  case tooFew = "too few samples"
}

/// The change of a figure from the base to another side.
public struct Change: Sendable, Hashable {
  /// The other side's value minus the base's, in the figure's unit.
  public var absolute: Double
  /// The difference as a share of the base's value: −1 and more for figures that are not negative. `nil` where the base is 0.
  public var relative: Double?
  /// 95 % interval of ``absolute``, by bootstrap. `nil` for figures other than means and percentiles, and for too few samples.
  public var interval: ClosedRange<Double>?
  /// Whether the figure has changed; `nil` for figures other than means and percentiles.
  public var outcome: ChangeOutcome?
}

/// One figure of all sides.
public struct FigureRow: Sendable, Hashable {
  /// The unit of a figure.
  public enum Unit: String, Sendable, Hashable {
    /// Steps of the trace clock; nanoseconds unless the clock counts something else.
    case duration
    /// How many.
    case count
    /// A part of a whole, 0 to 1.
    case share
    /// A count for each second of capture.
    case perSecond = "per_second"
    /// A count for each of something else.
    case ratio
  }

  /// What the figure is about: `mutex wait`, or the name of a task or a lock, which is hostile text.
  public var group: String
  /// The figure's name within its group: `mean`, `p99`.
  public var name: String
  /// The unit of ``values``.
  public var unit: Unit
  /// The figure of each side; `nil` where it is not known.
  public var values: [Double?]
  /// The change from the base to each other side; `nil` where one of the two values is not known.
  public var changes: [Change?]
}

/// Figures of several sides and their changes.
public struct Comparison: Sendable {
  /// The sides; the first is the base.
  public let sides: [ComparedSide]
  /// Figures of whole sides.
  public private(set) var figures: [FigureRow] = []
  /// Mutex waits by lock, for locks that have a name and waits on every side.
  public private(set) var locks: [FigureRow] = []
  /// Mutex waits by task, for names that have waits on every side.
  public private(set) var tasks: [FigureRow] = []
  /// Locks and tasks that have waits on some sides but not on all, with the number of waits on each side.
  public private(set) var unmatched: [(kind: String, figure: FigureRow)] = []

  /// The probability that a comparison of two equal sides shows a difference in any of the figures that have an outcome. The
  /// interval that decides leaves out this share divided by their number (Bonferroni's correction).
  public static let errorShare = 0.05

  /// Compares sides.
  /// - Parameter sides: the base, then the others; at least two.
  public init(_ sides: [ComparedSide]) {
    self.sides = sides
    figures = makeFigures()
    (locks, tasks) = (byName("lock") { $0.lock }, byName("task") { $0.comm })
  }

  // MARK: All of a capture

  private func makeFigures() -> [FigureRow] {
    let wait = samples("mutex wait", sides.map { $0.mutexWaits.values })
    let hold = samples("mutex hold", sides.map { $0.holds.values })
    return [plain("capture", "length", .duration) { Double($0.span) }] + wait + hold + inversions + proxy + admission
      + latencies
  }

  private var inversions: [FigureRow] {
    [
      plain("inversion", "inverted time", .duration, isWaitFigure: true) { Double($0.inverted) },
      plain("inversion", "share of waiting", .share, isWaitFigure: true) {
        $0.waited > 0 ? Double($0.inverted) / Double($0.waited) : nil
      },
      plain("inversion", "windows", .count, isWaitFigure: true) { Double($0.inversions.count) },
      rate("inversion", "windows") { Double($0.whole.inversions) },
      plain("inversion", "worst", .duration, isWaitFigure: true) {
        Double($0.inversions.values.max() ?? 0)
      },
    ]
  }

  private var proxy: [FigureRow] {
    [
      plain("proxied", "time", .duration) { Double($0.proxied) },
      plain("handoff", "release", .count) { Double($0.releases.count) },
      rate("handoff", "release") { Double($0.whole.releases) },
      plain("handoff", "donation", .count) { Double($0.donations.count) },
      rate("handoff", "donation") { Double($0.whole.donations) },
      plain("sched_ext", "anomalies", .count) { $0.anomalies.map { Double($0) } },
      plain("sched_ext", "blocked enqueues", .count) { $0.blockedEnqueues.map { Double($0) } },
    ]
  }

  private static let percentiles = [50, 90, 99]
  /// Number of figures with an outcome: mean and percentiles of waits, of holds and of the two kinds of handoffs, and the means of
  /// a donation's four parts.
  private static let judged = 4 * (1 + percentiles.count) + 4

  /// The mean alone.
  func mean(_ group: String, _ name: String, _ sets: [[Int64]]) -> FigureRow {
    let sorted = sets.map { $0.sorted() }
    return FigureRow(
      group: group, name: name, unit: .duration, values: sorted.map { Self.value(.mean, $0) },
      changes: sorted.dropFirst().map { Self.change(.mean, sorted[0], $0, judged: Self.judged) })
  }

  func samples(_ group: String, _ sets: [[Int64]]) -> [FigureRow] {
    let sorted = sets.map { $0.sorted() }
    func row(_ name: String, _ figure: Bootstrap.Figure) -> FigureRow {
      FigureRow(
        group: group, name: name, unit: .duration, values: sorted.map { Self.value(figure, $0) },
        changes: sorted.dropFirst().map { Self.change(figure, sorted[0], $0, judged: Self.judged) })
    }
    let counts = plain(group, "samples", sets.map { Double($0.count) }, .count)
    let longest = plain(group, "max", sorted.map { $0.last.map { Double($0) } }, .duration)
    return [counts, row("mean", .mean)] + Self.percentiles.map { row("p\($0)", .percentile($0)) } + [longest]
  }

  static func value(_ figure: Bootstrap.Figure, _ sorted: [Int64]) -> Double? {
    if sorted.isEmpty { return nil }
    switch figure {
    case .mean: return sorted.reduce(0.0) { $0 + Double($1) } / Double(sorted.count)
    case .percentile(let percent): return Double(sorted[Distribution.place(of: percent, among: sorted.count)])
    }
  }

  /// - Parameter judged: number of figures among which ``errorShare`` is divided.
  private static func change(
    _ figure: Bootstrap.Figure, _ base: [Int64], _ new: [Int64], judged: Int
  ) -> Change? {
    guard let a = value(figure, base), let b = value(figure, new) else { return nil }
    var change = difference(a, b)
    guard min(base.count, new.count) >= figure.fewest else {
      change.outcome = .tooFew
      return change
    }
    let bootstrap = Bootstrap(figure, base: base, new: new)
    change.interval = bootstrap.interval(leavingOut: 0.05)
    let sure = bootstrap.interval(leavingOut: errorShare / Double(max(judged, 1)))
    change.outcome = base == new || sure.contains(0) ? .noDifference : a > b ? .better : .worse
    return change
  }

  private static func difference(_ a: Double, _ b: Double) -> Change {
    Change(absolute: b - a, relative: a == 0 ? nil : (b - a) / a)
  }

  private func plain(
    _ group: String, _ name: String, _ unit: FigureRow.Unit, isWaitFigure: Bool = false,
    _ value: (ComparedSide) -> Double?
  ) -> FigureRow {
    plain(group, name, sides.map { isWaitFigure && !$0.records(.contentionBegan) ? nil : value($0) }, unit)
  }

  func plain(_ group: String, _ name: String, _ values: [Double?], _ unit: FigureRow.Unit) -> FigureRow {
    let changes = values.dropFirst().map { value -> Change? in
      guard let base = values[0], let value else { return nil }
      return Self.difference(base, value)
    }
    return FigureRow(group: group, name: name, unit: unit, values: values, changes: changes)
  }

  /// A count for each second of the captures; not known where a clock does not count nanoseconds.
  private func rate(_ group: String, _ name: String, _ count: (ComparedSide) -> Double) -> FigureRow {
    plain(
      group, "\(name) per s",
      sides.map { $0.countsNanoseconds && $0.span > 0 ? count($0) * 1e9 / Double($0.span) : nil }, .perSecond)
  }

  // MARK: By name

  /// The labels of the sides on which an unmatched lock or task has waits.
  /// - Parameter figure: one of ``unmatched``.
  public func labels(with figure: FigureRow) -> [String] {
    zip(sides, figure.values).filter { $0.1 != 0 }.map(\.0.label)
  }

  /// Mutex waits by a name, for names that have waits on every side. Adds the other names to ``unmatched``.
  private mutating func byName(_ kind: String, _ name: (Sample) -> String?) -> [FigureRow] {
    var sets: [String: [[Int64]]] = [:]
    for (side, figures) in sides.enumerated() {
      for wait in figures.mutexWaits {
        guard let name = name(wait), !name.isEmpty else { continue }
        sets[name, default: Array(repeating: [], count: sides.count)][side].append(wait.value)
      }
    }
    let common = sets.filter { !$0.value.contains(where: \.isEmpty) }.keys.sorted()
    for (name, values) in sets.sorted(by: { $0.key < $1.key }) where values.contains(where: \.isEmpty) {
      unmatched.append((kind, plain(name, "samples", values.map { Double($0.count) }, .count)))
    }
    return common.flatMap { name -> [FigureRow] in
      let sorted = (sets[name] ?? []).map { $0.sorted() }
      return [
        plain(name, "samples", sorted.map { Double($0.count) }, .count),
        FigureRow(
          group: name, name: "mean", unit: .duration, values: sorted.map { Self.value(.mean, $0) },
          changes: sorted.dropFirst().map { Self.change(.mean, sorted[0], $0, judged: common.count) }),
        plain(name, "max", sorted.map { $0.last.map { Double($0) } }, .duration),
      ]
    }
  }

  /// Number of locks without a name on each side. Their waits are in none of ``locks``.
  public var namelessLocks: [Int] {
    sides.map { Set($0.mutexWaits.lazy.filter { $0.lock == nil }.map(\.address)).count }
  }
}
