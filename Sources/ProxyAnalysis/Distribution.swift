import ProxyModel
import TraceCore

/// Durations as they are collected, in steps of the trace clock. There can be one for each row, so a duration of less than
/// 2^32 steps takes four bytes.
struct Durations: Sendable {
  /// In blocks, so that no array is copied when it grows: those that are full, and the last one.
  private var full: [[UInt32]] = []
  private var block: [UInt32] = []
  /// How many fit into ``block`` yet, and how many fit into all blocks.
  private var room = 0
  private var capacity = 0
  /// Durations that are negative, or longer.
  fileprivate var others: [Int64] = []
  private(set) var total: Int64 = 0

  var isEmpty: Bool { capacity == 0 && others.isEmpty }

  mutating func append(_ duration: Int64) {
    total &+= duration
    guard let short = UInt32(exactly: duration) else { return others.append(duration) }
    if room == 0 { addBlock() }
    block.append(short)
    room -= 1
  }

  @inline(never)
  private mutating func addBlock() {
    if capacity > 0 { full.append(block) }
    room = min(4096, max(16, capacity))
    capacity += room
    block = []
    block.reserveCapacity(room)
  }

  /// Removes the short durations and returns them in ascending order.
  fileprivate mutating func takeShort() -> [UInt32] {
    var all: [UInt32] = []
    all.reserveCapacity(capacity - room)
    for index in full.indices {
      all += full[index]
      full[index] = []
    }
    all += block
    (full, block, room, capacity) = ([], [], 0, 0)
    all.sortNumbers()
    return all
  }
}

extension [UInt32] {
  /// Sorts in ascending order: many numbers digit by digit, which compares nothing.
  fileprivate mutating func sortNumbers() {
    guard count >= 512 else { return sort() }
    var (from, to): ([UInt32], [UInt32]) = ([], Array(repeating: 0, count: count))
    swap(&self, &from)
    let bits = UInt32.bitWidth - (from.max() ?? 0).leadingZeroBitCount
    for shift in stride(from: 0, to: bits, by: 11) {
      from.withUnsafeBufferPointer { from in
        to.withUnsafeMutableBufferPointer { to in Self.sort(from, into: to, byDigitAt: UInt32(shift)) }
      }
      swap(&from, &to)
    }
    self = from
  }

  /// Sorts by eleven bits, and leaves equal ones in their order.
  private static func sort(
    _ from: UnsafeBufferPointer<UInt32>, into to: UnsafeMutableBufferPointer<UInt32>, byDigitAt shift: UInt32
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { places in
      places.initialize(repeating: 0)
      for number in from { places[Int(number &>> shift & 2047)] += 1 }
      var sum = 0
      for digit in places.indices { (places[digit], sum) = (sum, sum + places[digit]) }
      for number in from {
        let digit = Int(number &>> shift & 2047)
        to[places[digit]] = number
        places[digit] += 1
      }
    }
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
