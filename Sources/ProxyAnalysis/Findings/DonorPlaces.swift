import ProxyModel
import TraceCore

/// Where the donors of inversion windows were: of all tasks whose chains end in the owner the most urgent one, which is the one that
/// should have lent it the CPU. So all waiters of an owner have the same donor at the same time.
struct DonorPlaces {
  /// A stretch of a window in which the donor stayed where it was.
  struct Part: Equatable {
    var begin: Timestamp
    var end: Timestamp
    var donor: DonorPlace
    /// How it is known where the donor was.
    var evidence: Evidence
  }

  private struct Owner: Hashable {
    var task: TaskIndex
    var cpu: CPU?
  }

  /// Parts that do not overlap, in order of time.
  private var owners: [Owner: [Part]] = [:]

  init(_ timeline: Timeline) {
    let stalls = timeline.stalls.indices.map { timeline.stalls[$0] }.filter { $0.kind == .inverted }
    guard !stalls.isEmpty else { return }
    // Only its waking shows that a donor was not moved, and nothing when it was, unless marks do.
    var uncertain = Set(stalls.map(\.wait).filter { timeline.waits[$0].result != .acquired })
    for move in timeline.migrations where move.kind == .proxy && move.evidence != .event {
      if let wait = move.wait { uncertain.insert(wait) }
    }
    for (owner, rows) in Dictionary(grouping: stalls, by: { Owner(task: $0.owner.index, cpu: $0.cpu) }) {
      owners[owner] = Self.parts(rows, uncertain, timeline)
    }
  }

  /// Cuts rows that overlap into parts, each of the most urgent waiter.
  private static func parts(_ rows: [StallRow], _ uncertain: Set<Int>, _ timeline: Timeline) -> [Part] {
    let instants = Set(rows.flatMap { [$0.begin, $0.end] }).sorted()
    func urgency(_ row: StallRow) -> (Int32, Pid) {
      let waiter = timeline.waits[row.wait].waiter
      return (waiter.priority?.rawValue ?? .max, waiter.pid)
    }
    var (parts, open, next): ([Part], [StallRow], Int) = ([], [], 0)
    let rows = rows.sorted { $0.begin < $1.begin }
    for (begin, end) in zip(instants, instants.dropFirst()) {
      open.removeAll { $0.end <= begin }
      while next < rows.count, rows[next].begin <= begin {
        open.append(rows[next])
        next += 1
      }
      guard let row = open.min(by: { urgency($0) < urgency($1) }) else { continue }
      let isCertain = row.donor == .unknown || row.donor != .dequeued && !uncertain.contains(row.wait)
      let part = Part(
        begin: begin, end: end, donor: row.donor, evidence: isCertain ? .probe : .inferred(.placedByPicks))
      if let last = parts.last, last.end == begin, last.donor == part.donor, last.evidence == part.evidence {
        parts[parts.count - 1].end = end
      } else {
        parts.append(part)
      }
    }
    return parts
  }

  /// Parts of a window that follow each other without a gap and sum to it.
  func parts(of window: InversionRow) -> [Part] {
    let known = owners[Owner(task: window.owner.index, cpu: window.cpu)] ?? []
    var (low, high) = (0, known.count)
    while low < high {
      let middle = (low + high) / 2
      if known[middle].end <= window.begin { low = middle + 1 } else { high = middle }
    }
    var (parts, end): ([Part], Timestamp) = ([], window.begin)
    func add(_ next: Timestamp, _ donor: DonorPlace, _ evidence: Evidence) {
      guard end < next else { return }
      parts.append(Part(begin: end, end: next, donor: donor, evidence: evidence))
      end = next
    }
    for part in known[low...].prefix(while: { $0.begin < window.end }) {
      add(part.begin, .unknown, .probe)
      add(min(part.end, window.end), part.donor, part.evidence)
    }
    add(window.end, .unknown, .probe)
    // A window without length is a row all the same.
    return parts.isEmpty
      ? [Part(begin: window.begin, end: window.end, donor: .unknown, evidence: .probe)] : parts
  }
}
