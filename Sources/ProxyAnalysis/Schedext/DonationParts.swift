import ProxyModel
import TraceCore

/// Latencies of donations to a BPF scheduler in parts, and of releases, for donors that were moved in one way or another beside each
/// other.
struct DonationParts {
  private var donations: [DonorMove: Sums] = [:]
  private var releases: [Bool: Durations] = [:]

  private struct Sums {
    var latency = Durations()
    var parts: [Int64] = [0, 0, 0, 0]
  }

  init(_ rows: ChosenRows<HandoffRow>) {
    for row in rows {
      switch row.kind {
      case .donation:
        guard let admit = row.admit, let place = row.place, let pick = row.pick, let start = row.start else { continue }
        var sums = donations[DonorMove(row)] ?? Sums()
        sums.latency.append(row.end - row.begin)
        for (index, part) in [admit, place, pick, start].enumerated() { sums.parts[index] &+= part }
        donations[DonorMove(row)] = sums
      case .release: releases[row.migrated, default: Durations()].append(row.end - row.begin)
      }
    }
  }

  /// Nothing of it where no donation has parts: releases alone are in another block.
  var content: [SummaryBlock.Content] {
    if donations.isEmpty { return [] }
    let rows = DonorMove.allCases.compactMap { move -> [TextFragment]? in
      guard let sums = donations[move] else { return nil }
      let latency = Distribution(sums.latency)
      return [.plain("donation, \(move.rawValue)"), .count(UInt64(latency.count)), .duration(latency.mean)]
        + [.duration(latency.percentile(50))] + sums.parts.map { .duration($0 / Int64(latency.count)) }
    }
    let table = SummaryTable(
      columns: [
        .init("handoff", .text), .init("count", .number), .init("mean", .duration), .init("p50", .duration),
        .init("admitted", .duration), .init("placed", .duration), .init("picked", .duration),
        .init("started", .duration),
      ], rows: rows)
    return [
      .table(table),
      .line(["means of parts: until ops.enqueue(), until on the owner's CPU, until ops.running(), until the owner runs"]
      ),
    ]
      + releaseContent
  }

  private var releaseContent: [SummaryBlock.Content] {
    let rows = [false, true].compactMap { isReturn -> [TextFragment]? in
      guard let durations = releases[isReturn] else { return nil }
      let latency = Distribution(durations)
      return [.plain(isReturn ? "release, with a return migration" : "release, without one")]
        + [.count(UInt64(latency.count)), .duration(latency.mean)]
        + [50, 90].map { .duration(latency.percentile($0)) } + [.duration(latency.max)]
    }
    guard !rows.isEmpty else { return [] }
    return [
      .table(
        SummaryTable(
          columns: [
            .init("handoff", .text), .init("count", .number), .init("mean", .duration), .init("p50", .duration),
            .init("p90", .duration), .init("max", .duration),
          ], rows: rows))
    ]
  }
}
