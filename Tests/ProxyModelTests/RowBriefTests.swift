import ProxyModel
import Testing
import TraceCore
import TraceTestKit

/// What tables read of a machine's rows without making whole ones is what the rows say; likewise of rows that somebody has set.
struct RowBriefTests {
  @Test(arguments: PropertySchedule.chunks(200)) func briefsSayWhatRowsSay(seeds: Range<UInt64>) {
    for seed in seeds {
      let made = PropertySchedule(seed: seed, length: 300) { $0.lockCount = 6 }.timeline()
      var set = made
      set.chains = Rows(Array(made.chains))
      set.delays = Rows(Array(made.delays))
      for timeline in [made, set] {
        #expect(timeline.chainBriefs.map(Self.shown) == timeline.chains.enumerated().map(Self.shown), "seed \(seed)")
        #expect(timeline.delayBriefs.map(Self.shown) == timeline.delays.map(Self.shown), "seed \(seed)")
      }
    }
  }

  /// A row that somebody changes has no brief of what it was.
  @Test func aChangedRowHasAnotherBrief() throws {
    let timelines = (UInt64(1)..<60).lazy.map { PropertySchedule(seed: $0, length: 300).timeline() }
    var timeline = try #require(timelines.first { !$0.chains.isEmpty && !$0.delays.isEmpty })
    var (chain, delay) = (timeline.chains[0], timeline.delays[0])
    (chain.locks[0], delay.length) = (LockAddress(77), 77)
    (timeline.chains, timeline.delays) = ([chain], [delay])
    // Not by key path: in a release build of this compiler one into an inline array reads something else.
    #expect(timeline.chainBriefs.map { $0.firstLocks[0] } == [LockAddress(77)])
    #expect(timeline.delayBriefs.map(\.length) == [77])
  }

  private static func shown(_ row: ChainBrief) -> String {
    let pids = (0..<min(row.taskCount, 8)).map { row.isWhole ? row.firstPids[$0] : -1 }
    let locks = (0..<min(row.lockCount, 8)).map { row.isWhole ? row.firstLocks[$0] : LockAddress(0) }
    return "\(row.place) \(row.wait) \(row.begin) \(row.end) \(pids) \(locks) \(String(describing: row.terminal)) "
      + "\(row.terminalState) \(row.evidence)"
  }

  private static func shown(_ place: Int, _ row: ChainRow) -> String {
    let isWhole = max(row.path.count, row.locks.count) <= 8
    let pids = row.path.prefix(8).map { isWhole ? $0.pid : -1 }
    let locks = row.locks.prefix(8).map { isWhole ? $0 : LockAddress(0) }
    return "\(place) \(row.wait) \(row.begin) \(row.end) \(pids) \(locks) \(String(describing: row.terminal)) "
      + "\(row.terminalState) \(row.evidence)"
  }

  private static func shown(_ row: DelayBrief) -> String {
    let pids = (0..<row.culpritCount).map { row.culprits[$0] }
    return "\(row.task) \(row.begin) \(String(describing: row.end)) \(row.length) \(row.cpu) \(row.cause) "
      + "\(String(describing: row.waking)) \(String(describing: row.culprit)) \(pids) "
      + "\(String(describing: row.wait)) \(row.evidence)"
  }

  private static func shown(_ row: DelayRow) -> String {
    let pids = row.culprits.map(\.task.pid)
    return "\(row.task) \(row.begin) \(String(describing: row.end)) \(row.length) \(row.cpu) \(row.cause) "
      + "\(String(describing: row.waking)) \(String(describing: row.culprits.first?.task)) \(pids) "
      + "\(String(describing: row.wait)) \(row.evidence)"
  }
}
