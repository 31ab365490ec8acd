import ProxyAnalysis
import ProxyModel
import ProxyReport
import TraceCore

/// Makes a scene of one wait: where it went, the CPUs that took part, its tasks, its locks.
struct SceneBuilder {
  let rows: WindowRows
  let events: PictureEvents.Window
  let text: PictureText
  let window: PictureWindow
  /// Finer than this nothing is told apart: a third of a pixel of a drawing of the usual width.
  let resolution: Int64

  /// More lanes than these are left out, and counted.
  static let (mostCPUs, mostTasks, mostLocks) = (8, 8, 4)

  init(_ rows: WindowRows, _ events: PictureEvents.Window, _ text: PictureText) {
    (self.rows, self.events, self.text, window) = (rows, events, text, rows.window)
    resolution = window.length / 3200
  }

  func scene() -> Scene {
    var scene = Scene(
      title: title, facts: facts, begin: window.begin, end: window.end, focus: focus, text: text)
    let cpus = shownCPUs
    let tasks = shownTasks
    let cpuLanes = cpus.map(cpuLanes)
    let hasDonor = cpuLanes.contains { $0.contains { $0.kind == .donor } }
    scene.groups = [
      Scene.Group(title: "Where the wait went", lanes: markLane + [classLane]),
      Scene.Group(
        title: hasDonor
          ? "CPUs: curr, and above it the donor where it differs" : "CPUs: curr; no donor differs from it",
        lanes: cpuLanes.flatMap { $0 }),
      Scene.Group(title: "Tasks", lanes: tasks.map(taskLane)),
      Scene.Group(title: "Locks", lanes: rows.locks.prefix(Self.mostLocks).map(lockLane)),
    ]
    scene.arrows = arrows(CPUPlaces(cpus, cpuLanes), tasks)
    scene.instants = instants
    let all = scene.groups.flatMap(\.lanes).flatMap(\.bars)
    let styles = Set(all.map(\.style))
    scene.legend = BarStyle.allCases.filter { $0 != .mark && styles.contains($0) }
    let marks = Set(all.compactMap { $0.evidence.map(EvidenceMark.init) })
    scene.evidences = EvidenceMark.allCases.filter(marks.contains)
    return scene
  }

  private var focus: Range<Timestamp> {
    let from = max(window.mark?.begin ?? rows.wait.begin, window.begin)
    let to = min(window.mark.map { $0.begin + $0.length } ?? rows.waitEnd, window.end)
    return from..<max(from, to)
  }

  // MARK: Words

  private var title: String {
    guard let finding = window.finding?.finding else { return waitWords }
    let words = text.person.brief(finding.headline)
    return finding.cost > 0 ? "\(text.person.duration(finding.cost)): \(words)" : words
  }

  private var waitWords: String {
    let wait = rows.wait
    var title = "\(text.name(wait.waiter)) (\(text.nice(wait.waiter.priority))) waited "
    title += "\(text.person.duration(wait.length)) for \(text.person.lock(wait.lock))"
    if let owner = wait.owner { title += ", held by \(text.name(owner)) (\(text.nice(owner.priority)))" }
    return title
  }

  private var facts: [String] {
    let wait = rows.wait
    let parts = WaitClass.allCases.filter { wait.times[$0] > 0 }.sorted { wait.times[$0] > wait.times[$1] }
      .prefix(4).map {
        "\($0.plainName(isProxying: text.isProxying)) \(text.person.share(wait.times[$0], of: wait.length))"
      }
    var facts: [String] = []
    if let finding = window.finding?.finding {
      facts.append(waitWords)
      let detail = text.person.brief(finding.detail)
      if finding.windows > 1, finding.worst.length > 0 {
        let worst = "its worst window of \(finding.windows): \(text.person.duration(finding.worst.length))"
        facts[0] = worst + (detail.isEmpty ? "" : "; \(detail)")
        facts.append(waitWords)
      }
    }
    var first = "wait \(window.wait + 1), \(wait.kind.rawValue)"
    if let inversion = window.inversion { first += ", inversion \(inversion + 1)" }
    facts.append("\(first): \(parts.joined(separator: ", "))")
    if window.end - window.begin < wait.length {
      facts.append("The picture shows \(text.person.duration(window.length)) of it.")
    }
    let missing = missingCPUs
    if missing > 0 { facts.append("\(missing) more CPUs took part and are not drawn.") }
    return facts
  }

  private var instants: [Scene.Instant] {
    var all = [Scene.Instant(time: rows.wait.begin, label: "wait begins")]
    let mine = rows.handoffs.filter { $0.kind == .release && $0.wait == window.wait }
    if let release = mine.last, rows.wait.kind == .mutex { all.append(.init(time: release.begin, label: "released")) }
    if rows.wait.end != nil {
      all.append(.init(time: rows.waitEnd, label: rows.wait.result == .acquired ? "lock taken" : "gave up"))
    }
    return all.filter { $0.time >= window.begin && $0.time <= window.end }.sorted { $0.time < $1.time }
  }

  // MARK: What is shown

  private var involvedCPUs: [CPU] {
    var cpus: Set<CPU> = []
    for run in events.runs where rows.isParticipant(run.task.pid) { cpus.insert(run.cpu) }
    for stretch in events.stretches where rows.isParticipant(stretch.pid) {
      if case .queued(let cpu) = stretch.place { cpus.insert(cpu) }
    }
    for split in rows.splits where rows.isParticipant(split.curr.pid) || rows.isParticipant(split.donor.pid) {
      cpus.insert(split.cpu)
    }
    for picks in rows.idlePicks { cpus.insert(picks.cpu) }
    for (_, inversion) in rows.inversions { cpus.insert(inversion.cpu) }
    return cpus.sorted()
  }

  var shownCPUs: [CPU] { Array(involvedCPUs.prefix(Self.mostCPUs)) }
  private var missingCPUs: Int { involvedCPUs.count - shownCPUs.count }

  /// The tasks of the wait, then others that wait for its lock.
  var shownTasks: [TaskLabel] {
    var tasks = rows.participants
    for (_, other) in rows.waits where other.lock == rows.wait.lock && !rows.isParticipant(other.waiter.pid) {
      if !tasks.contains(where: { $0.pid == other.waiter.pid }) { tasks.append(other.waiter) }
    }
    return Array(tasks.prefix(Self.mostTasks))
  }

  /// What the picture is about, where that is a part of the wait.
  private var markLane: [Scene.Lane] {
    guard let mark = window.mark else { return [] }
    let (begin, end) = (max(mark.begin, window.begin), min(mark.begin + mark.length, window.end))
    guard end > begin else { return [] }
    var (lane, what) = ("marked", "marked")
    if let inversion = window.inversion { (lane, what) = ("inversion \(inversion + 1)", "inversion") }
    if let (rank, finding) = window.finding {
      lane = "finding \(rank)"
      what = finding.kind.rawValue.split(separator: "-").joined(separator: " ")
    }
    let words = "\(what), \(text.person.duration(mark.length))"
    return [
      Scene.Lane(
        label: lane, hover: "what the picture is about", kind: .mark, bars: [bar(begin, end, .mark, words, [title])])
    ]
  }

  private var classLane: Scene.Lane {
    let bars = rows.segments.map { segment in
      bar(
        segment.begin, segment.end, BarStyle(segment.kind), segment.kind.plainName(isProxying: text.isProxying),
        ["\(segment.kind.name): \(segment.kind.plainName(isProxying: text.isProxying))"] + segmentWords(segment),
        segment.evidence)
    }
    return Scene.Lane(
      label: text.name(rows.wait.waiter), hover: "each nanosecond of the wait in its class", kind: .classes,
      bars: Condenser.condense(bars, resolution))
  }

  /// Who has the CPU on which the owner is.
  private func segmentWords(_ segment: SegmentRow) -> [String] {
    var lines: [String] = []
    if let owner = segment.owner { lines.append("owner \(text.name(owner))") }
    if let cpu = segment.cpu, let curr = segment.curr { lines.append("CPU \(cpu) runs \(text.name(curr))") }
    if let donor = segment.donor { lines.append("on the account of \(text.name(donor))") }
    return lines
  }

  func bar(
    _ begin: Timestamp, _ end: Timestamp, _ style: BarStyle, _ label: String, _ hover: [String],
    _ evidence: Evidence? = nil
  ) -> Scene.Bar {
    var lines = hover + [text.stretch(begin, end)]
    if let evidence { lines.append(text.known(evidence)) }
    return Scene.Bar(
      begin: max(begin, window.begin), end: min(end, window.end), style: style, label: label, hover: lines,
      evidence: evidence)
  }
}
