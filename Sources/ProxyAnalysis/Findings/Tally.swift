import TraceCore

/// Sums of things that have numbers. Mostly there are a few, and looking through them costs less than hashing.
struct Tally<Item: Sendable>: Sendable {
  /// In order of their first parts.
  private(set) var entries: [(number: UInt32, item: Item, sum: Int64)] = []
  /// The entry of the part before: parts of one thing often follow each other.
  private var last = 0
  /// Where there are more than ``few``: places in ``entries`` by number.
  private var places: [UInt32: Int] = [:]
  private static var few: Int { 24 }

  /// - Parameter item: kept if it is the first with this number.
  mutating func add(_ part: Int64, _ item: Item, number: UInt32) {
    if last < entries.count, entries[last].number == number {
      entries[last].sum &+= part
      return
    }
    if let place = place(of: number) {
      entries[place].sum &+= part
      last = place
    } else {
      append((number, item, part))
    }
  }

  private mutating func append(_ entry: (number: UInt32, item: Item, sum: Int64)) {
    if entries.count == 1 { entries.reserveCapacity(4) }
    last = entries.count
    entries.append(entry)
    if entries.count == Self.few + 1 {
      for (place, entry) in entries.enumerated() { places[entry.number] = place }
    } else if entries.count > Self.few {
      places[entry.number] = last
    }
  }

  private func place(of number: UInt32) -> Int? {
    if entries.count > Self.few { return places[number] }
    for place in entries.indices where entries[place].number == number { return place }
    return nil
  }

  /// Those with the greatest sums first; of equals the one with the lowest pid.
  func ranked(_ pid: (Item) -> Pid) -> [Item] {
    entries.sorted { ($1.sum, pid($0.item)) < ($0.sum, pid($1.item)) }.map(\.item)
  }
}
