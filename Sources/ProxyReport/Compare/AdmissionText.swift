import ProxyAnalysis
package import ProxyCompare
import ProxyModel

/// In sentences: what changes where one side's BPF scheduler is handed blocked donors and the base's is not. This is what the kernel's
/// selftest of `SCX_OPS_ENQ_BLOCKED` asks.
package struct AdmissionText {
  private let comparison: Comparison

  /// Sentences about a comparison.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  /// The sentences; none where the sides do not differ in this.
  package var lines: [String] {
    let counts = comparison.sides.map(\.blockedEnqueues)
    guard comparison.sides.allSatisfy(\.countsNanoseconds), let base = counts.first ?? nil, base == 0 else { return [] }
    return counts.indices.dropFirst().flatMap { index -> [String] in
      guard let count = counts[index], count > 0 else { return [] }
      return sentences(index, count)
    }
  }

  private func sentences(_ index: Int, _ count: UInt64) -> [String] {
    let (base, side) = (name(0), name(index))
    var lines = [
      "\(side) is handed blocked donors (\(NumberText.counted(count, "enqueue"))), \(base) is not (0)."
    ]
    lines += [("mutex wait", "A mutex wait is"), ("mutex hold", "The contended part of a hold is")].compactMap {
      sentence($0.0, "mean", index, begin: "\($0.1) on average")
    }
    let paid = comparison.sides[index].captures.reduce(0) { $0 &+ BlockedDonors($1.timeline).total.paid }
    lines.append("Donors paid \(NumberText.fixed(Double(paid) / 1e6, 1)) ms of CPU time for owners.")
    if let row = figure("handoff", "release per s"), let was = row.values[0], let now = row.values[index], was > 0 {
      lines.append(
        "A lock is handed on \(NumberText.fixed(now, 2)) times a second, against \(NumberText.fixed(was, 2))"
          + (now < was ? ": owners get it more seldom, which averages of waits do not show." : "."))
    }
    return lines
  }

  /// `A mutex wait is on average 205.8 ms long, against 267.5 (-23.1 %): better.`
  private func sentence(_ group: String, _ name: String, _ index: Int, begin: String) -> String? {
    guard let row = figure(group, name), let was = row.values[0], let now = row.values[index],
      let change = row.changes[index - 1], let share = change.relative
    else { return nil }
    let percent = (share > 0 ? "+" : "") + NumberText.fixed(share * 100, 1)
    return
      "\(begin) \(NumberText.fixed(now / 1e6, 1)) ms long, against \(NumberText.fixed(was / 1e6, 1)) (\(percent) %)"
      + (change.outcome.map { ": \($0.rawValue)" } ?? "") + "."
  }

  private func figure(_ group: String, _ name: String) -> FigureRow? {
    comparison.figures.first { $0.group == group && $0.name == name }
  }

  private func name(_ index: Int) -> String { TextEscape.terminal(comparison.sides[index].label) }
}
