/// What a set of durations looks like: count, sum, extremes and percentiles, all in steps of the trace clock.
public struct Distribution: Sendable, Hashable {
  /// Ascending.
  private let sorted: [Int64]
  public let total: Int64

  public init(_ durations: [Int64]) {
    sorted = durations.sorted()
    total = durations.reduce(0, &+)
  }

  public var count: Int { sorted.count }
  public var max: Int64 { sorted.last ?? 0 }
  /// Rounded to the nearest step.
  public var mean: Int64 { sorted.isEmpty ? 0 : (total &+ Int64(count) / 2) / Int64(count) }

  /// The smallest duration that at least `percent` per cent (1–100) of all do not exceed: always one that occurred, never
  /// one in between.
  public func percentile(_ percent: Int) -> Int64 {
    sorted.isEmpty ? 0 : sorted[Self.place(of: percent, among: count)]
  }

  /// Where that duration stands among as many in ascending order, from 0; at least one.
  public static func place(of percent: Int, among count: Int) -> Int { Swift.max(0, (count * percent + 99) / 100 - 1) }

  /// Columns of a ``SummaryTable`` for ``phrases``.
  static let columns: [SummaryTable.Column] = [
    .init("total", .duration), .init("max", .duration), .init("mean", .duration, leaves: 1),
    .init("p50", .duration), .init("p90", .duration, leaves: 3), .init("p99", .duration, leaves: 2),
  ]

  var phrases: [Phrase] { [total, max, mean, percentile(50), percentile(90), percentile(99)].map(Phrase.duration) }
}
