public import TraceCore
import TraceTestKit

/// A way in which records go missing, or times go wrong.
public enum LossKind: String, Sendable, CaseIterable {
  /// One to three stretches of a CPU's records are overwritten, and its pages say so.
  case middle = "middles"
  /// The same, and nothing says so.
  case untoldMiddle = "middles, untold"
  /// A CPU's buffer was overwritten: its records begin later, and its first page says so.
  case late = "late start"
  case untoldLate = "late start, untold"
  /// A CPU's first record is there, and many after it are not.
  case anchored = "late start behind a first record"
  /// A file that is cut off, or a CPU whose data cannot be read to its end.
  case early = "early end"
  case untoldEarly = "early end, untold"
  /// A flight recorder: every CPU keeps its last records, each since another time.
  case flightRecorder = "flight recorder"
  case untoldStarts = "every CPU at another time, untold"
  /// All records of a CPU.
  case missing = "missing CPU"
  case untoldMissing = "missing CPU, untold"
  /// A CPU's clock steps back.
  case stepOfOne = "clock step of a CPU"
  /// All clocks step back at once.
  case stepOfAll = "clock step of all"

  /// Whether the capture tells of what is missing. Then no claim may be wrong.
  public var isTold: Bool {
    switch self {
    case .untoldMiddle, .untoldLate, .untoldEarly, .untoldStarts, .untoldMissing: false
    default: true
    }
  }

  /// Whether times are others than those of the whole capture, so that only laws can be checked.
  public var changesTimes: Bool { self == .stepOfOne || self == .stepOfAll }
}

/// Losses in a capture's events that a seed draws.
public enum SeededLoss {
  /// The kind of loss of a seed: seeds that follow each other go through all.
  public static func kind(_ seed: UInt64) -> LossKind {
    LossKind.allCases[Int(seed % UInt64(LossKind.allCases.count))]
  }

  /// The events with a loss, as a reader would give them.
  public static func events(_ events: [SchedEvent], _ kind: LossKind, seed: UInt64) -> [SchedEvent] {
    let records = EventLoss.withoutQuietEnds(events)
    guard records.count > 40, let begin = records.first?.timestamp, let end = records.last?.timestamp else {
      return events
    }
    var draw = LossDraw(events: records, random: SeededGenerator(seed: seed))
    switch kind {
    case .middle, .untoldMiddle: draw.dropMiddles(isTold: kind.isTold)
    case .late, .untoldLate: draw.drop(draw.cpu(), begin...draw.time(), isTold: kind.isTold)
    case .anchored: draw.dropBehindFirst()
    case .early, .untoldEarly: draw.drop(draw.cpu(), draw.time()...end, isTold: kind.isTold)
    case .flightRecorder, .untoldStarts: draw.dropStarts(isTold: kind.isTold)
    case .missing, .untoldMissing: draw.drop(draw.cpu(), begin...end, isTold: kind.isTold)
    case .stepOfOne: draw.stepBack([draw.cpu()])
    case .stepOfAll: draw.stepBack(draw.cpus)
    }
    return EventLoss.withQuietEnds(draw.events)
  }
}

private struct LossDraw {
  var events: [SchedEvent]
  var random: SeededGenerator

  init(events: [SchedEvent], random: SeededGenerator) { (self.events, self.random) = (events, random) }

  var cpus: [CPU] { Set(events.map(\.cpu)).sorted() }

  mutating func cpu() -> CPU { random.element(cpus) }

  /// Of some event.
  mutating func time() -> Timestamp { events[random.number(0...(events.count - 1))].timestamp }

  mutating func drop(_ cpu: CPU, _ time: ClosedRange<Timestamp>, isTold: Bool) {
    events = EventLoss.drop(from: events, on: cpu, in: time, isCounted: random.oneIn(2), isTold: isTold)
  }

  mutating func dropMiddles(isTold: Bool) {
    let cpu = cpu()
    for _ in 0..<random.number(1...3) where events.count > 40 {
      let first = random.number(0...(events.count - 30))
      // From one record to many.
      let last = min(first + random.element([1, 5, 40, 200, 1000]), events.count - 1)
      let begin = events[first].timestamp
      drop(cpu, begin...max(begin, events[last].timestamp), isTold: isTold)
    }
  }

  mutating func dropBehindFirst() {
    let cpu = cpu()
    guard let first = events.first(where: { $0.cpu == cpu }) else { return }
    let until = time()
    let begin = Timestamp(first.timestamp.rawValue + 1)
    if begin < until { drop(cpu, begin...until, isTold: true) }
  }

  mutating func dropStarts(isTold: Bool) {
    guard let begin = events.first?.timestamp else { return }
    let cpus = cpus
    // The latest of all starts is somewhere in the first half.
    let middle = events[events.count / 2].timestamp
    for cpu in cpus {
      let until = min(time(), middle)
      if let first = events.first?.timestamp, max(first, begin) < until { drop(cpu, begin...until, isTold: isTold) }
    }
  }

  /// From some time on CPUs' clocks are behind. The streams are merged as a reader does: only their next records are compared.
  mutating func stepBack(_ cpus: [CPU]) {
    let since = time()
    let span = (events.last?.timestamp.rawValue ?? 0) - (events.first?.timestamp.rawValue ?? 0)
    let step = min(span / UInt64(random.number(2...1000)) + 1, since.rawValue)
    var streams: [CPU: [SchedEvent]] = [:]
    for var event in events {
      if case .lost = event.body { continue }
      if cpus.contains(event.cpu), event.timestamp >= since {
        event.timestamp = Timestamp(event.timestamp.rawValue - step)
      }
      streams[event.cpu, default: []].append(event)
    }
    var next = streams.mapValues { _ in 0 }
    var merged: [SchedEvent] = []
    while let first = next.filter({ $0.value < streams[$0.key, default: []].count })
      .min(by: { (streams[$0.key]![$0.value].timestamp, $0.key) < (streams[$1.key]![$1.value].timestamp, $1.key) })
    {
      merged.append(streams[first.key]![first.value])
      next[first.key] = first.value + 1
    }
    events = merged
  }
}
