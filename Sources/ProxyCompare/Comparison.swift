import ProxyAnalysis
import ProxyModel
import TraceCore

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
  /// Number of figures among ``figures`` that have an outcome.
  public private(set) var judged = 0
  /// Locks and tasks that have waits on some sides but not on all, with the number of waits on each side.
  public private(set) var unmatched: [(kind: String, figure: FigureRow)] = []

  /// The probability that a comparison of two equal sides shows a difference in any of the figures that have an outcome. The
  /// interval that decides leaves out this share divided by their number (Bonferroni's correction), and a p-value must not be greater.
  public static let errorShare = 0.05

  /// Compares sides.
  /// - Parameter sides: the base, then the others; at least two.
  public init(_ sides: [ComparedSide]) {
    self.sides = sides
    makeFigures()
    (locks, tasks) = (byName("lock") { $0.lock }, byName("task") { $0.comm })
  }

  // MARK: All of a capture

  private mutating func makeFigures() {
    let waits = [SampleSets("mutex wait", sides.map(\.mutexWaits))]
    var holds = [SampleSets("mutex hold", sides.map(\.holds))]
    let whole = sides.map(\.wholeHolds)
    if whole.contains(where: { !$0.isEmpty }) { holds.append(SampleSets("whole mutex hold", whole)) }
    let latencies = latencies
    judged = (waits + holds + latencies).reduce(0) { $0 + $1.judged }
    figures = [plain("capture", "length", .duration) { Double($0.span) }] + rows(waits) + rows(holds)
    figures += inversions + classes + proxy + admission
    figures += rows(latencies.filter { !$0.isOfOtherLocks }) + returns + rows(latencies.filter(\.isOfOtherLocks))
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

  /// The group of ``figures`` that says where the waiting for mutexes went; a figure is called as its class.
  public static let classGroup = "waiting by class"

  /// Where the waiting for mutexes went, as shares; classes without time on any side are left out.
  private var classes: [FigureRow] {
    let times = sides.map { ($0.classTimes, $0.waited) }
    return WaitClass.allCases.filter { kind in times.contains { $0.0[kind] != 0 } }.map { kind in
      let shares = zip(sides, times).map { side, time -> Double? in
        side.missing(.owners).isEmpty && time.1 > 0 ? Double(time.0[kind]) / Double(time.1) : nil
      }
      return plain(Self.classGroup, kind.name, shares, .share)
    }
  }

  private var level: Double { Self.errorShare / Double(max(judged, 1)) }

  private func rows(_ sets: [SampleSets]) -> [FigureRow] {
    sets.flatMap { set -> [FigureRow] in
      let sorted = set.samples.map { side in
        var values = side.values
        values.sort()
        return values
      }
      let rows = set.figures.map { name, figure in
        FigureRow(
          group: set.group, name: name, unit: .duration, values: sorted.map { Self.value(figure, $0) },
          changes: sorted.dropFirst().map { Change(figure, sorted[0], $0, level: level) })
      }
      if set.part != nil { return rows }
      let counts = plain(set.group, "samples", sorted.map { Double($0.count) }, .count)
      return [counts] + rows + [plain(set.group, "max", sorted.map { $0.last.map { Double($0) } }, .duration)]
    }
  }

  static func value(_ figure: Bootstrap.Figure, _ sorted: [Int64]) -> Double? {
    if sorted.isEmpty { return nil }
    switch figure {
    case .mean: return sorted.reduce(0.0) { $0 + Double($1) } / Double(sorted.count)
    case .percentile(let percent): return Double(sorted[Distribution.place(of: percent, among: sorted.count)])
    }
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
      return Change(from: base, to: value)
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
          changes: sorted.dropFirst().map {
            Change(.mean, sorted[0], $0, level: Self.errorShare / Double(max(common.count, 1)))
          }),
        plain(name, "max", sorted.map { $0.last.map { Double($0) } }, .duration),
      ]
    }
  }

  /// Number of locks without a name on each side. Their waits are in none of ``locks``.
  public var namelessLocks: [Int] {
    sides.map { Set($0.mutexWaits.lazy.filter { $0.lock == nil }.map(\.address)).count }
  }
}

/// Durations of all sides, of which figures with an outcome are made.
struct SampleSets {
  /// The figures' group.
  let group: String
  /// The part of the durations that they are, whose mean alone is a figure; `nil` for whole ones.
  let part: String?
  /// The durations of each side. They are made for one group after the other: of a long capture they take much room.
  let samples: [Samples]
  /// Whether they are releases of locks that are no mutexes.
  let isOfOtherLocks: Bool

  init(_ group: String, part: String? = nil, _ samples: [Samples], isOfOtherLocks: Bool = false) {
    (self.group, self.part, self.samples, self.isOfOtherLocks) = (group, part, samples, isOfOtherLocks)
  }

  private static let percentiles = [50, 90, 99]

  /// The figures with their names.
  var figures: [(name: String, figure: Bootstrap.Figure)] {
    if let part { return [("mean \(part)", .mean)] }
    return [("mean", .mean)] + Self.percentiles.map { ("p\($0)", .percentile($0)) }
  }

  /// How many figures have an outcome: all where both the base and another side have samples.
  var judged: Int { samples[0].isEmpty || samples.dropFirst().allSatisfy(\.isEmpty) ? 0 : figures.count }
}
