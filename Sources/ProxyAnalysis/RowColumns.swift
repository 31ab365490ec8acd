import ProxyModel
import TraceCore

/// The columns of a table, declared once: how they are called, what they mean, and what a row has in them.
///
/// It puts them into an output, and each kind of output makes something else of it: names and meanings, cells, or the bytes of a
/// format. The compiler makes a function of its own for each table and each kind of output, without a call or a value in memory for
/// a cell: a table can have as many rows as a capture has events.
protocol RowColumns<Row>: Sendable {
  associatedtype Row: Sendable

  /// Puts every column in, from the one behind `id` on.
  func put<Output: CellOutput>(in output: inout Output) where Output.Row == Row
}

/// What the cells of any row may need of its capture.
struct CellFacts: Sendable {
  let tasks: [TaskRow]
  let symbols: [LockAddress: String]
  /// From when on seconds count; `nil` where the clock counts no nanoseconds.
  let begin: Timestamp?

  init(_ context: ReportContext) {
    tasks = context.timeline.tasks
    symbols = context.symbols
    begin = context.countsNanoseconds ? context.timeline.begin : nil
  }

  init() { (tasks, symbols, begin) = ([], [:], nil) }
}

/// Takes columns one after the other. A value that is `nil` is not known.
///
/// Names and meanings are closures, since only ``ColumnList`` needs them.
protocol CellOutput<Row> {
  associatedtype Row
  var facts: CellFacts { get }

  /// A whole number.
  mutating func integer(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?)
  /// The id of a row.
  mutating func identifier(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?)
  /// A count.
  mutating func count(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?)
  /// A time on the trace clock.
  mutating func instant(_ column: @autoclosure () -> Column, _ value: (Row) -> Timestamp?)
  /// Nanoseconds, as seconds.
  mutating func seconds(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?)
  mutating func address(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?)
  /// A word of the program.
  mutating func word(_ column: @autoclosure () -> Column, _ value: (Row) -> String?)
  /// A word of the program that a value of one byte stands for: it is made once for each.
  mutating func word<Key: BitwiseCopyable>(
    _ column: @autoclosure () -> Column, by key: (Row) -> Key, word: (Key) -> String)
  /// Hostile text.
  mutating func text(_ column: @autoclosure () -> Column, _ value: (Row) -> String?)
  /// A task's name; an empty one is not known.
  mutating func comm(_ column: @autoclosure () -> Column, _ value: (Row) -> Comm?)
  /// Numbers with a character between them, as one word. `add` is not to add more of them than `count` says.
  mutating func joined(
    _ column: @autoclosure () -> Column, _ separator: Unicode.Scalar, count: (Row) -> Int?,
    add: (Row, inout JoinedNumbers) -> Void)
  /// Anything.
  mutating func cell(_ column: @autoclosure () -> Column, _ value: (Row) -> Cell)

  /// See ``putTask(_:_:_:)``.
  mutating func task(
    _ prefix: @autoclosure () -> String, _ who: @autoclosure () -> String, _ task: (Row) -> TaskLabel?)
  /// See ``putLock(_:_:)``.
  mutating func lock(_ doc: @autoclosure () -> String, _ lock: (Row) -> LockAddress)
  /// See ``putEvidence(_:prefix:_:)``.
  mutating func evidence(
    _ doc: @autoclosure () -> String, prefix: @autoclosure () -> String, _ value: (Row) -> Evidence)
}

// MARK: - Several columns

extension CellOutput {
  /// The columns `PREFIX_pid`, `PREFIX_comm`, `PREFIX_prio` and `PREFIX_life` of a task as it was at that instant; without a prefix
  /// for `""`.
  @inline(__always)
  mutating func putTask(
    _ prefix: @autoclosure () -> String, _ who: @autoclosure () -> String, _ task: (Row) -> TaskLabel?
  ) {
    func name(_ part: String) -> String { prefix().isEmpty ? part : "\(prefix())_\(part)" }
    let tasks = facts.tasks
    integer(Column(name("pid"), .number, "pid of \(who())")) { task($0).map { Int64($0.pid) } }
    comm(Column(name("comm"), .text, "name of \(who())")) { task($0)?.comm }
    integer(Column(name("prio"), .number, "kernel priority of \(who()); smaller is more urgent")) {
      task($0)?.priority.map { Int64($0.rawValue) }
    }
    integer(Column(name("life"), .number, "which of the tasks with that pid it is, from 1")) { row in
      guard let index = task(row)?.index.rawValue, Int(index) < tasks.count else { return nil }
      return Int64(tasks[Int(index)].id.life)
    }
  }

  /// The columns `lock` and `lock_symbol`.
  @inline(__always)
  mutating func putLock(_ doc: @autoclosure () -> String, _ lock: (Row) -> LockAddress) {
    let symbols = facts.symbols
    address(Column("lock", .address, doc())) { lock($0).rawValue }
    text(Column("lock_symbol", .text, "name of the lock; empty where the capture has none")) { symbols[lock($0)] }
  }

  /// The columns `evidence` and `rule`, with a prefix for their names.
  @inline(__always)
  mutating func putEvidence(
    _ doc: @autoclosure () -> String, prefix: @autoclosure () -> String, _ value: (Row) -> Evidence
  ) {
    cell(Column("\(prefix())evidence", .evidence, doc())) { .evidence(value($0)) }
    word(Column("\(prefix())rule", .word, "the rule by which it is inferred; empty where it is not")) {
      value($0).rule?.rawValue
    }
  }

  @inline(__always)
  mutating func evidence(_ doc: @autoclosure () -> String, _ value: (Row) -> Evidence) {
    evidence(doc(), prefix: "", value)
  }
}

// MARK: - Columns by their kind

extension CellOutput {
  /// A number without a unit: a CPU, a pid.
  @inline(__always)
  mutating func number(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> Int32?
  ) {
    integer(Column(name(), .number, doc())) { value($0).map { Int64($0) } }
  }

  @inline(__always)
  mutating func count(_ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> UInt64?) {
    count(Column(name(), .count, doc()), value)
  }

  @inline(__always)
  mutating func instant(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> Timestamp?
  ) {
    instant(Column(name(), .instant, doc()), value)
  }

  @inline(__always)
  mutating func duration(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> Int64?
  ) {
    integer(Column(name(), .duration, doc()), value)
  }

  /// The instant of the `*_ns` column before it, in seconds since the capture began: a spreadsheet keeps 15 digits.
  @inline(__always)
  mutating func seconds(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> Timestamp
  ) {
    let begin = facts.begin
    seconds(Column(name(), .seconds, doc())) { row in
      guard let begin else { return nil }
      return value(row) - begin
    }
  }

  /// One of a fixed set of words.
  @inline(__always)
  mutating func word(_ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> String) {
    word(Column(name(), .word, doc())) { .some(value($0)) }
  }

  /// The word of an enumeration.
  @inline(__always)
  mutating func word<Key: BitwiseCopyable & RawRepresentable<String>>(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, by key: (Row) -> Key
  ) {
    word(Column(name(), .word, doc()), by: key, word: { $0.rawValue })
  }

  /// Whether something is so.
  @inline(__always)
  mutating func flag(_ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> Bool) {
    word(Column(name(), .flag, doc()), by: value, word: { $0 ? "yes" : "no" })
  }

  /// A sentence.
  @inline(__always)
  mutating func text(_ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ value: (Row) -> String?) {
    text(Column(name(), .text, doc()), value)
  }

  /// The id of a row of another table, by its index.
  @inline(__always)
  mutating func reference(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ index: (Row) -> Int?
  ) {
    identifier(Column(name(), .identifier, doc())) { index($0).map { Int64($0 + 1) } }
  }

  /// Pids of tasks, as one word.
  @inline(__always)
  mutating func pids(
    _ name: @autoclosure () -> String, _ doc: @autoclosure () -> String, _ separator: Unicode.Scalar,
    count: (Row) -> Int?, add: (Row, inout JoinedNumbers) -> Void
  ) {
    joined(Column(name(), .word, doc()), separator, count: count, add: add)
  }
}
