/// The greatest of a set of distributions, by their sum.
struct Ranking<Key: Hashable> {
  let entries: [(key: Key, value: Distribution)]
  /// How many there are beyond ``entries``.
  let restCount: Int

  /// - Parameter order: decides between equal sums, so that reports are reproducible.
  init(_ lengths: [Key: [Int64]], top: Int, order: (Key, Key) -> Bool) {
    let all = lengths.map { (key: $0, value: Distribution($1)) }.sorted { a, b in
      a.value.total == b.value.total ? order(a.key, b.key) : a.value.total > b.value.total
    }
    entries = Array(all.prefix(top))
    restCount = all.count - entries.count
  }

  /// A line that says how many are not shown.
  func rest(_ noun: String) -> [SummaryBlock.Content] {
    restCount == 0 ? [] : [.line([.plain("and \(restCount) more \(noun)\(restCount == 1 ? "" : "s")")])]
  }
}
