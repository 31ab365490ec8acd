import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import TraceCore

/// What the user wants explained.
enum ExplainRequest {
  /// A finding by its id, from 1.
  case finding(Int)
  /// A row of a table.
  case place(Finding.Place)
  /// A lock by its symbol or its address.
  case lock(String)
}

/// Finds what is to be explained, reads the capture again for it, and writes its story.
struct Explanation {
  let report: Report
  let session: CaptureSession
  let path: String
  let showsAll: Bool
  let isColoured: Bool

  private var context: ReportContext { report.context }
  private var timeline: Timeline { context.timeline }

  /// - Throws: `TraceError` where there is no such thing, or the capture cannot be read again; `OutputError`.
  func write(_ request: ExplainRequest, to sink: ByteSink) throws {
    let preface = FindingText(isColoured: isColoured, width: StandardStreams.columns)
    switch request {
    case .finding(let id):
      let place = try place(id, of: report.findings.count, "finding")
      try preface.write(finding: id, of: report, to: sink)
      // One about the capture as a whole has no story.
      if report.findings[place].worst.place != .capture { try write(report.findings[place].worst, to: sink) }
    case .place(let row): try write(row, to: sink)
    case .lock(let name):
      let lock = try self.lock(name)
      try preface.write(lock: lock, of: report, to: sink)
      let waits = timeline.waits.enumerated().filter { $0.element.lock == lock }
      if let worst = waits.max(by: { ($0.element.length, $1.offset) < ($1.element.length, $0.offset) }) {
        try write(.wait(worst.offset + 1), to: sink)
      }
    }
  }

  /// The story of a finding's window, which is marked in it.
  private func write(_ instance: Finding.Instance, to sink: ByteSink) throws {
    guard case .wait(let id) = instance.place else { return try write(instance.place, to: sink) }
    let stretch = instance.begin...(instance.begin + max(0, instance.length))
    let wait = try place(id, of: timeline.waits.count, "wait")
    let isAllOfIt = instance.length >= timeline.waits[wait].length
    try write(StoryBuilder(of: wait, in: timeline, highlighting: nil, isAllOfIt ? nil : stretch), to: sink)
  }

  private func write(_ row: Finding.Place, to sink: ByteSink) throws {
    switch row {
    case .wait(let id): try write(StoryBuilder(of: place(id, of: timeline.waits.count, "wait"), in: timeline), to: sink)
    case .inversion(let id):
      let window = try place(id, of: timeline.inversions.count, "inversion")
      try write(StoryBuilder(of: timeline.inversions[window].wait, in: timeline, highlighting: window), to: sink)
    case .handoff(let id):
      let handoff = timeline.handoffs[try place(id, of: timeline.handoffs.count, "handoff")]
      let stretch = handoff.begin...max(handoff.begin, handoff.end)
      try write(StoryBuilder(of: handoff.wait, in: timeline, highlighting: nil, stretch), to: sink)
    case .capture:
      throw TraceError(
        .noSuchRow, path: path, "this finding is about the capture as a whole",
        advice: "the report has all that is known")
    case .pairing(let id):
      var story = PairingStory(of: try place(id, of: timeline.pairing.count, "row of pairing"), in: timeline)
      try session.forEachEvent { event in
        if story.isPast(event), context.capture.clock.isGlobal { return false }
        story.apply(event)
        return true
      }
      try PairingText(isColoured: isColoured).write(story, of: context, to: sink)
    }
  }

  /// Reads the capture again, for the wait alone.
  private func write(_ story: StoryBuilder, to sink: ByteSink) throws {
    var builder = story
    try session.forEachEventWithStack { event, stack in
      // CPUs' own clocks may be off: a later stamp does not mean that the wait is over on the other CPUs.
      if builder.isPast(event), context.capture.clock.isGlobal { return false }
      builder.apply(event, stack)
      return true
    }
    try StoryText(showsAll: showsAll, isColoured: isColoured).write(builder.finish(), of: context, to: sink)
  }

  private func place(_ id: Int, of count: Int, _ what: String) throws(TraceError) -> Int {
    guard id >= 1, id <= count else {
      let ids = count == 0 ? "it has none" : "its ids are 1 to \(count)"
      throw TraceError(.noSuchRow, path: path, "there is no \(what) \(id)", advice: ids)
    }
    return id - 1
  }

  /// The lock with an address, or with a symbol; of several with one symbol that with the first wait.
  private func lock(_ name: String) throws(TraceError) -> LockAddress {
    let waited = timeline.waits.map(\.lock)
    if name.hasPrefix("0x"), let address = UInt64(name.dropFirst(2), radix: 16), waited.contains(LockAddress(address)) {
      return LockAddress(address)
    }
    // Symbols come with their module: `lk [ptlab]`.
    for lock in waited {
      guard let symbol = context.symbols[lock] else { continue }
      if symbol == name || symbol.split(separator: " ").first.map({ $0 == name }) ?? false { return lock }
    }
    throw TraceError(
      .noSuchRow, path: path, "nobody waits for a lock \(name)",
      advice: "proxytrace report --table locks lists those that were waited for")
  }
}
