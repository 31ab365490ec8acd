public import ProxyModel
import ProxyTraceKit
import TraceCore

// No result depends on how the events reached the model. Everything that attacks the program or scores it compares with these.

extension Timeline {
  /// In what this differs from another one of the same events, in words; empty where all is the same.
  public func differences(from other: Timeline) -> [String] {
    var found: [String] = []
    func compare<Value: Equatable>(_ what: String, _ value: KeyPath<Timeline, Value>) {
      if self[keyPath: value] != other[keyPath: value] { found.append(what) }
    }
    func compareRows<Row: Equatable>(_ what: String, _ rows: KeyPath<Timeline, some RandomAccessCollection<Row>>) {
      let (a, b) = (self[keyPath: rows], other[keyPath: rows])
      if a.count != b.count { found.append("\(what): \(a.count) and \(b.count) rows") }
      guard let index = zip(a, b).enumerated().first(where: { $1.0 != $1.1 })?.offset else { return }
      found.append(
        "\(what): row \(index) is \(Array(a.dropFirst(index).prefix(1))) and \(Array(b.dropFirst(index).prefix(1)))")
    }
    compare("begin", \.begin)
    compare("end", \.end)
    compare("number of events", \.eventCount)
    compare("kinds of event", \.seen)
    compare("verdict", \.verdict)
    compare("deadlocks", \.deadlocks)
    compare("marks", \.marks)
    compare("sched_ext summary", \.schedExt)
    compareRows("cpus", \.cpus)
    compareRows("tasks", \.tasks)
    compareRows("waits", \.waits)
    compareRows("chains", \.chains)
    compareRows("segments", \.segments)
    compareRows("runs", \.runs)
    compareRows("splits", \.splits)
    compareRows("inversions", \.inversions)
    compareRows("handoffs", \.handoffs)
    compareRows("holds", \.holds)
    compareRows("migrations", \.migrations)
    compareRows("enqueues", \.enqueues)
    compareRows("pairing", \.pairing)
    compareRows("gaps", \.gaps)
    compareRows("diagnostics", \.diagnostics.all)
    return found
  }
}

extension LoadedCapture {
  /// In what this differs from another reading of the same capture, in words.
  func differences(from other: LoadedCapture) -> [String] {
    var found = timeline.differences(from: other.timeline)
    if info != other.info { found.append("info") }
    if symbols != other.symbols { found.append("symbols") }
    if diagnostics.all != other.diagnostics.all {
      found.append("diagnostics: \(diagnostics.all) and \(other.diagnostics.all)")
    }
    return found
  }
}

extension RecordedEvents {
  /// The timeline as the program makes it, in batches, held against that of the same events one by one.
  func timelineOfBothPaths() -> (timeline: Timeline, calmPeriods: Int, differences: [String]) {
    let (batches, calmPeriods) = run(.batches)
    return (
      batches, calmPeriods, batches.differences(from: timeline(.singleEvents)).map { "batches differ in \($0)" }
    )
  }
}
