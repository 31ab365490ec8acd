import ProxyAnalysis
import ProxyModel
import TraceCore

// Figures about handoffs, and about what a BPF scheduler was asked.

extension Comparison {
  /// Latencies of handoffs: of CPU time, and of locks by their kind, each with its parts.
  var latencies: [SampleSets] {
    var sets = Self.parted("donation latency", sides.map(\.donations), RowPart.donationParts)
    for kind in WaitKind.allCases {
      let releases = sides.map { side in side.releases.ofKind(kind) }
      sets += Self.parted("release, \(kind.rawValue)", releases, RowPart.releaseParts, isOfOtherLocks: kind != .mutex)
    }
    return sets
  }

  /// Nothing where no side has such a handoff; no part that none has.
  private static func parted(
    _ group: String, _ handoffs: [Samples], _ parts: [RowPart], isOfOtherLocks: Bool = false
  ) -> [SampleSets] {
    if handoffs.allSatisfy(\.isEmpty) { return [] }
    let partSets = parts.map { part in
      SampleSets(group, part: part.words, handoffs.map { $0.measured(part) }, isOfOtherLocks: isOfOtherLocks)
    }
    return [SampleSets(group, handoffs, isOfOtherLocks: isOfOtherLocks)]
      + partSets.filter { !$0.samples.allSatisfy(\.isEmpty) }
  }

  /// Releases of mutexes whose waiter returns to its CPU (a return migration), and of others, where a side has such.
  var returns: [FigureRow] {
    func median(_ isReturn: Bool) -> [Double?] {
      sides.map { side in
        let all = side.mutexReleases.chosen { side.isReturn($0) == isReturn }
        return Self.value(.percentile(50), all.values.sorted())
      }
    }
    let (with, without) = (median(true), median(false))
    guard with.contains(where: { $0 != nil }) else { return [] }
    return [
      plain("release, mutex", "p50 returning", with, .duration),
      plain("release, mutex", "p50 staying", without, .duration),
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
  /// Whether a release moved its waiter back.
  fileprivate func isReturn(_ release: Sample) -> Bool {
    captures[release.capture].timeline.handoffs[release.id - 1].migrated
  }
}

extension RowPart {
  /// After `mean`.
  fileprivate var words: String {
    switch self {
    case .waiting(let kind): kind.name
    case .wake: "until waking"
    case .queue: "until queued"
    case .run: "until running"
    case .acquire: "until acquired"
    case .admit: "until admitted"
    case .place: "until placed"
    case .pick: "until picked"
    case .start: "until started"
    }
  }
}
