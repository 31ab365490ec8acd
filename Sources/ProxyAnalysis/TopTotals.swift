/// Of sets of durations, those with the greatest sums.
struct TopTotals<Key: Hashable> {
  /// The greatest sum first.
  let entries: [(key: Key, value: Distribution)]
  /// How many there are beyond ``entries``.
  let restCount: Int

  /// - Parameters:
  ///   - top: how many entries at most.
  ///   - order: decides between equal sums, so that reports are reproducible.
  init(_ lengths: consuming [Key: Durations], top: Int, order: (Key, Key) -> Bool) {
    let all = lengths.map { (key: $0, total: $1.total) }.sorted { a, b in
      a.total == b.total ? order(a.key, b.key) : a.total > b.total
    }
    var entries: [(key: Key, value: Distribution)] = []
    for (key, _) in all.prefix(top) {
      guard let durations = lengths.removeValue(forKey: key) else { continue }
      entries.append((key, Distribution(durations)))
    }
    self.entries = entries
    restCount = all.count - entries.count
  }

  /// A line that says how many are not shown.
  func rest(_ noun: String) -> [SummaryBlock.Content] {
    restCount == 0 ? [] : [.line([.plain("and \(restCount) more \(noun)\(restCount == 1 ? "" : "s")")])]
  }
}
