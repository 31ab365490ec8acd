import ProxyAnalysis
import ProxyModel
import ProxyReport
import TraceCore

/// Tracks of what the model says: donors, waits, holds, inversion windows, findings, counters; and the flows between them.
struct PerfettoTracks {
  private let report: Report
  private let timeline: Timeline
  private let person: PersonText
  /// Waits by waiter, in order of time.
  private var waitsByTask: [TaskIndex: [(begin: Timestamp, end: Timestamp, id: Int)]] = [:]

  init(_ report: Report) {
    self.report = report
    timeline = report.context.timeline
    person = PersonText(report.context)
  }

  mutating func write(to packets: inout PerfettoPackets) throws(OutputError) {
    for (place, wait) in timeline.waits.enumerated() {
      waitsByTask[wait.waiter.index, default: []].append((wait.begin, wait.begin + wait.length, place + 1))
    }
    try writeFindings(&packets)
    try writeDonors(&packets)
    try writeWaits(&packets)
    try writeHolds(&packets)
    try writeInversions(&packets)
    try writeHandoffs(&packets)
    try writeWaiters(&packets)
  }

  // MARK: Flows

  /// The first byte tells flows of different kinds apart.
  private enum Flow: UInt64 {
    case donation = 1
    case handoff = 2

    func id(_ number: Int) -> UInt64 { 0x7000_0000_0000_0000 | rawValue << 56 | UInt64(number) }
  }

  /// Ids of the waits of a task at an instant.
  private func waits(of task: TaskIndex, at time: Timestamp) -> [Int] {
    guard let all = waitsByTask[task] else { return [] }
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].begin <= time { low = middle + 1 } else { high = middle }
    }
    // A task waits for one lock at a time; only a wait whose end is lost can overlap the next.
    return all[max(0, low - 2)..<low].filter { $0.end > time }.map(\.id)
  }

  // MARK: Tracks

  private func writeFindings(_ packets: inout PerfettoPackets) throws(OutputError) {
    guard !report.findings.isEmpty else { return }
    var lanes = PerfettoLanes("Findings", nil, rank: -20)
    let ranked = report.findings.enumerated().sorted {
      ($0.element.worst.begin, $0.offset) < ($1.element.worst.begin, $1.offset)
    }
    for (rank, finding) in ranked {
      let end = finding.worst.begin + max(finding.worst.length, 1)
      let track = try lanes.track(finding.worst.begin, end, &packets)
      var notes: PerfettoPackets.Notes = [
        ("rank", .integer(Int64(rank + 1))), ("cost_ns", .integer(finding.cost)),
        ("waits", .integer(Int64(finding.waits))), ("windows", .integer(Int64(finding.windows))),
        ("worst_ns", .integer(finding.worst.length)), ("text", .prose(person.sentence(finding.text))),
        ("explain", .prose(finding.worst.place.option)),
      ]
      if let lock = finding.lock { notes += self.notes(lock) }
      try packets.begin(track, finding.worst.begin, finding.kind.rawValue, notes + self.notes(finding.evidence))
      try packets.end(track, end)
    }
  }

  private func writeDonors(_ packets: inout PerfettoPackets) throws(OutputError) {
    let root = try packets.track(
      "Donors (rq->donor)", rank: -19, ordersChildren: true, about: "On whose account a CPU runs, where not on curr's")
    var tracks: [CPU: PerfettoLanes] = [:]
    for cpu in timeline.cpus.map(\.cpu) { tracks[cpu] = PerfettoLanes("CPU \(cpu) donor", root, rank: Int(cpu)) }
    for split in timeline.splits {
      let track = try tracks[split.cpu, default: PerfettoLanes("CPU \(split.cpu) donor", root, rank: Int(split.cpu))]
        .track(split.begin, split.end, &packets)
      var notes = self.notes("donor", split.donor) + self.notes("curr", split.curr) + self.notes(split.evidence)
      if let depth = split.depth { notes.append(("depth", .integer(Int64(depth)))) }
      try packets.begin(
        track, split.begin, "\(name(split.donor)) → \(name(split.curr))", notes,
        flows: waits(of: split.donor.index, at: split.begin).map(Flow.donation.id))
      try packets.end(track, split.end)
    }
    try writeDonated(root, &packets)
  }

  /// Time donated so far, over all CPUs.
  private func writeDonated(_ root: UInt64, _ packets: inout PerfettoPackets) throws(OutputError) {
    guard !timeline.splits.isEmpty else { return }
    let track = try packets.track("Donated time", in: root, rank: 1 << 20, unit: "ns")
    try packets.count(track, timeline.begin, 0)
    var sum: Int64 = 0
    for split in timeline.splits.map({ ($0.end, $0.end - $0.begin) }).sorted(by: { $0.0 < $1.0 }) {
      sum &+= split.1
      try packets.count(track, split.0, sum)
    }
  }

  private func writeWaits(_ packets: inout PerfettoPackets) throws(OutputError) {
    let root = try packets.track(
      "Waits", rank: -18, ordersChildren: true, about: "Waits for sleeping locks; inside, what the time went to")
    var segments: [Int: [SegmentRow]] = [:]
    for segment in timeline.segments { segments[segment.wait, default: []].append(segment) }
    var tracks: [TaskIndex: PerfettoLanes] = [:]
    for (place, wait) in timeline.waits.enumerated() {
      let end = wait.begin + wait.length
      let task = wait.waiter.index
      var lanes = tracks[task] ?? PerfettoLanes(name(wait.waiter), root, rank: Int(task.rawValue))
      let track = try lanes.track(wait.begin, end, &packets)
      tracks[task] = lanes
      try packets.begin(
        track, wait.begin, "waits for \(person.lock(wait.lock))", notes(wait, place),
        flows: [Flow.donation.id(place + 1)])
      for segment in segments[place] ?? [] {
        try packets.begin(track, segment.begin, segment.kind.name, notes(segment.evidence))
        try packets.end(track, segment.end)
      }
      try packets.end(track, end)
    }
  }

  private func writeHolds(_ packets: inout PerfettoPackets) throws(OutputError) {
    let root = try packets.track(
      "Lock holds", rank: -17, ordersChildren: true, about: "Who held a lock while others waited for it")
    var tracks: [LockAddress: PerfettoLanes] = [:]
    for (place, hold) in timeline.holds.enumerated() {
      var lanes = tracks[hold.lock] ?? PerfettoLanes(person.lock(hold.lock), root, rank: tracks.count)
      let track = try lanes.track(hold.begin, hold.end, &packets)
      tracks[hold.lock] = lanes
      try packets.begin(
        track, hold.begin, name(hold.owner),
        [("hold_id", .integer(Int64(place + 1))), ("waiters", .integer(Int64(hold.waiters)))]
          + notes(hold.lock) + notes("owner", hold.owner) + notes(hold.evidence))
      try packets.end(track, hold.end)
    }
  }

  private func writeInversions(_ packets: inout PerfettoPackets) throws(OutputError) {
    guard !timeline.inversions.isEmpty else { return }
    var lanes = PerfettoLanes("Inversions", nil, rank: -16)
    for (place, window) in timeline.inversions.enumerated() {
      let track = try lanes.track(window.begin, window.end, &packets)
      var notes: PerfettoPackets.Notes = [
        ("inversion_id", .integer(Int64(place + 1))), ("wait_id", .integer(Int64(window.wait + 1))),
        ("cpu", .integer(Int64(window.cpu))),
      ]
      notes += self.notes(window.lock) + self.notes("waiter", window.waiter) + self.notes("owner", window.owner)
      if let culprit = window.culprits.first?.task { notes += self.notes("culprit", culprit) }
      let culprit = window.culprits.first.map { name($0.task) } ?? "a task"
      try packets.begin(
        track, window.begin, "\(name(window.waiter)) behind \(culprit)", notes + self.notes(window.evidence))
      try packets.end(track, window.end)
    }
  }

  /// Release, waking and acquisition, joined by a flow.
  private func writeHandoffs(_ packets: inout PerfettoPackets) throws(OutputError) {
    let root = try packets.track("Handoffs", rank: -15, ordersChildren: true, about: "Release, waking, acquisition")
    var tracks: [TaskIndex: UInt64] = [:]
    func track(_ task: TaskLabel, _ packets: inout PerfettoPackets) throws(OutputError) -> UInt64 {
      if let known = tracks[task.index] { return known }
      let new = try packets.track(name(task), in: root, rank: Int(task.index.rawValue))
      tracks[task.index] = new
      return new
    }
    for (place, handoff) in timeline.handoffs.enumerated() where handoff.kind == .release {
      let flow = [Flow.handoff.id(place + 1)]
      var notes: PerfettoPackets.Notes = [
        ("handoff_id", .integer(Int64(place + 1))), ("wait_id", .integer(Int64(handoff.wait + 1))),
        ("latency_ns", .integer(handoff.end - handoff.begin)),
      ]
      let parts = [
        ("wake_ns", handoff.wake), ("queue_ns", handoff.queue), ("run_ns", handoff.run),
        ("acquire_ns", handoff.acquire),
      ]
      for (name, part) in parts { if let part { notes.append((name, .integer(part))) } }
      notes += self.notes(handoff.lock) + self.notes(handoff.evidence)
      let (from, to) = (try track(handoff.from, &packets), try track(handoff.to, &packets))
      try packets.instant(from, handoff.begin, "releases \(person.lock(handoff.lock))", notes, flows: flow)
      if let wake = handoff.wake, wake >= 0, handoff.begin + wake < handoff.end {
        try packets.instant(to, handoff.begin + wake, "is woken", flows: flow)
      }
      try packets.instant(to, handoff.end, "takes \(person.lock(handoff.lock))", ending: flow)
    }
  }

  /// How many wait for each lock.
  private func writeWaiters(_ packets: inout PerfettoPackets) throws(OutputError) {
    var changes: [LockAddress: [(time: Timestamp, change: Int64)]] = [:]
    for wait in timeline.waits {
      changes[wait.lock, default: []].append((wait.begin, 1))
      changes[wait.lock, default: []].append((wait.begin + wait.length, -1))
    }
    guard !changes.isEmpty else { return }
    let root = try packets.track("Waiters", rank: -14, ordersChildren: true, about: "How many wait for a lock")
    for (rank, lock) in changes.keys.sorted().enumerated() {
      let track = try packets.track(person.lock(lock), in: root, rank: rank, unit: "waiters")
      var count: Int64 = 0
      for change in (changes[lock] ?? []).sorted(by: { ($0.time, $0.change) < ($1.time, $1.change) }) {
        count += change.change
        try packets.count(track, change.time, count)
      }
    }
  }

  // MARK: Annotations

  private func notes(_ wait: WaitRow, _ place: Int) -> PerfettoPackets.Notes {
    var notes: PerfettoPackets.Notes = [("wait_id", .integer(Int64(place + 1))), ("kind", .text(wait.kind.rawValue))]
    notes += self.notes(wait.lock) + [("wait_ns", .integer(wait.length)), ("depth", .integer(Int64(wait.depth)))]
    for kind in WaitClass.allCases { notes.append(("\(kind.name)_ns", .integer(wait.times[kind]))) }
    if let owner = wait.owner { notes += self.notes("owner", owner) }
    return notes + self.notes(wait.ownerEvidence)
  }

  private func notes(_ lock: LockAddress) -> PerfettoPackets.Notes {
    [("lock", .address(lock.rawValue))] + (report.context.symbols[lock].map { [("symbol", .text($0))] } ?? [])
  }

  private func notes(_ prefix: String, _ task: TaskLabel) -> PerfettoPackets.Notes {
    var notes: PerfettoPackets.Notes = [
      ("\(prefix)_pid", .integer(Int64(task.pid))), ("\(prefix)_comm", .text(task.comm.text)),
    ]
    if let priority = task.priority { notes.append(("\(prefix)_prio", .integer(Int64(priority.rawValue)))) }
    return notes
  }

  private func notes(_ evidence: Evidence) -> PerfettoPackets.Notes {
    [("evidence", .text(evidence.name))] + (evidence.rule.map { [("rule", .text($0.rawValue))] } ?? [])
  }

  private func name(_ task: TaskLabel) -> String { person.task(task) }
}

/// Tracks of one name, as many as slices overlap: on one track slices must nest.
struct PerfettoLanes {
  private let name: String
  private let parent: UInt64?
  private let rank: Int
  private var tracks: [(id: UInt64, free: Timestamp)] = []

  init(_ name: String, _ parent: UInt64?, rank: Int) {
    (self.name, self.parent, self.rank) = (name, parent, rank)
  }

  /// A track on which nothing is under way at `begin`. Slices must come in order of their beginning.
  mutating func track(
    _ begin: Timestamp, _ end: Timestamp, _ packets: inout PerfettoPackets
  ) throws(OutputError) -> UInt64 {
    if let place = tracks.firstIndex(where: { $0.free <= begin }) {
      tracks[place].free = end
      return tracks[place].id
    }
    let id = try packets.track(name, in: parent, rank: rank)
    tracks.append((id, end))
    return id
  }
}
