public import TraceCore

/// Whether the traced kernel runs owners on their donors' account, and how that is known.
public struct ProxyVerdict: Sendable, Hashable {
  public enum Answer: String, Sendable, Hashable {
    case on, off
    /// The trace does not show it. Nothing is called proxied then; ``ProxyVerdict/ifProxied`` says how much would be.
    case undecided
  }

  public var answer: Answer
  /// Why.
  public var reasons: [VerdictReason]
  /// `unknown` where nothing shows it or the user said so.
  public var evidence: Evidence
  /// Where it is undecided: time that would be proxied if the kernel proxied, in steps of the trace clock. So between 0 and this
  /// much is.
  public var ifProxied: Int64?

  public init(answer: Answer, reasons: [VerdictReason], evidence: Evidence, ifProxied: Int64? = nil) {
    self.answer = answer
    self.reasons = reasons
    self.evidence = evidence
    self.ifProxied = ifProxied
  }

  /// What decided, by a name: the rule of inference, or what stated it; `nil` where nothing did.
  public var rule: String? {
    if answer == .undecided { return nil }
    return evidence.rule?.rawValue ?? reasons.first?.statement
  }
}

extension VerdictReason {
  /// The name of what is no inference.
  fileprivate var statement: String? {
    switch self {
    case .statedByUser: "user"
    case .kernelWithout(.bootParameter): "bootParameter"
    case .kernelWithout(.configuration): "configuration"
    case .kernelWithout(.symbols): "symbols"
    case .probedDonors, .donorsChosen, .undonated: "probe"
    case .namedDonors: "namedDonor"
    default: nil
    }
  }
}

/// How a capture states, besides its events, that the kernel cannot proxy.
public enum KernelWithoutProxy: Sendable, Hashable {
  /// Its command line has `sched_proxy_exec=` with a value that means no (kernel/sched/core.c, `setup_proxy_exec()`).
  case bootParameter
  /// It was built without `CONFIG_SCHED_PROXY_EXEC`.
  case configuration
  /// Its symbol table, with variables, has none of the scheduler's for proxy execution.
  case symbols
}

/// What a verdict rests on.
public enum VerdictReason: Sendable, Hashable {
  case statedByUser
  /// The capture holds the kernel's own statement.
  case kernelWithout(KernelWithoutProxy)
  /// Switches in which the probe names a donor.
  case probedDonors(UInt64)
  /// Times that a probe saw a donor chosen for a task that ran on.
  case donorsChosen(UInt64)
  /// Times that an event named a donor.
  case namedDonors(UInt64)
  /// Owners that were switched in while a more urgent waiter was blocked on that CPU, and the probe names no donor.
  case undonated(owners: UInt64, probedSwitches: UInt64)
  /// Blocked waiters that moved to another CPU without `sched_migrate_task`.
  case silentMoves(UInt64)
  /// Tasks that were switched in while a more urgent real-time task was queued on that CPU.
  case outranRealTime(UInt64)
  /// The kernel's symbols show that proxy execution is built in; whether it was on they do not.
  case builtIn
  /// Times that a waiter left its CPU idle for a task that was queued there.
  case idledWithWork(UInt64)
  /// Times that a mutex's owner ran while its scheduler had the blocked waiter running.
  case markedDonors(UInt64)
  /// Blocked waiters that stayed runnable for their scheduler.
  case keptWaiters(UInt64)
  /// Blocked waiters that left the runqueue, as their scheduler's marks say.
  case dequeuedWaiters(UInt64)
  /// Blocked waiters that stayed on their CPU while their owner was runnable on another.
  case stayedHome(UInt64)
  /// Owners competed for their waiters' CPU for so many milliseconds, and ran for that share of it (0 to 1); their own weight
  /// would have given them `alone`, their donors' `proxied`.
  case shares(contested: Double, ran: Double, alone: Double, proxied: Double)
  /// Nothing of all this was seen.
  case nothing
}

/// Decides whether the kernel proxies, from the strongest sign down: probes, moves that only a proxying kernel makes, moves
/// that it would have made, and at last whose weight the owners' CPU time fits.
struct VerdictBuilder {
  /// What the user said.
  let forced: Bool?
  private let kernelWithout: KernelWithoutProxy?
  private let isBuiltIn: Bool
  /// Switches with a probe, and those of them in which it named a donor.
  private var probedSwitches: UInt64 = 0
  private var probedDonors: UInt64 = 0

  init(forced: Bool?, kernelWithout: KernelWithoutProxy?, isBuiltIn: Bool = false) {
    self.forced = forced
    self.kernelWithout = kernelWithout
    self.isBuiltIn = isBuiltIn
  }

  /// A probe has read the donor of a switch.
  mutating func countProbe(hasDonor: Bool) {
    probedSwitches += 1
    if hasDonor { probedDonors += 1 }
  }

  /// Decided beyond what later events could change; `nil` as long as it is not.
  func settled(_ signs: ProxySigns) -> Bool? {
    if let forced { return forced }
    if probedDonors > 0 || signs.hypothesis.donorsChosen > 0 { return true }
    // Probes outweigh whatever else it looks like, and may yet deny it.
    if probedSwitches > 0 { return nil }
    if kernelWithout != nil { return false }
    if signs.shared.namedDonors > 0 || !structuralSigns(signs, withWeak: false).isEmpty { return true }
    return signs.contests.isEnough && !signs.shared.hasMarks ? Shares(signs)?.looksProxied : nil
  }

  func verdict(_ signs: ProxySigns) -> ProxyVerdict {
    if let forced { return ProxyVerdict(answer: forced ? .on : .off, reasons: [.statedByUser], evidence: .unknown) }
    if probedDonors > 0 {
      return ProxyVerdict(answer: .on, reasons: [.probedDonors(probedDonors)], evidence: .probe)
    }
    if signs.hypothesis.donorsChosen > 0 {
      return ProxyVerdict(answer: .on, reasons: [.donorsChosen(signs.hypothesis.donorsChosen)], evidence: .probe)
    }
    if let kernelWithout {
      return ProxyVerdict(answer: .off, reasons: [.kernelWithout(kernelWithout)], evidence: .event)
    }
    if signs.shared.namedDonors > 0 {
      return ProxyVerdict(answer: .on, reasons: [.namedDonors(signs.shared.namedDonors)], evidence: .event)
    }
    // A short trace of a kernel that proxies need not have a donor. And one waiter may have missed being picked, for its lag.
    if probedSwitches > 0, signs.hypothesis.undonated >= 2 {
      let reason = VerdictReason.undonated(owners: signs.hypothesis.undonated, probedSwitches: probedSwitches)
      return ProxyVerdict(answer: .off, reasons: [reason], evidence: .probe)
    }
    if let verdict = structural(signs) ?? byShares(signs) { return verdict }
    var reasons: [VerdictReason] = [.nothing]
    if isBuiltIn { reasons.append(.builtIn) }
    return ProxyVerdict(answer: .undecided, reasons: reasons, evidence: .unknown)
  }

  private func structuralSigns(_ signs: ProxySigns, withWeak: Bool) -> [VerdictReason] {
    var reasons: [VerdictReason] = []
    let moves = signs.shared.silentMoves.full + (withWeak ? signs.shared.silentMoves.weak : 0)
    let idled = signs.shared.idledWithWork.full + (withWeak ? signs.shared.idledWithWork.weak : 0)
    if moves > 0 { reasons.append(.silentMoves(moves)) }
    if signs.shared.outranRealTime > 0 { reasons.append(.outranRealTime(signs.shared.outranRealTime)) }
    if idled > 0 { reasons.append(.idledWithWork(idled)) }
    if signs.callbacks.markedDonors > 0 { reasons.append(.markedDonors(signs.callbacks.markedDonors)) }
    if signs.callbacks.keptWaiters > 0 { reasons.append(.keptWaiters(signs.callbacks.keptWaiters)) }
    return reasons
  }

  private func structural(_ signs: ProxySigns) -> ProxyVerdict? {
    // A kernel that proxies leaves no waiter where it blocked: then what is missing explains the weak signs.
    let withWeak = signs.hypothesis.stayed == 0
    let reasons = structuralSigns(signs, withWeak: withWeak)
    if !reasons.isEmpty {
      let (moves, idled) = (signs.shared.silentMoves, signs.shared.idledWithWork)
      let rule: InferenceRule =
        moves.full > 0 || withWeak && moves.weak > 0
        ? .movedSilently
        : signs.shared.outranRealTime > 0
          ? .outranRealTime : idled.full > 0 || withWeak && idled.weak > 0 ? .idledWithWork : .markedDonor
      return ProxyVerdict(answer: .on, reasons: reasons, evidence: .inferred(rule))
    }
    if signs.callbacks.dequeuedWaiters > 0 {
      return ProxyVerdict(
        answer: .off, reasons: [.dequeuedWaiters(signs.callbacks.dequeuedWaiters)],
        evidence: .inferred(.markedDequeue))
    }
    // One may have missed being picked; several have not.
    guard signs.hypothesis.stayed >= 2, reasons.isEmpty else { return nil }
    return ProxyVerdict(
      answer: .off, reasons: [.stayedHome(signs.hypothesis.stayed)], evidence: .inferred(.stayedHome))
  }

  private func byShares(_ signs: ProxySigns) -> ProxyVerdict? {
    guard !signs.shared.hasMarks, let shares = Shares(signs), let isProxied = shares.looksProxied else { return nil }
    return ProxyVerdict(
      answer: isProxied ? .on : .off, reasons: [shares.reason], evidence: .inferred(.ranByDonorsWeight))
  }
}

/// How owners fared where they had to compete, as shares of that time, against what either kernel would give them.
private struct Shares {
  /// In milliseconds.
  private let contested: Double
  private let ran, alone, proxied: Double

  /// `nil` where there was too little competition, or where both kernels would give about the same.
  init?(_ signs: ProxySigns) {
    let (least, difference) = (2e6, 0.2)
    let contests = signs.contests
    guard contests.contested >= least,
      contests.expectedProxied - contests.expectedAlone >= difference * contests.contested
    else { return nil }
    contested = contests.contested / 1e6
    ran = contests.ran / contests.contested
    alone = contests.expectedAlone / contests.contested
    proxied = contests.expectedProxied / contests.contested
  }

  /// Clearly the one or clearly the other: on real captures owners that are proxied come to 0.97 of the way from their own
  /// share to their donors' and more, others to 0.2, in crowds to 0.8.
  var looksProxied: Bool? {
    let way = (ran - alone) / (proxied - alone)
    return way >= 0.95 ? true : way <= 0.5 ? false : nil
  }

  var reason: VerdictReason { .shares(contested: contested, ran: ran, alone: alone, proxied: proxied) }
}
