import ProxyModel
import TraceCore

/// What decides about a problem's place among others.
struct ProblemCost: Sendable {
  let key: Problem.Key
  let lockKind: WaitKind?
  fileprivate(set) var union = WindowUnion()
  /// Of its longest window.
  fileprivate(set) var longest: Int64
  fileprivate(set) var begin: Timestamp
  /// The place of its last window among all.
  fileprivate(set) var last = UInt32.max

  /// Length of all its windows together.
  var cost: Int64 { union.length }
}

/// What problems cost, in chunks: of a long capture there are many, and an array that grows needs three times its room.
struct ProblemList: Sendable {
  private static let chunkSize = 1024
  private var chunks: [[ProblemCost]] = []
  private(set) var count = 0

  var indices: Range<Int> { 0..<count }

  subscript(place: Int) -> ProblemCost {
    @inline(__always) _read { yield chunks[place / Self.chunkSize][place % Self.chunkSize] }
    @inline(__always) _modify { yield &chunks[place / Self.chunkSize][place % Self.chunkSize] }
  }

  mutating func append(_ problem: ProblemCost) {
    if count % Self.chunkSize == 0 {
      chunks.append([])
      // Most captures have a few.
      if count > 0 { chunks[chunks.count - 1].reserveCapacity(Self.chunkSize) }
    }
    chunks[chunks.count - 1].append(problem)
    count += 1
  }
}

/// Problems by what makes them the same, and the windows of all.
///
/// There can be as many as locks and tasks, of which a report shows a few: of each is kept what it costs. All else is made of its
/// windows (``windows(of:_:)``), of which each names the row that states it.
struct Problems: ~Copyable, Sendable {
  private(set) var all = ProblemList()
  /// Windows that no row of a great number states, by ``WindowMark/row``.
  private(set) var others: [Problem.Window] = []
  private var windows: WindowLog
  private var table = ProblemTable()
  private var last = -1

  init(_ timeline: Timeline) { windows = WindowLog(beside: timeline) }

  /// Adds a window.
  /// - Parameters:
  ///   - begin: When it began.
  ///   - end: When it ended.
  ///   - source: The kind of row that states it.
  ///   - row: The position of that row.
  ///   - floor: No later window of the problem begins before; `nil` where that is not known.
  mutating func add(
    _ key: Problem.Key, from begin: Timestamp, to end: Timestamp, _ source: WindowMark.Source, row: Int,
    cpu: CPU? = nil, _ evidence: Evidence, lockKind: WaitKind? = .mutex, floor: Timestamp? = nil
  ) {
    // Windows of all waiters behind the same owner come together.
    if last < 0 || all[last].key != key { last = place(of: key, begin, lockKind) }
    let mark = WindowMark(
      begin: begin, end: end, former: all[last].last, row: UInt32(truncatingIfNeeded: row), cpu: cpu ?? -1,
      source: source, evidence: evidence)
    all[last].last = UInt32(truncatingIfNeeded: windows.count)
    all[last].union.add(begin, end, floor: floor)
    all[last].longest = max(all[last].longest, mark.length)
    all[last].begin = min(all[last].begin, begin)
    windows.append(mark)
  }

  /// Adds a window that is kept as it is.
  mutating func add(_ key: Problem.Key, _ window: Problem.Window, lockKind: WaitKind? = nil) {
    others.append(window)
    add(
      key, from: window.begin, to: window.end, .other, row: others.count - 1, window.evidence, lockKind: lockKind)
  }

  private mutating func place(of key: Problem.Key, _ begin: Timestamp, _ lockKind: WaitKind?) -> Int {
    let (place, isNew) = table.place(of: key, among: all)
    if isNew { all.append(ProblemCost(key: key, lockKind: lockKind, longest: .min, begin: begin)) }
    return place
  }

  /// A way through rows that windows name.
  func walk() -> RowWalk { windows.walk() }

  /// The windows of a problem, in the order in which they were added.
  func windows(of place: Int, _ walk: inout RowWalk) -> [WindowMark] {
    var marks: [WindowMark] = []
    var next = all[place].last
    while next != .max {
      let mark = windows[Int(next)]
      marks.append(mark)
      walk.visit(Int(next))
      next = mark.former
    }
    marks.reverse()
    return marks
  }
}

/// Places of problems by their keys.
///
/// The same few come again and again: those of lately are found without hashing safely.
struct ProblemTable: Sendable {
  /// By hash, with gaps; −1 where there is none. A power of two.
  private var places: [Int32] = Array(repeating: -1, count: 64)
  private var recent: [Int32] = Array(repeating: -1, count: 256)

  /// - Returns: the place of the key's problem, and whether it is to be appended there.
  mutating func place(of key: Problem.Key, among all: ProblemList) -> (place: Int, isNew: Bool) {
    let short = Int(truncatingIfNeeded: key.mixture >> 56)
    let known = Int(recent[short])
    if known >= 0, all[known].key == key { return (known, false) }
    if all.count * 2 >= places.count { grow(all) }
    let slot = slot(of: key, among: all)
    let isNew = places[slot] < 0
    if isNew { places[slot] = Int32(all.count) }
    recent[short] = places[slot]
    return (Int(places[slot]), isNew)
  }

  private func slot(of key: Problem.Key, among all: ProblemList) -> Int {
    // The uppermost bits.
    var slot = Int(key.spread >> UInt64(UInt64.bitWidth - places.count.trailingZeroBitCount))
    while places[slot] >= 0, all[Int(places[slot])].key != key { slot = (slot + 1) & (places.count - 1) }
    return slot
  }

  private mutating func grow(_ all: ProblemList) {
    places = Array(repeating: -1, count: places.count * 4)
    for place in all.indices { places[slot(of: all[place].key, among: all)] = Int32(place) }
  }
}

extension Problem.Key {
  /// Of a process, and odd: whoever chooses addresses cannot choose them so that many keys meet.
  private static let multiplier = UInt64.random(in: 0...UInt64.max) | 1

  /// Many bits of all that is not the same in most keys, in the upper half.
  @inline(__always)
  fileprivate var spread: UInt64 { place &* Self.multiplier }

  /// The same in the upper bits, and always the same ones.
  @inline(__always)
  fileprivate var mixture: UInt64 { place &* 0x9e37_79b9_7f4a_7c15 }

  /// Without the kind, whose raw value is a text: of one lock and one task there are a few.
  @inline(__always)
  private var place: UInt64 {
    (lock?.rawValue ?? 0) ^ (UInt64(task?.rawValue ?? .max) << 32 | UInt64(UInt32(bitPattern: cpu ?? -1)))
  }
}
