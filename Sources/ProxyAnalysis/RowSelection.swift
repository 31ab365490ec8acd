public import ProxyModel
import TraceCore

/// The rows of a kind that a filter chooses, in their order, each with its id among all rows.
public struct ChosenRows<Row: Sendable>: Sendable {
  /// All rows, chosen or not.
  let all: Rows<Row>
  /// Indices into ``all``; `nil` for all of them.
  private let places: [Int]?

  /// All of some rows.
  public init(_ rows: [Row]) { self.init(Rows(rows)) }

  /// All of some rows.
  public init(_ rows: Rows<Row>) {
    all = rows
    places = nil
  }

  init(_ rows: Rows<Row>, where isChosen: (Row) -> Bool) {
    all = rows
    places = rows.indices.filter { isChosen(rows[$0]) }
  }

  /// The same choice among what is told of all rows in another way.
  func choosing<Other>(_ others: Rows<Other>) -> ChosenRows<Other> { ChosenRows<Other>(others, at: places) }

  fileprivate init(_ rows: Rows<Row>, at places: [Int]?) {
    all = rows
    self.places = places
  }

  /// The id of the row at a position. Ids count all rows, from 1.
  func id(at position: Int) -> Int { (places?[position] ?? position) + 1 }

  /// Whether some row is not chosen.
  var isPartial: Bool { count < all.count }
}

extension ChosenRows: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// Number of chosen rows.
  public var endIndex: Int { places?.count ?? all.count }
  /// The chosen row at a position.
  public subscript(position: Int) -> Row { all[places?[position] ?? position] }
}

/// The rows that a report shows: a filter, applied once to every kind of row.
struct RowSelection: Sendable {
  let cpus: ChosenRows<CPURow>
  /// Without the idle tasks.
  let tasks: ChosenRows<TaskRow>
  let waits: ChosenRows<WaitRow>
  let chains: ChosenRows<ChainRow>
  let segments: ChosenRows<SegmentRow>
  let runs: ChosenRows<RunRow>
  let delays: ChosenRows<DelayRow>
  let splits: ChosenRows<SplitRow>
  let inversions: ChosenRows<InversionRow>
  let handoffs: ChosenRows<HandoffRow>
  let holds: ChosenRows<HoldRow>
  let heldTimes: ChosenRows<HeldTime>
  let pairing: ChosenRows<PairingRow>
  let migrations: ChosenRows<MigrationRow>
  let enqueues: ChosenRows<EnqueueRow>
  let gaps: ChosenRows<GapRow>
  let locks: ChosenRows<LockSums>

  /// - Parameter hasLocks: whether ``locks`` are needed.
  init(_ timeline: Timeline, _ filter: RowFilter, hasLocks: Bool = true) {
    func choose<Row>(_ rows: Rows<Row>, _ isChosen: (Row) -> Bool) -> ChosenRows<Row> {
      filter.isEmpty ? ChosenRows(rows) : ChosenRows(rows, where: isChosen)
    }
    cpus = choose(Rows(timeline.cpus), filter.chooses)
    let tasks = timeline.tasks
    let places = tasks.indices.filter { tasks[$0].id.pid != 0 }
    self.tasks = choose(Rows(count: places.count) { tasks[places[$0]] }, filter.chooses)
    waits = choose(timeline.waits, filter.chooses)
    chains = choose(timeline.chains, filter.chooses)
    segments = choose(timeline.segments) { filter.chooses($0, of: timeline.waits[$0.wait].waiter) }
    runs = choose(timeline.runs, filter.chooses)
    delays = choose(timeline.delays, filter.chooses)
    splits = choose(timeline.splits, filter.chooses)
    inversions = choose(timeline.inversions, filter.chooses)
    handoffs = choose(timeline.handoffs, filter.chooses)
    holds = choose(timeline.holds, filter.chooses)
    heldTimes = choose(timeline.heldTimes, filter.chooses)
    pairing = choose(Rows(timeline.pairing), filter.chooses)
    migrations = choose(timeline.migrations, filter.chooses)
    enqueues = choose(timeline.enqueues, filter.chooses)
    gaps = choose(Rows(timeline.gaps), filter.chooses)
    locks = hasLocks ? LockSums.chosen(waits, holds) : ChosenRows([])
  }
}
