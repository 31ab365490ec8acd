/// Durations as they are gathered, in steps of the trace clock: four bytes each up to four seconds, for there can be one a row.
struct Durations: Sendable {
  /// In stretches, none of which moves when there are more.
  fileprivate var short: [[UInt32]] = []
  private var shortCount = 0
  /// Those that are negative, or longer.
  fileprivate var others: [Int64] = []
  private(set) var total: Int64 = 0

  mutating func append(_ duration: Int64) {
    total &+= duration
    guard let short = UInt32(exactly: duration) else { return others.append(duration) }
    if self.short.last.map({ $0.count == $0.capacity }) ?? true {
      var stretch: [UInt32] = []
      stretch.reserveCapacity(min(4096, max(16, shortCount)))
      self.short.append(stretch)
    }
    self.short[self.short.count - 1].append(short)
    shortCount += 1
  }

  /// All of them that are short, ascending. Afterwards there are none here.
  fileprivate mutating func takeShort() -> [UInt32] {
    var all: [UInt32] = []
    all.reserveCapacity(shortCount)
    for index in short.indices {
      all += short[index]
      short[index] = []
    }
    (short, shortCount) = ([], 0)
    all.sort()
    return all
  }
}

/// What a set of durations looks like: count, sum, extremes and percentiles, all in steps of the trace clock.
public struct Distribution: Sendable, Hashable {
  /// Ascending: what is negative, then those of four bytes, then what is longer.
  private let negative: ArraySlice<Int64>
  private let short: [UInt32]
  private let long: ArraySlice<Int64>
  public let total: Int64

  public init(_ durations: [Int64]) {
    var gathered = Durations()
    for duration in durations { gathered.append(duration) }
    self.init(gathered)
  }

  init(_ durations: consuming Durations) {
    short = durations.takeShort()
    let others = durations.others.sorted()
    let firstLong = others.firstIndex { $0 >= 0 } ?? others.count
    (negative, long) = (others[..<firstLong], others[firstLong...])
    total = durations.total
  }

  public var count: Int { negative.count + short.count + long.count }
  public var max: Int64 { count == 0 ? 0 : self[count - 1] }
  /// Rounded to the nearest step.
  public var mean: Int64 { count == 0 ? 0 : (total &+ Int64(count) / 2) / Int64(count) }

  /// The duration at a place in ascending order, of ``count``.
  private subscript(place: Int) -> Int64 {
    if place < negative.count { return negative[place] }
    let place = place - negative.count
    return place < short.count ? Int64(short[place]) : long[long.startIndex + place - short.count]
  }

  /// The smallest duration that at least `percent` per cent (1–100) of all do not exceed: always one that occurred, never
  /// one in between.
  public func percentile(_ percent: Int) -> Int64 {
    count == 0 ? 0 : self[Self.place(of: percent, among: count)]
  }

  /// Where that duration stands among as many in ascending order, from 0; at least one.
  public static func place(of percent: Int, among count: Int) -> Int { Swift.max(0, (count * percent + 99) / 100 - 1) }

  /// Columns of a ``SummaryTable`` for ``phrases``.
  static let columns: [SummaryTable.Column] = [
    .init("total", .duration), .init("max", .duration), .init("mean", .duration, leaves: 1),
    .init("p50", .duration), .init("p90", .duration, leaves: 3), .init("p99", .duration, leaves: 2),
  ]

  var phrases: [TextFragment] {
    [total, max, mean, percentile(50), percentile(90), percentile(99)].map(TextFragment.duration)
  }
}
