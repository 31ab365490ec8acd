import ProxyModel
import TraceCore

// What went wrong with a BPF scheduler: donors that it was handed in vain, that the kernel threw it out, a task that it let starve,
// and times in which the kernel scheduled in its stead.

extension ProblemCollector {
  /// Storms of a donor are one problem.
  mutating func collectStorms() {
    guard context.countsNanoseconds else { return }
    let rows = context.rows.enqueues
    for storm in EnqueueStorm.all(in: rows) {
      let row = rows[storm.place]
      problems.add(
        .init(kind: .enqueueStorm, task: row.donor.index),
        Problem.Window(
          begin: storm.begin, end: storm.end, wait: row.wait, waiter: row.donor, cpu: row.cpu, task: row.donor,
          culprit: nil, evidence: row.evidence, place: row.wait.map { .wait($0 + 1) } ?? .capture,
          row: rows.id(at: storm.place) - 1))
    }
  }

  /// What the kernel says of the scheduler is about the capture as a whole: no filter applies.
  mutating func collectScheduler() {
    let summary = timeline.schedExt
    for (row, exit) in summary.exits.enumerated() where ExitReason.isError(exit.reason) {
      add(.schedulerError, from: exit.time, to: exit.time, row: row)
    }
    for (row, stall) in summary.stalls.enumerated() {
      add(.stall, from: stall.time, to: stall.time, row: row, wait: timeline.openWait(of: stall))
    }
    // Bypass begins once while a scheduler is loaded, and once when it is unloaded: that is no problem.
    let activations = summary.counter("BYPASS_ACTIVATE")?.sum ?? 0
    if let bypass = summary.counter("BYPASS_DISPATCH"), bypass.sum > 0, activations > 2 {
      let length = max(0, summary.counter("BYPASS_DURATION")?.sum ?? 0)
      add(.bypass, from: bypass.first, to: bypass.first + min(length, max(0, timeline.end - bypass.first)), row: 0)
    }
  }

  private mutating func add(
    _ kind: Finding.Kind, from begin: Timestamp, to end: Timestamp, row: Int, wait: Int? = nil
  ) {
    problems.add(
      .init(kind: kind),
      Problem.Window(
        begin: begin, end: end, wait: wait, waiter: wait.map { timeline.waits[$0].waiter }, cpu: nil, task: nil,
        culprit: nil, evidence: .event, place: wait.map { .wait($0 + 1) } ?? .capture, row: row))
  }
}

extension Timeline {
  /// The wait that a stalled task was in; `nil` for none.
  fileprivate func openWait(of stall: SchedExtSummary.Stall) -> Int? {
    waits.indices.first { index in
      let wait = waits[index]
      return wait.waiter.pid == stall.pid && wait.begin <= stall.time && wait.begin + wait.length >= stall.time
    }
  }
}

extension FindingWords {
  /// The worst storm.
  var storm: [TextFragment] {
    let rows = ChosenRows(context.timeline.enqueues)
    let row = rows[worst.row]
    let count = EnqueueStorm.storm(at: worst.row, in: rows)?.count ?? 1
    var text: [TextFragment] = [.count(UInt64(count)), " times in a row, with no owner run on its account"]
    if let owner = row.owner {
      text += ["; its mutex's owner ", .task(owner), .plain(" was \(row.ownerState.rawValue)")]
      if let cpu = row.ownerCPU { text += [" on ", .cpu(cpu)] }
    }
    return text
  }

  /// What the kernel says of the scheduler.
  var scheduler: [TextFragment] {
    let summary = context.timeline.schedExt
    switch problem.key.kind {
    case .schedulerError:
      let exit = summary.exits[worst.row]
      let words = ExitReason.words(exit.reason) ?? "an error"
      return [
        "sched_ext: the kernel unloads ", .quote(exit.scheduler.text), .plain(" for \(words) (reason \(exit.reason))"),
      ]
    case .stall:
      let stall = summary.stalls[worst.row]
      return ["sched_ext: "] + schedulerName + [
        .plain(" let "), .quote(stall.task.text), .plain(":\(stall.pid) starve: it was runnable and did not run"),
      ]
    default:
      let count = summary.counter("BYPASS_DISPATCH")?.sum ?? 0
      return [.plain("sched_ext: the kernel dispatched \(count) times in the stead of ")] + schedulerName
    }
  }

  /// What a stalled task waited for, if it did.
  var stalledWait: [TextFragment] {
    guard let place = worst.wait else {
      return context.records(.contentionBegan) ? ["it waited for no lock: the scheduler had it"] : []
    }
    let wait = context.timeline.waits[place]
    var text: [TextFragment] = ["it waits for ", .lock(wait.lock), " since ", .instant(wait.begin)]
    if let owner = wait.owner { text += [", owned by ", .task(owner)] }
    return text
  }

  private var schedulerName: [TextFragment] { context.schedulerName.map { [.quote($0)] } ?? ["the BPF scheduler"] }
}

/// The kernel's numbers for why a BPF scheduler ends (`enum scx_exit_kind`, kernel/sched/ext_internal.h).
enum ExitReason {
  static func isError(_ reason: Int64) -> Bool { reason >= 1024 }

  /// `nil` for a number that is not known.
  static func words(_ reason: Int64) -> String? {
    switch reason {
    case 1: "done"
    case 64: "its program unregistered it"
    case 65: "it unregistered itself"
    case 66: "the kernel unregistered it"
    case 67: "sysrq"
    case 1024: "an error"
    case 1025: "an error that it reported itself"
    case 1026: "a task that did not run"
    default: nil
    }
  }
}

extension ReportContext {
  /// The BPF scheduler's name: as the recorder found it, or as the kernel says when it unloads it. Hostile text.
  public var schedulerName: String? {
    capture.schedulerFacts?.name ?? timeline.schedExt.exits.first?.scheduler.text
  }
}
