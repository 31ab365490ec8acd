/// Durations as they are collected, in steps of the trace clock. There can be one for each row, so a duration of less than
/// 2^32 steps takes four bytes.
struct Durations: Sendable {
  /// In blocks, so that no array is copied when it grows.
  fileprivate var short: [[UInt32]] = []
  private var shortCount = 0
  /// Durations that are negative, or longer.
  fileprivate var others: [Int64] = []
  private(set) var total: Int64 = 0

  mutating func append(_ duration: Int64) {
    total &+= duration
    guard let short = UInt32(exactly: duration) else { return others.append(duration) }
    if self.short.last.map({ $0.count == $0.capacity }) ?? true {
      var block: [UInt32] = []
      block.reserveCapacity(min(4096, max(16, shortCount)))
      self.short.append(block)
    }
    self.short[self.short.count - 1].append(short)
    shortCount += 1
  }

  /// Removes the short durations and returns them in ascending order.
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

/// A set of durations: count, sum, mean, maximum and percentiles, all in steps of the trace clock.
public struct Distribution: Sendable, Hashable {
  // In ascending order: negative durations, those of four bytes, longer ones.
  private let negative: ArraySlice<Int64>
  private let short: [UInt32]
  private let long: ArraySlice<Int64>
  /// The sum of all durations; wraps around at 64 bits.
  public let total: Int64

  /// The distribution of some durations, in any order.
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

  /// Number of durations.
  public var count: Int { negative.count + short.count + long.count }
  /// The longest duration; 0 of none.
  public var max: Int64 { count == 0 ? 0 : self[count - 1] }
  /// The mean, rounded to the nearest step; 0 of none.
  public var mean: Int64 { count == 0 ? 0 : (total &+ Int64(count) / 2) / Int64(count) }

  /// The duration at a place in ascending order, from 0.
  private subscript(place: Int) -> Int64 {
    if place < negative.count { return negative[place] }
    let place = place - negative.count
    return place < short.count ? Int64(short[place]) : long[long.startIndex + place - short.count]
  }

  /// The smallest duration that at least `percent` per cent (1–100) of all durations do not exceed (nearest rank); 0 of none.
  /// It is always a duration that occurred, never one in between.
  public func percentile(_ percent: Int) -> Int64 {
    count == 0 ? 0 : self[Self.place(of: percent, among: count)]
  }

  /// The place of that duration among `count` durations in ascending order, from 0.
  public static func place(of percent: Int, among count: Int) -> Int { Swift.max(0, (count * percent + 99) / 100 - 1) }

  /// Columns of a ``SummaryTable`` for ``fragments``.
  static let columns: [SummaryTable.Column] = [
    .init("total", .duration), .init("max", .duration), .init("mean", .duration, leaves: 1),
    .init("p50", .duration), .init("p90", .duration, leaves: 3), .init("p99", .duration, leaves: 2),
  ]

  var fragments: [TextFragment] {
    [total, max, mean, percentile(50), percentile(90), percentile(99)].map(TextFragment.duration)
  }
}
