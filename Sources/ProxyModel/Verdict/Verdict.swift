public import TraceCore

/// Whether the traced kernel runs owners on their donors' account, and how that is known.
public struct ProxyVerdict: Sendable, Hashable {
  public enum Answer: String, Sendable, Hashable {
    case on, off
    /// Nothing in the trace shows it; everything is then reported as without proxy execution.
    case notShown = "not shown"
  }

  public var answer: Answer
  /// Why, as clauses for people.
  public var reasons: [String]
  /// `unknown` where nothing shows it or the user said so.
  public var evidence: Evidence

  public init(answer: Answer, reasons: [String], evidence: Evidence) {
    self.answer = answer
    self.reasons = reasons
    self.evidence = evidence
  }
}

/// Decides whether the kernel proxies, from the strongest sign down: probes, moves that only a proxying kernel makes, moves
/// that it would have made, and at last whose weight the owners' CPU time fits.
struct VerdictBuilder {
  /// What the user said.
  let forced: Bool?
  /// Switches with the probe, and those of them in which it named a donor.
  private var probedSwitches: UInt64 = 0
  private var probedDonors: UInt64 = 0

  init(forced: Bool?) { self.forced = forced }

  mutating func count(_ probe: SwitchProbe) {
    probedSwitches += 1
    if probe.depth > 0 { probedDonors += 1 }
  }

  /// Decided beyond what later events could change; `nil` as long as it is not.
  func settled(_ signs: ProxySigns) -> Bool? {
    if let forced { return forced }
    if probedDonors > 0 || signs.hypothesis.donorsChosen > 0 { return true }
    // Probes outweigh whatever else it looks like, and may yet deny it.
    if probedSwitches > 0 { return nil }
    if signs.shared.namedDonors > 0 || signs.shared.silentMoves > 0 || signs.shared.idledWithWork > 0 { return true }
    if signs.callbacks.markedDonors > 0 || signs.callbacks.keptWaiters > 0 { return true }
    return signs.contests.isEnough && !signs.shared.hasMarks ? Shares(signs)?.looksProxied : nil
  }

  func verdict(_ signs: ProxySigns) -> ProxyVerdict {
    if let forced {
      return ProxyVerdict(answer: forced ? .on : .off, reasons: ["said by the user"], evidence: .unknown)
    }
    if probedDonors > 0 {
      return ProxyVerdict(
        answer: .on, reasons: ["\(count(probedDonors, "switch", "switches")) with a donor in the probe"],
        evidence: .probe)
    }
    if signs.hypothesis.donorsChosen > 0 {
      return ProxyVerdict(
        answer: .on,
        reasons: ["\(count(signs.hypothesis.donorsChosen, "time", "times")) a donor was chosen for a task that ran on"],
        evidence: .probe)
    }
    if signs.shared.namedDonors > 0 {
      return ProxyVerdict(
        answer: .on, reasons: ["\(count(signs.shared.namedDonors, "time", "times")) an event named a donor"],
        evidence: .event)
    }
    // A short trace of a kernel that proxies need not have a donor. And one waiter may have missed being picked, for its lag.
    if probedSwitches > 0, signs.hypothesis.undonated >= 2 {
      return ProxyVerdict(
        answer: .off,
        reasons: [
          "\(signs.hypothesis.undonated) owners were switched in while a more urgent waiter was blocked on that CPU, and the probe "
            + "of \(count(probedSwitches, "switch", "switches")) names no donor"
        ],
        evidence: .probe)
    }
    return structural(signs) ?? byShares(signs)
      ?? ProxyVerdict(
        answer: .notShown,
        reasons: ["no probe, no silent migration, and no owner competed long enough for its waiter's CPU"],
        evidence: .unknown)
  }

  private func structural(_ signs: ProxySigns) -> ProxyVerdict? {
    var reasons: [String] = []
    if signs.shared.silentMoves > 0 {
      let waiters = count(signs.shared.silentMoves, "blocked waiter", "blocked waiters")
      reasons.append("\(waiters) moved to another CPU without sched_migrate_task")
    }
    if signs.shared.idledWithWork > 0 {
      let times = count(signs.shared.idledWithWork, "time", "times")
      reasons.append("\(times) a waiter left its CPU idle for a task that was queued there")
    }
    if signs.callbacks.markedDonors > 0 {
      let times = count(signs.callbacks.markedDonors, "time", "times")
      reasons.append("\(times) a mutex's owner ran while the scheduler had its blocked waiter running")
    }
    if signs.callbacks.keptWaiters > 0 {
      let waiters = count(signs.callbacks.keptWaiters, "blocked waiter", "blocked waiters")
      reasons.append("\(waiters) stayed runnable for the scheduler")
    }
    if !reasons.isEmpty {
      let rule: InferenceRule =
        signs.shared.silentMoves > 0 ? .movedSilently : signs.shared.idledWithWork > 0 ? .idledWithWork : .markedDonor
      return ProxyVerdict(answer: .on, reasons: reasons, evidence: .inferred(rule))
    }
    if signs.callbacks.dequeuedWaiters > 0 {
      let waiters = count(signs.callbacks.dequeuedWaiters, "blocked waiter", "blocked waiters")
      return ProxyVerdict(
        answer: .off, reasons: ["\(waiters) left the runqueue, as the scheduler's stopping marks say, and none stayed"],
        evidence: .inferred(.markedDequeue))
    }
    // One may have missed being picked; several have not.
    guard signs.hypothesis.stayed >= 2 else { return nil }
    return ProxyVerdict(
      answer: .off,
      reasons: [
        "\(signs.hypothesis.stayed) blocked waiters stayed on their CPU while their owner was runnable on another"
      ],
      evidence: .inferred(.stayedHome))
  }

  private func byShares(_ signs: ProxySigns) -> ProxyVerdict? {
    guard !signs.shared.hasMarks, let shares = Shares(signs), let isProxied = shares.looksProxied else { return nil }
    return ProxyVerdict(
      answer: isProxied ? .on : .off, reasons: [shares.description], evidence: .inferred(.ranByDonorsWeight))
  }

  private func count(_ number: UInt64, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
  }
}

/// How owners fared where they had to compete, against what either kernel would give them.
private struct Shares: CustomStringConvertible {
  /// In milliseconds.
  var contested: Double
  var ran, alone, proxied: Double

  /// `nil` where there was too little competition, or where both kernels would give about the same.
  init?(_ signs: ProxySigns) {
    let (least, difference) = (2e6, 0.2)
    guard signs.contests.contested >= least,
      signs.contests.expectedProxied - signs.contests.expectedAlone >= difference * signs.contests.contested
    else {
      return nil
    }
    contested = signs.contests.contested / 1e6
    ran = signs.contests.ran / signs.contests.contested
    alone = signs.contests.expectedAlone / signs.contests.contested
    proxied = signs.contests.expectedProxied / signs.contests.contested
  }

  /// Clearly the one or clearly the other: on real captures owners that are proxied come to 0.97 of the way from their own
  /// share to their donors' and more, others to 0.2, in crowds to 0.8.
  var looksProxied: Bool? {
    let way = (ran - alone) / (proxied - alone)
    return way >= 0.95 ? true : way <= 0.5 ? false : nil
  }

  var description: String {
    "owners that competed for their waiters' CPU ran \(percent(ran)) of \(Int(contested)) ms: "
      + "their own weight gives \(percent(alone)), their donors' \(percent(proxied))"
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
