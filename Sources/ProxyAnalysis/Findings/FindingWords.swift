import ProxyModel
import TraceCore

/// A context that many hold: it has a hundred parts, each of which counts who holds it.
final class SharedContext: Sendable {
  let context: ReportContext

  init(_ context: ReportContext) { self.context = context }
}

/// A problem in words, short enough for a line or two.
struct FindingWords {
  let problem: Problem
  private let shared: SharedContext

  init(_ problem: Problem, _ context: SharedContext) {
    self.problem = problem
    shared = context
  }

  var context: ReportContext {
    @inline(__always) _read { yield shared.context }
  }

  var worst: Problem.Window { problem.worst }

  private var lock: [TextFragment] { problem.lock.map { [.lock($0)] } ?? [] }

  /// What is wrong, and where.
  var headline: [TextFragment] {
    switch problem.key.kind {
    case .inversion: inversion
    case .donorUnmoved: inversion + ["; its donor was not moved there"]
    case .donorNotPicked: inversion + ["; its donor was there and not picked"]
    case .donorGivenUp: inversion + ["; its donor was given up"]
    case .idleOwner:
      [.cpu(worst.cpu ?? 0), " idles with "] + named(worst.task) + [" runnable, which "]
        + [worst.isTaker ? "is to take " : "owns "] + lock
    case .idleRepick: [.cpu(problem.key.cpu ?? 0), " spins idle: it picks "] + named(worst.task) + picks
    case .slowDonation:
      lock + [.plain("'s owner ran late on a blocked waiter's account, ")] + counted(" times")
    case .slowRelease: lock + [" stayed free "] + counted(" times")
    case .lateWakeup: named(worst.task) + [isHanded ? ", handed " : ", which owns "] + lock + [", was queued late"]
    case .deadlock: deadlock
    case .otherLock: lock + [.plain("\(lockNoun) is waited for; it does not proxy")]
    case .unfinishedWait: waiters + [.plain(" still \(waitVerb) for ")] + lock + [" when the capture ends"]
    case .runningWithoutStopping: callbacks("running", " without stopping")
    case .stoppingWithoutRunning: callbacks("stopping", " without running")
    case .donorRunning: callbacks("running", " for a blocked task that did not start")
    case .undispatchedOwner: callbacks("a callback", " for a task that ran for its donor alone")
    case .enqueueStorm: named(worst.task) + [" was handed back to its scheduler in vain, "] + counted(" times")
    case .schedulerError, .stall, .bypass: scheduler
    }
  }

  /// More of the worst instance.
  var detail: [TextFragment] {
    switch problem.key.kind {
    case .inversion, .donorUnmoved, .donorNotPicked, .donorGivenUp, .idleOwner: othersHeldUp
    case .idleRepick: named(worst.task) + [" is blocked on "] + lock
    case .slowDonation, .slowRelease: steps
    case .lateWakeup: isHanded ? steps : othersHeldUp
    case .otherLock: named(worst.task) + [" waited longest"]
    case .unfinishedWait: worst.task.map { ["held by ", .task($0)] } ?? []
    case .deadlock, .schedulerError: []
    case .enqueueStorm: storm
    case .stall: stalledWait
    case .bypass: ["more often than while it is loaded and unloaded"]
    case .runningWithoutStopping, .stoppingWithoutRunning: clash
    case .donorRunning, .undispatchedOwner: clash + [.plain("; \(CallbackRule(context).meaning)")]
    }
  }

  // MARK: Parts

  private func named(_ task: TaskLabel?) -> [TextFragment] { [task.map(TextFragment.task) ?? "a task"] }

  /// One window needs no count. A number and its noun are not divided at the end of a line, as plain text would be.
  private func counted(_ noun: String) -> [TextFragment] {
    problem.count == 1 ? ["once"] : [.quote("\(problem.count)\(noun)")]
  }

  private var waitVerb: String { problem.rankedWaiters.count > 1 ? "wait" : "waits" }

  /// The first waiter, and how many more.
  private var waiters: [TextFragment] {
    let all = problem.rankedWaiters
    return named(all.first) + (all.count > 1 ? [.plain(" and \(all.count - 1) more")] : [])
  }

  /// Apart from mutexes: other locks do not proxy.
  private var lockNoun: String {
    guard let kind = problem.lockKind, kind != .mutex else { return "" }
    return " (\(kind.rawValue))"
  }

  /// Those that wait for a task, without itself.
  private var othersHeldUp: [TextFragment] {
    let others = problem.rankedWaiters.filter { $0.index != worst.task?.index }
    guard !others.isEmpty else { return [] }
    let more = others.count > 1 ? [TextFragment.plain(" and \(others.count - 1) more")] : []
    return named(others.first) + more + [.plain(others.count > 1 ? " wait for it" : " waits for it")]
  }

  private var inversion: [TextFragment] {
    let culprits = problem.rankedCulprits
    var text = named(culprits.first)
    if culprits.count > 1 { text.append(.plain(" and \(culprits.count - 1) more")) }
    let verb = culprits.count > 1 ? " run" : " runs"
    text += [.plain(problem.cpuCount > 1 ? "\(verb) mostly on " : "\(verb) on "), .cpu(problem.mainCPU ?? 0)]
    return text + [" instead of "] + named(worst.task) + [", which owns "] + lock
  }

  private var picks: [TextFragment] {
    [", which is blocked, ", .quote("\(context.timeline.idlePicks[worst.row].picks) times")]
  }

  private var deadlock: [TextFragment] {
    let chain = context.timeline.chains[worst.row]
    var text: [TextFragment] = []
    for member in chain.deadlocked { text += [.task(member.withoutPriority), " waits for "] }
    if let closing = chain.path.last { text.append(.task(closing.withoutPriority)) }
    return text
  }

  /// Whether a late wakeup is that of a task to which a lock was handed, and not of one that has others wait.
  private var isHanded: Bool { if case .handoff = worst.place { true } else { false } }

  /// The steps of the slowest handoff.
  private var steps: [TextFragment] {
    let row = context.timeline.handoffs[worst.row]
    var text: [TextFragment] = [.task(row.from.withoutPriority), " → ", .task(row.to.withoutPriority), " took "]
    text.append(.duration(row.end - row.begin))
    // A waking before the release belongs to an earlier release, and so do the steps after it.
    guard row.wake ?? 0 >= 0 else { return text }
    var separator = ": "
    // A late wakeup is a finding of its own, and not in the windows of this one.
    let isLate = problem.key.kind == .slowRelease && ProblemCollector.lateWindow(row) != nil
    let names =
      row.kind == .donation
      ? [
        "until its scheduler was asked", "until it was beside the owner", "until it was picked", "until the owner ran",
      ]
      : ["to waking", isLate ? "to wakeup (counted apart)" : "to wakeup", "to switch", "to lock"]
    for (name, part) in zip(names, [row.wake, row.queue, row.run, row.acquire]) {
      guard let part, part * 20 >= row.end - row.begin else { continue }
      text += [.plain(separator), .duration(part), .plain(" \(name)")]
      separator = ", "
    }
    return text
  }

  private func callbacks(_ callback: String, _ what: String) -> [TextFragment] {
    [.plain("sched_ext: \(callback)\(what), ")] + counted(" times")
  }

  private var clash: [TextFragment] {
    let row = context.timeline.pairing[worst.row]
    var text: [TextFragment] = [
      .plain("\(row.callback.name) of "), .task(row.task.withoutPriority), " on ", .cpu(row.cpu),
    ]
    if let clash = row.clash {
      let what = clash.what == .switchedIn ? "the switch to" : "\(clash.what.rawValue) of"
      text += [.plain(", \(what) "), .task(clash.task.withoutPriority), " at ", .instant(clash.time)]
    }
    return text
  }
}
