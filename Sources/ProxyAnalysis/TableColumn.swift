import ProxyModel
import TraceCore

/// A column of a ``Table`` together with a function that makes its cell from a row.
public struct TableColumn<Row>: Sendable {
  /// Name, kind and meaning.
  public var column: Column
  /// The cell of a row.
  public var cell: @Sendable (Row) -> Cell

  /// A column by all of its parts.
  public init(_ name: String, _ kind: Column.Kind, _ doc: String, _ cell: @escaping @Sendable (Row) -> Cell) {
    column = Column(name, kind, doc)
    self.cell = cell
  }
}

extension TableColumn {
  /// A number without a unit: a CPU, a pid.
  static func number(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Int32?) -> TableColumn {
    TableColumn(name, .number, doc) { value($0).map { .integer(Int64($0)) } ?? .empty }
  }

  static func count(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> UInt64?) -> TableColumn {
    TableColumn(name, .count, doc) { value($0).map(Cell.count) ?? .empty }
  }

  static func instant(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Timestamp?) -> TableColumn {
    TableColumn(name, .instant, doc) { value($0).map(Cell.instant) ?? .empty }
  }

  static func duration(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Int64?) -> TableColumn {
    TableColumn(name, .duration, doc) { value($0).map(Cell.integer) ?? .empty }
  }

  /// The instant of the `*_ns` column before it, in seconds since the capture began: a spreadsheet keeps 15 digits.
  static func seconds(
    _ name: String, _ doc: String, in context: ReportContext, _ value: @escaping @Sendable (Row) -> Timestamp
  ) -> TableColumn {
    guard context.countsNanoseconds else { return .notKnown(name, .seconds, doc) }
    let begin = context.timeline.begin
    return TableColumn(name, .seconds, doc) { .secondsFromStart(value($0) - begin) }
  }

  fileprivate static func lock(
    _ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> LockAddress
  ) -> TableColumn {
    TableColumn(name, .address, doc) { .address(value($0).rawValue) }
  }

  /// One of a fixed set of words.
  static func word(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> String) -> TableColumn {
    TableColumn(name, .word, doc) { .word(value($0)) }
  }

  /// Whether something is so.
  static func flag(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Bool) -> TableColumn {
    TableColumn(name, .flag, doc) { .word(value($0) ? "yes" : "no") }
  }

  /// A sentence.
  static func text(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> String) -> TableColumn {
    TableColumn(name, .text, doc) { .text(value($0)) }
  }

  /// The id of a row of another table, by its index.
  static func reference(_ name: String, _ doc: String, _ index: @escaping @Sendable (Row) -> Int?) -> TableColumn {
    TableColumn(name, .identifier, doc) { index($0).map { .integer(Int64($0 + 1)) } ?? .empty }
  }

  static func pid(_ name: String, _ doc: String, _ task: @escaping @Sendable (Row) -> TaskLabel?) -> TableColumn {
    TableColumn(name, .number, doc) { row in task(row).map { .integer(Int64($0.pid)) } ?? .empty }
  }

  static func comm(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Comm?) -> TableColumn {
    TableColumn(name, .text, doc) { row in
      guard let comm = value(row), !comm.isEmpty else { return .empty }
      return .comm(comm)
    }
  }

  static func priority(_ name: String, _ doc: String, _ value: @escaping @Sendable (Row) -> Priority?) -> TableColumn {
    TableColumn(name, .number, doc) { value($0).map { .integer(Int64($0.rawValue)) } ?? .empty }
  }

  /// A column that is always empty: this capture does not give its figures.
  static func notKnown(_ name: String, _ kind: Column.Kind, _ doc: String) -> TableColumn {
    TableColumn(name, kind, doc) { _ in .empty }
  }
}

/// The columns `PREFIX_pid`, `PREFIX_comm`, `PREFIX_prio` and `PREFIX_life` of a task as it was at that instant; without a prefix
/// for `""`.
func taskColumns<Row>(
  _ prefix: String, _ who: String, in context: ReportContext, _ task: @escaping @Sendable (Row) -> TaskLabel?
) -> [TableColumn<Row>] {
  let prefix = prefix.isEmpty ? "" : prefix + "_"
  let tasks = context.timeline.tasks
  return [
    .pid("\(prefix)pid", "pid of \(who)", task),
    .comm("\(prefix)comm", "name of \(who)") { task($0)?.comm },
    .priority("\(prefix)prio", "kernel priority of \(who); smaller is more urgent") { task($0)?.priority },
    TableColumn("\(prefix)life", .number, "which of the tasks with that pid it is, from 1") { row in
      guard let index = task(row)?.index.rawValue, Int(index) < tasks.count else { return .empty }
      return .integer(Int64(tasks[Int(index)].id.life))
    },
  ]
}

/// The columns `lock` and `lock_symbol`.
func lockColumns<Row>(
  _ doc: String, in context: ReportContext, _ lock: @escaping @Sendable (Row) -> LockAddress
) -> [TableColumn<Row>] {
  let symbols = context.symbols
  return [
    .lock("lock", doc, lock),
    TableColumn("lock_symbol", .text, "name of the lock; empty where the capture has none") { row in
      symbols[lock(row)].map(Cell.text) ?? .empty
    },
  ]
}

/// The columns `evidence` and `rule`; with another name than `evidence` for the first `PREFIX_evidence` and `PREFIX_rule`.
func evidenceColumns<Row>(
  _ doc: String, prefix: String = "", _ value: @escaping @Sendable (Row) -> Evidence
) -> [TableColumn<Row>] {
  [
    TableColumn("\(prefix)evidence", .evidence, doc) { .evidence(value($0)) },
    TableColumn("\(prefix)rule", .word, "the rule by which it is inferred; empty where it is not") { row in
      value(row).rule.map { .word($0.rawValue) } ?? .empty
    },
  ]
}
