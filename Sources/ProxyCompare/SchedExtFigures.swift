import ProxyAnalysis
import ProxyModel
import TraceCore

// Figures about handoffs, and about what a BPF scheduler was asked.

extension Comparison {
  /// Latencies of handoffs, with intervals.
  var latencies: [FigureRow] {
    let donations = sides.map { $0.donations.values }
    var rows: [FigureRow] = []
    if donations.contains(where: { !$0.isEmpty }) { rows += samples("donation latency", donations) + parts }
    let releases = sides.map { $0.releases.values }
    if releases.contains(where: { !$0.isEmpty }) { rows += samples("release latency", releases) + returns }
    return rows
  }

  /// Means of the parts of donations to a BPF scheduler.
  private var parts: [FigureRow] {
    let parts: [(String, KeyPath<HandoffRow, Int64?>)] = [
      ("mean until admitted", \.admit), ("mean until placed", \.place), ("mean until picked", \.pick),
      ("mean until started", \.start),
    ]
    let rows = parts.map { name, part in
      mean("donation latency", name, sides.map { side in side.handoffs.compactMap { $0[keyPath: part] } })
    }
    return rows.allSatisfy { $0.values.allSatisfy { $0 == nil } } ? [] : rows
  }

  /// Releases with and without a return migration, where a side has such.
  private var returns: [FigureRow] {
    func median(_ isReturn: Bool) -> [Double?] {
      sides.map { side in
        let all = side.handoffs.filter { $0.kind == .release && $0.migrated == isReturn }.map { $0.end - $0.begin }
        return Self.value(.percentile(50), all.sorted())
      }
    }
    let (with, without) = (median(true), median(false))
    guard with.contains(where: { $0 != nil }) else { return [] }
    return [
      plain("release latency", "p50 with a return migration", with, .duration),
      plain("release latency", "p50 without one", without, .duration),
    ]
  }

  /// What a BPF scheduler was asked about blocked donors; nothing where no side's was.
  var admission: [FigureRow] {
    let donors = sides.map { side in side.captures.map { BlockedDonors($0.timeline).total } }
    guard donors.contains(where: { $0.contains { $0.calls > 0 } }) else { return [] }
    func sum(_ part: KeyPath<BlockedDonors.Figures, Int>) -> [Double] {
      donors.map { $0.reduce(0) { $0 + Double($1[keyPath: part]) } }
    }
    func ratio(_ part: KeyPath<BlockedDonors.Figures, Int>, _ whole: KeyPath<BlockedDonors.Figures, Int>) -> [Double?] {
      zip(sum(part), sum(whole)).map { $1 > 0 ? $0 / $1 : nil }
    }
    let storms = sides.map { side in
      side.captures.reduce(0) { $0 + Double(EnqueueStorm.all(in: ChosenRows($1.timeline.enqueues)).count) }
    }
    return [
      plain("sched_ext", "blocked enqueues a wait", ratio(\.calls, \.waits), .ratio),
      plain("sched_ext", "blocked enqueues a donation", ratio(\.calls, \.donations), .ratio),
      plain("sched_ext", "put on the owner's CPU", ratio(\.onOwnersCPU, \.placed), .share),
      plain("sched_ext", "donors moved by the kernel", sum(\.movedByKernel), .count),
      plain("sched_ext", "donors steered", sum(\.steered), .count),
      plain("sched_ext", "enqueue storms", storms, .count),
    ]
  }
}

extension ComparedSide {
  /// Handoffs of all captures.
  var handoffs: [HandoffRow] { captures.flatMap { Array($0.timeline.handoffs) } }
}
