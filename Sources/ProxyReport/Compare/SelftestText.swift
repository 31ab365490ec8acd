import ProxyCompare
import TraceCore

/// The lines of the kernel's selftest of `SCX_OPS_ENQ_BLOCKED`, at the beginning of lines: `mutex_wait_avg_ns=…`,
/// `mutex_wait_delta_ns=… (…%)`.
struct SelftestText {
  private let comparison: Comparison
  private let style: TextStyle

  init(_ comparison: Comparison, _ style: TextStyle) { (self.comparison, self.style) = (comparison, style) }

  private var sides: [ComparedSide] { comparison.sides }

  var lines: [String] {
    guard sides.allSatisfy(\.countsNanoseconds) else {
      return ["not available: the trace clock does not count nanoseconds"]
    }
    // The kernel's test times its own hold from end to end; a capture shows it from its first waiter on.
    var lines = averages("mutex hold", " (contended part)")
    let whole = averages("whole mutex hold", " (whole)")
    lines += whole + averages("mutex wait", "")
    for side in sides {
      guard let count = side.blockedEnqueues else { continue }
      lines.append("nr_blocked_enqueues=\(count) [\(name(side))]")
    }
    if !whole.isEmpty {
      lines += style.wrap(
        "whole: holds of owners that had waited for the lock themselves; of others the beginning is not known")
    }
    if whole.isEmpty { lines += style.wrap("whole holds: not known; no event tells when a free mutex is taken") }
    if comparison.sides.allSatisfy({ $0.skipped == 0 }), sides.contains(where: { $0.blockedEnqueues != nil }) {
      lines += style.wrap("the selftest leaves its first sample out: --skip 1 does so too")
    }
    return lines
  }

  /// A mean of each side, and the changes.
  private func averages(_ group: String, _ part: String) -> [String] {
    let rows = comparison.figures.filter { $0.group == group }
    guard let mean = rows.first(where: { $0.name == "mean" }), let count = rows.first(where: { $0.name == "samples" })
    else { return [] }
    let key = group.replacing(" ", with: "_")
    var lines = sides.enumerated().map { index, side in
      let value = mean.values[index].map { NumberText.fixed($0, 0) } ?? "none"
      let samples = NumberText.fixed(count.values[index] ?? 0, 0)
      return "\(key)_avg_ns=\(value) samples=\(samples)\(part) [\(name(side))]"
    }
    for (index, change) in mean.changes.enumerated() {
      guard let change else { continue }
      let share = change.relative.map { " (\(NumberText.fixed($0 * 100, 2))%)" } ?? ""
      let label = sides.count > 2 ? " [\(name(sides[index + 1]))]" : ""
      lines.append("\(key)_delta_ns=\(NumberText.fixed(change.absolute, 0))\(share)\(label)")
    }
    return lines
  }

  private func name(_ side: ComparedSide) -> String { TextEscape.terminal(side.label) }
}
