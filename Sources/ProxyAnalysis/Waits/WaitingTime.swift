package import ProxyModel
import TraceCore

/// Where the waiting time went: all chosen waits for mutexes together, class by class.
enum WaitingTime {
  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let sums = context.waitSums
    let (times, whole, other, otherCount) = (sums.times, sums.mutexLength, sums.otherLength, sums.otherCount)
    var content: [SummaryBlock.Content] = []
    if whole > 0 {
      let parts = WaitClass.allCases.filter { times[$0] != 0 }.sorted {
        (times[$1], $0.rawValue) < (times[$0], $1.rawValue)
      }
      let isProxying = context.timeline.verdict.answer == .on
      content.append(
        .bars(parts.map { Bar($0.plainName(isProxying: isProxying), part: times[$0], whole: whole) }))
    }
    if otherCount > 0 {
      let waits = "\(otherCount) \(otherCount == 1 ? "wait" : "waits")"
      content.append(
        .line([.plain("besides \(waits) for other locks than mutexes, which do not proxy: "), .duration(other)]))
    }
    return content.isEmpty ? [] : [SummaryBlock(.waitingTime, "Where the waiting for mutexes went", content)]
  }
}

extension WaitClass {
  /// The class in words that need no manual.
  /// - Parameter isProxying: whether the kernel runs owners on their donors' account.
  package func plainName(isProxying: Bool) -> String {
    switch self {
    case .own: "waiter spinning"
    case .handoff: "lock free, handoff"
    case .unknown: "owner not known"
    case .proxied: "owner ran, boosted"
    case .running: isProxying ? "owner ran, unboosted" : "owner ran"
    case .inverted: "lesser task ran"
    case .preempted: "equal task ran"
    case .delayed: "owner on idle CPU"
    case .waking: "owner being woken"
    case .sleeping: "owner asleep"
    }
  }
}
