import ProxyModel

/// Of sets of durations, those with the greatest sums.
struct TopTotals: Sendable {
  /// The greatest sum first.
  let entries: [(number: Int, value: Distribution)]
  /// How many there are beyond ``entries``.
  let restCount: Int

  /// - Parameters:
  ///   - totals: the sums.
  ///   - top: how many entries at most.
  ///   - order: decides between equal sums, so that reports are reproducible.
  ///   - forEach: goes through all durations once more, each with its number.
  init(_ totals: NumberedTotals, top: Int, order: (Int, Int) -> Bool, _ forEach: ((Int64, Int) -> Void) -> Void) {
    var chosen = Chosen(totals, top: top, order: order)
    if !chosen.isEmpty { forEach { chosen.add($0, $1) } }
    self.init(chosen)
  }

  init(_ chosen: consuming Chosen) {
    restCount = chosen.restCount
    entries = chosen.entries
  }

  /// Numbers that are chosen, with the durations that they get in a second pass.
  struct Chosen {
    private let numbers: [Int]
    /// By number: its place among the chosen; −1 for one that is not.
    private var places: [Int32]
    private var durations: [Durations]
    fileprivate let restCount: Int

    init(_ totals: NumberedTotals, top: Int, order: (Int, Int) -> Bool) {
      let all = totals.all
      let ranked = all.indices.filter { all[$0].count > 0 }.sorted { a, b in
        all[a].total == all[b].total ? order(a, b) : all[a].total > all[b].total
      }
      numbers = Array(ranked.prefix(top))
      restCount = ranked.count - numbers.count
      places = Array(repeating: -1, count: all.count)
      for (place, number) in numbers.enumerated() { places[number] = Int32(place) }
      durations = numbers.map { _ in Durations() }
    }

    var isEmpty: Bool { numbers.isEmpty }

    @inline(__always)
    mutating func add(_ duration: Int64, _ number: Int) {
      let place = Int(places[number])
      if place >= 0 { durations[place].append(duration) }
    }

    fileprivate var entries: [(number: Int, value: Distribution)] {
      mutating get {
        var entries: [(number: Int, value: Distribution)] = []
        for (place, number) in numbers.enumerated() {
          var own = Durations()
          swap(&own, &durations[place])
          entries.append((number, Distribution(own)))
        }
        return entries
      }
    }
  }

  /// A line that says how many are not shown.
  func rest(_ noun: String) -> [SummaryBlock.Content] {
    restCount == 0 ? [] : [.line([.plain("and \(restCount) more \(noun)\(restCount == 1 ? "" : "s")")])]
  }
}
