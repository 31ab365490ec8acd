import ProxyModel
import TraceCore

/// Which locks were fought over.
public enum LocksAnalysis: Analysis {
  public static let name = "locks"
  public static let purpose = "which locks were waited for"
  public static let needs = [EventNeed.event(.contentionBegan), .event(.contentionEnded)]

  public static func tables(_ context: ReportContext) -> [Table] {
    [
      Table(
        "locks", rowMeaning: "a lock", rows: LockSums.all(context.timeline),
        columns: [
          .lock("lock", "address of the lock") { $0.lock },
          .word("kind", "kind of lock; rwsem where both readers and writers waited") {
            $0.kindNames
          },
          .count("waits", "waits for it") { UInt64($0.waits) },
          .duration("wait_total_ns", "sum of its waits") { $0.total },
          .duration("wait_max_ns", "its longest wait") { $0.longest },
          .later("hold_total_ns", .duration, "sum of its contended holds"),
          .later("hold_max_ns", .duration, "its longest contended hold"),
          .later("inverted_ns", .duration, "part of its waits in which a less urgent task kept the owner from running"),
          .later("owners", .count, "tasks that owned it while others waited"),
          .count("waiters", "tasks that waited for it") { UInt64($0.waiters.count) },
        ])
    ]
  }

  public static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let waits = context.timeline.waits
    guard !waits.isEmpty else { return [] }
    var lengths: [LockAddress: [Int64]] = [:]
    for wait in waits { lengths[wait.lock, default: []].append(wait.length) }
    let kinds = Dictionary(uniqueKeysWithValues: LockSums.all(context.timeline).map { ($0.lock, $0.kindNames) })
    let top = Ranking(lengths, top: context.top, order: <)
    let rows = top.entries.map { lock, waits -> [Phrase] in
      [.lock(lock), .plain(kinds[lock] ?? ""), .count(UInt64(waits.count))] + waits.phrases
    }
    let table = SummaryTable(
      columns: [.init("lock", .text), .init("kind", .text), .init("waits", .number)] + Distribution.columns, rows: rows)
    return [SummaryBlock(.top, "Top locks", [.table(table)] + top.rest("lock"))]
  }
}

/// A lock's waits, summed up.
struct LockSums: Sendable {
  var lock: LockAddress
  var kinds: Set<WaitKind> = []
  var waits = 0
  var total: Int64 = 0
  var longest: Int64 = 0
  var waiters: Set<TaskIndex> = []

  /// The kind; `rwsem` where readers and writers waited; several where an address served for several locks.
  var kindNames: String {
    var names = WaitKind.allCases.filter(kinds.contains).map(\.rawValue)
    if kinds.isSuperset(of: [.rwsemRead, .rwsemWrite]) {
      names.removeAll { $0.hasPrefix("rwsem-") }
      names.append("rwsem")
    }
    return names.joined(separator: "+")
  }

  /// All locks, in order of their first wait.
  static func all(_ timeline: Timeline) -> [LockSums] {
    var sums: [LockSums] = []
    var places: [LockAddress: Int] = [:]
    for wait in timeline.waits {
      let place = places[wait.lock] ?? sums.count
      if place == sums.count {
        places[wait.lock] = place
        sums.append(LockSums(lock: wait.lock))
      }
      sums[place].kinds.insert(wait.kind)
      sums[place].waits += 1
      sums[place].total += wait.length
      sums[place].longest = max(sums[place].longest, wait.length)
      sums[place].waiters.insert(wait.waiter.index)
    }
    return sums
  }
}
