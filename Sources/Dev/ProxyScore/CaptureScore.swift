public import ProxyModel
import ProxyTraceKit
public import TraceCore
public import TraceTestKit

/// A capture with everything that its reconstruction is scored against.
public struct ScoredCapture: Sendable {
  /// `folder/name` below the captures' directory.
  public var name: String
  public var folder: String { String(name.prefix { $0 != "/" }) }
  /// Whether the kernel proxied, as the name says; `nil` where it does not.
  var proxies: Bool? {
    let parts = name.split(separator: "/").map(String.init)
    for part in parts.reversed() {
      if part.hasPrefix("on-") || part.hasPrefix("proxy-on") || part.hasPrefix("linux72-probed") { return true }
      if part.hasPrefix("off-") || part.hasPrefix("proxy-off") || part.hasPrefix("linux612") || part == "linux-6.12" {
        return false
      }
    }
    return nil
  }

  public var events: [SchedEvent] {
    get { recorded.events }
    set { recorded.events = newValue }
  }
  public var truth: Truth
  public var clock: TraceClock
  /// Whether its clock is the one that the workload read.
  public var comparesWithTruth: Bool { clock.name == "mono" }
  private var recorded: RecordedEvents
  /// What marks tell of `rq->donor`, where the capture has such marks.
  let marked: SplitReference?

  /// Reads a whole capture into memory.
  public init(name: String, path: String, truth: Truth) throws {
    self.name = name
    self.truth = truth
    let session = try CaptureSession(path: path)
    clock = session.info.clock
    recorded = try session.record()
    let hasMarks = recorded.events.contains { if case .mark = $0.body { true } else { false } }
    marked = hasMarks ? try MarkedSplits.reference(path: path, recorded.events) : nil
  }

  /// The model's timeline of the capture.
  public func timeline(ignoringProbes: Bool = false, proxyExecution: Bool? = nil) -> Timeline {
    var recorded = recorded
    recorded.options.ignoresProbes = ignoringProbes
    recorded.options.proxyExecution = proxyExecution
    return recorded.timeline()
  }
}

/// What the reconstruction of one capture, or of several together, is worth.
public struct CaptureScore: Sendable {
  /// Of the capture; empty for a sum of several.
  public var name = ""
  public var folder = ""
  /// Without the probes.
  public var owners = OwnerScore()
  /// Without the probes.
  public var holds = HoldScore()
  /// Without the probes, and with them.
  public var inferredSplits = SplitScore()
  public var inferredSwitchSplits = SplitScore()
  public var probedSplits = SplitScore()
  /// Proxied time that the model claims, without probes and with them: 0 on a kernel that does not proxy.
  public var claimed: Int64 = 0
  public var claimedWithProbes: Int64 = 0
  /// A sched_ext scheduler's callbacks left marks: they tell of donors too.
  public var hasMarks = false
  public var verdict = ""
  /// Whether the kernel proxies: captures decided, and rightly, by how it is known.
  public var verdicts: [Evidence: (known: Int, right: Int)] = [:]
  /// Waits whose ten classes do not sum to their length, and CPUs whose sums do not hold.
  public var brokenLaws = 0
  public var waited: Int64 = 0
  public var inverted: Int64 = 0

  public init() {}

  public init(_ capture: ScoredCapture) {
    let inferred = capture.timeline(ignoringProbes: true)
    let probed = capture.timeline()
    (name, folder, hasMarks) = (capture.name, capture.folder, probed.seen.contains(.running))
    owners = OwnerScore(inferred, capture.truth)
    holds = HoldScore(inferred, capture.truth)
    verdict = inferred.verdict.answer.rawValue
    if inferred.verdict.answer != .undecided, let proxies = capture.proxies {
      let isRight = (inferred.verdict.answer == .on) == proxies
      verdicts[inferred.verdict.evidence] = (1, isRight ? 1 : 0)
    }
    claimed = Self.proxied(inferred)
    claimedWithProbes = Self.proxied(probed)
    if let marked = capture.marked {
      inferredSplits = SplitScore(inferred, marked)
      probedSplits = SplitScore(probed, marked)
    } else if probed.seen.contains(.probedSwitch) || probed.seen.contains(.probedExit) {
      inferredSplits = SplitScore(inferred, events: capture.events)
      inferredSwitchSplits = SplitScore(inferred, events: capture.events, wholeStints: true)
      probedSplits = SplitScore(probed, events: capture.events)
    }
    brokenLaws = Self.brokenLaws(inferred) + Self.brokenLaws(probed)
    let locks = capture.truth.locks
    for wait in inferred.waits where locks.contains(wait.lock) {
      waited += wait.length
      inverted += wait.times[.inverted]
    }
  }

  private static func proxied(_ timeline: Timeline) -> Int64 { timeline.cpus.reduce(0) { $0 + $1.proxied } }

  /// The conservation laws: classes sum to the wait, a CPU's parts to its span and to its busy time.
  static func brokenLaws(_ timeline: Timeline) -> Int {
    timeline.waits.count { wait in
      wait.times.total != wait.length || WaitClass.allCases.contains { wait.times[$0] < 0 }
    }
      + timeline.cpus.count { cpu in
        cpu.busy + cpu.idle + cpu.lost != timeline.span || cpu.own + cpu.proxied + cpu.unknown != cpu.busy
          || cpu.own < 0
      }
  }

  public static func += (a: inout CaptureScore, b: CaptureScore) {
    a.owners += b.owners
    a.holds += b.holds
    a.inferredSplits += b.inferredSplits
    a.inferredSwitchSplits += b.inferredSwitchSplits
    a.probedSplits += b.probedSplits
    a.verdicts.merge(b.verdicts) { ($0.known + $1.known, $0.right + $1.right) }
    a.claimed += b.claimed
    a.claimedWithProbes += b.claimedWithProbes
    a.brokenLaws += b.brokenLaws
    a.waited += b.waited
    a.inverted += b.inverted
  }
}
