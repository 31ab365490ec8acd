import ProxyModel
import TraceCore

/// Which locks were fought over.
enum LocksAnalysis: Analysis {
  static let name = "locks"
  static let purpose = "which locks were waited for"
  static let needs = [EventNeed].waits
  static let tableRows: RowKinds = [.waits, .holds]
  static let summaryRows: RowKinds = .waits

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.locks, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = LockSums

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == LockSums {
      output.lock("address of the lock") { $0.lock }
      output.word("kind", "kind of lock; rwsem where both readers and writers waited") { $0.kindNames }
      output.count("waits", "waits for it") { UInt64($0.waits) }
      output.duration("wait_total_ns", "sum of its waits") { $0.total }
      output.duration("wait_max_ns", "its longest wait") { $0.longest }
      output.duration("hold_total_ns", "sum of its contended holds; empty where none is known") { $0.held }
      output.duration("hold_max_ns", "its longest contended hold; empty where none is known") { $0.longestHold }
      output.duration("inverted_ns", "part of its waits in which a less urgent task kept the owner from running") {
        $0.inverted
      }
      output.count("owners", "tasks that owned it while others waited, as far as known") {
        $0.owners.isEmpty ? nil : UInt64($0.owners.count)
      }
      output.count("waiters", "tasks that waited for it") { UInt64($0.waiters.count) }
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let waits = context.rows.waits
    guard !waits.isEmpty else { return [] }
    // What a lock is waits tell that are not chosen too.
    let kinds: [LockAddress: String] =
      waits.isPartial ? Dictionary(uniqueKeysWithValues: context.rows.locks.map { ($0.lock, $0.kindNames) }) : [:]
    let (locks, top) = (context.waitSums.locks, context.topWaits.locks)
    let rows = top.entries.map { number, lengths -> [TextFragment] in
      let lock = locks[number].lock
      let kind = waits.isPartial ? kinds[lock] ?? "" : LockSums.name(of: locks[number].kinds)
      return [.lock(lock), .plain(kind), .count(UInt64(lengths.count))] + lengths.fragments
    }
    let table = SummaryTable(
      columns: [.init("lock", .text), .init("kind", .text), .init("waits", .number)] + Distribution.columns, rows: rows)
    return [SummaryBlock(.top, place: 1, "Top locks", [.table(table)] + top.rest("lock"))]
  }
}

/// A lock's waits and holds, summed up.
struct LockSums: Sendable {
  var lock: LockAddress
  var kinds: Set<WaitKind> = []
  /// One of ``kinds``: mostly there is no other.
  private var latestKind: WaitKind?
  var waits = 0
  var total: Int64 = 0
  var longest: Int64 = 0
  var inverted: Int64 = 0
  var waiters = TaskSet()
  /// `nil` where no hold is known.
  var held: Int64?
  var longestHold: Int64?
  var owners = TaskSet()

  init(lock: LockAddress) { self.lock = lock }

  /// The kind; `rwsem` where readers and writers waited; several where an address served for several locks.
  var kindNames: String { Self.name(of: kinds) }

  /// The same for some kinds.
  static func name(of kinds: Set<WaitKind>) -> String {
    var names = WaitKind.allCases.filter(kinds.contains).map(\.rawValue)
    if kinds.isSuperset(of: [.rwsemRead, .rwsemWrite]) {
      names.removeAll { $0.hasPrefix("rwsem-") }
      names.append("rwsem")
    }
    return names.joined(separator: "+")
  }

  /// The locks of the chosen waits and holds, in order of their first wait; sums are of chosen rows alone.
  static func chosen(_ waits: ChosenRows<WaitRow>, _ holds: ChosenRows<HoldRow>) -> ChosenRows<LockSums> {
    var sums: [LockSums] = []
    var places = LockPlaces()
    func place(of wait: WaitRow) -> Int {
      let place = places.place(of: wait.lock) ?? sums.count
      if place == sums.count {
        places.append(wait.lock)
        sums.append(LockSums(lock: wait.lock))
      }
      if sums[place].latestKind != wait.kind {
        sums[place].latestKind = wait.kind
        sums[place].kinds.insert(wait.kind)
      }
      return place
    }
    // Every lock has its place, so that ids do not depend on what is chosen.
    if waits.isPartial { for wait in waits.all { _ = place(of: wait) } }
    for wait in waits {
      let place = place(of: wait)
      sums[place].waits += 1
      sums[place].total &+= wait.length
      sums[place].longest = max(sums[place].longest, wait.length)
      sums[place].inverted &+= wait.times[.inverted]
      sums[place].waiters.insert(wait.waiter.index)
    }
    for hold in holds {
      guard let place = places.place(of: hold.lock) else { continue }
      let length = hold.end - hold.begin
      sums[place].held = (sums[place].held ?? 0) &+ length
      sums[place].longestHold = max(sums[place].longestHold ?? 0, length)
      sums[place].owners.insert(hold.owner.index)
    }
    return ChosenRows(Rows(sums)) { $0.waits > 0 || $0.held != nil }
  }
}
