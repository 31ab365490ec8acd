import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

/// Literal tasks, locks and instants, out of which tests make their rows. No model runs: what an analysis gets is written down.
enum Literal {
  static let idle = task(0, pid: 0, "swapper", nil)
  static let owner = task(1, pid: 60, "owner", 139)
  static let waiter = task(2, pid: 61, "waiter", 100)
  static let middle = task(3, pid: 62, "middle", 120)
  static let other = task(4, pid: 63, "other", 49)

  static let lockA = LockAddress(0xa0)
  static let lockB = LockAddress(0xb0)
  static let lockC = LockAddress(0xc0)

  static let nanoseconds = TraceClock(name: "mono", unit: .nanoseconds)
  static let counter = TraceClock(name: "counter", unit: .ticks)

  static func task(_ index: UInt32, pid: Pid, _ comm: Comm, _ priority: Int32?) -> TaskLabel {
    TaskLabel(index: TaskIndex(rawValue: index), pid: pid, comm: comm, priority: priority.map { Priority($0) })
  }

  /// Microseconds after 1 s, which is when the literal captures begin.
  static func at(_ microseconds: Int64) -> Timestamp { Timestamp(1_000_000_000) + microseconds * 1000 }

  /// A capture of 10 ms with the five tasks, and with nothing in it but what `fill` adds.
  static func timeline(_ fill: (inout Timeline) -> Void = { _ in }) -> Timeline {
    var timeline = Timeline()
    (timeline.begin, timeline.end) = (at(0), at(10_000))
    timeline.seen = [.switched]
    timeline.tasks = [idle, owner, waiter, middle, other].map {
      TaskRow(id: TaskID(pid: $0.pid, life: 1), comm: $0.comm, priority: $0.priority)
    }
    fill(&timeline)
    return timeline
  }

  /// The context of a timeline.
  /// - Parameter missing: roles of the events that the capture does not describe.
  static func context(
    _ timeline: Timeline, missing: Set<EventRole> = [], clock: TraceClock = nanoseconds, top: Int = 10,
    filter: RowFilter = RowFilter(), symbols: [LockAddress: String] = [:], uname: String = "",
    facts: [String: String] = [:]
  ) -> ReportContext {
    let roles = EventRole.allCases.filter { !missing.contains($0) }
    let capture = CaptureInfo(
      path: "literal.dat", format: CaptureFormat(version: 7, compression: "none", isBigEndian: false, longSize: 8),
      uname: uname, clock: clock,
      events: roles.map { EventInfo(id: UInt16($0.rawValue), system: "s", name: "n", role: $0) }, machineFacts: facts)
    var context = ReportContext(capture: capture, timeline: timeline, symbols: symbols, top: top)
    context.filter = filter
    return context
  }

  static func wait(
    _ kind: WaitKind = .mutex, _ waiter: TaskLabel = waiter, on lock: LockAddress = lockA, from begin: Int64,
    for length: Int64, _ result: WaitResult = .acquired, owner: TaskLabel? = nil, times: [WaitClass: Int64] = [:],
    isCutAtBegin: Bool = false, touchesGap: Bool = false, depth: Int = 0
  ) -> WaitRow {
    var sums = ClassTimes()
    for (kind, time) in times { sums[kind] = time * 1000 }
    let hasEnd = result != .open && result != .lost
    return WaitRow(
      kind: kind, waiter: waiter, lock: lock, begin: at(begin), isCutAtBegin: isCutAtBegin,
      end: hasEnd ? at(begin + length) : nil, length: length * 1000, result: result, asleep: nil,
      touchesGap: touchesGap, times: sums, owner: owner, ownerEvidence: owner == nil ? .unknown : .event, depth: depth)
  }
}

// MARK: - Results as text

extension Cell {
  /// The value; an instant as microseconds since the literal captures begin: `@12`.
  var shown: String {
    switch self {
    case .empty: "-"
    case .integer(let value): String(value)
    case .count(let value): String(value)
    case .share(let value): String(value)
    case .instant(let time): Self.shown(time - Literal.at(0))
    case .secondsFromStart(let nanoseconds): "\(nanoseconds)ns"
    case .address(let address): LockAddress(address).description
    case .word(let word): word.isEmpty ? "''" : word
    case .text(let text): text
    case .comm(let comm): comm.text
    case .evidence(let evidence): evidence.name
    }
  }

  private static func shown(_ offset: Int64) -> String {
    offset % 1000 == 0 ? "@\(offset / 1000)" : "@\(offset)ns"
  }
}

extension [TextFragment] {
  /// The text; instants as in ``Cell/shown``, durations in nanoseconds, shares as `PART/WHOLE`.
  var shown: String {
    map { fragment in
      switch fragment {
      case .plain(let text), .quote(let text): text
      case .task(let task): "\(task.comm.text):\(task.pid)"
      case .comm(let comm): comm.text
      case .pid(let pid): String(pid)
      case .priority(let priority): String(priority.rawValue)
      case .cpu(let cpu): "CPU \(cpu)"
      case .lock(let lock): lock.description
      case .instant(let time): Cell.instant(time).shown
      case .duration(let steps): "\(steps)ns"
      case .count(let count): String(count)
      case .share(let part, let whole): "\(part)/\(whole)"
      case .unknown: "-"
      }
    }.joined()
  }
}

extension Report {
  /// The rows of a table, a line each. Left out is what most rows do not have: a rule, a symbol, a reference to a wait, and a life
  /// other than the first.
  func lines(_ name: String) throws -> [String] {
    let result = try #require(table(name))
    #expect(result.notAvailable == nil)
    let columns = result.table.columns.map(\.name)
    var lines: [String] = []
    result.table.forEachRow { cells in
      let told = zip(columns, cells).filter { column, cell in
        if column.hasSuffix("life") { return cell != .empty && cell != .integer(1) && cell != .count(1) }
        let rare = ["rule", "symbol", "symbols", "wait_id", "cgroup", "other_donors"]
        let isRare = rare.contains { column.hasSuffix($0) }
        return !(isRare && cell == .empty)
      }
      lines.append(told.map(\.1.shown).joined(separator: " "))
    }
    #expect(lines.count == result.table.rowCount)
    return lines
  }

  /// The cells of some columns of a table, a line for each row.
  func lines(_ name: String, _ columns: String...) throws -> [String] {
    let table = try #require(self.table(name)).table
    let places = try columns.map { column in try #require(table.columns.firstIndex { $0.name == column }) }
    var lines: [String] = []
    table.forEachRow { cells in lines.append(places.map { cells[$0].shown }.joined(separator: " ")) }
    return lines
  }

  /// Ids of a table's rows.
  func ids(_ name: String) throws -> [Int] { try lines(name, "id").compactMap { Int($0) } }

  /// A block of the text report by its title: its tables' rows and its lines.
  func block(_ title: String) -> [String]? {
    blocks.first { $0.title == title }?.content.flatMap { content -> [String] in
      switch content {
      case .table(let table): table.rows.map { row in row.map { [$0].shown }.joined(separator: " ") }
      case .bars(let bars): bars.map { "\($0.label) \($0.part)/\($0.whole)" }
      case .line(let line): [line.shown]
      }
    }
  }

  /// Kind, cost, waits, windows, the worst instance and the text of each finding.
  var findingLines: [String] {
    findings.map {
      "\($0.kind.rawValue) \($0.cost)ns \($0.waits)/\($0.windows) \($0.worst.place.option) \($0.worst.length)ns: \($0.text.shown)"
    }
  }

  /// What could not be computed.
  var unavailable: [String] { unavailableResults.map { "\($0.result): \($0.needs.explanation)" } }
}
