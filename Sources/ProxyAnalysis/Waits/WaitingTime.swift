import ProxyModel
import TraceCore

/// Where the waiting time went: all chosen waits for mutexes together, class by class.
enum WaitingTime {
  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    var times = ClassTimes()
    var (whole, other): (Int64, Int64) = (0, 0)
    var otherCount = 0
    for wait in context.rows.waits {
      if wait.kind == .mutex {
        times += wait.times
        whole &+= wait.length
      } else {
        other &+= wait.length
        otherCount += 1
      }
    }
    var content: [SummaryBlock.Content] = []
    if whole > 0 {
      content.append(.bars(WaitClass.allCases.map { Bar($0.name, part: times[$0], whole: whole) }))
    }
    if otherCount > 0 {
      let waits = "\(otherCount) \(otherCount == 1 ? "wait" : "waits")"
      content.append(
        .line([.plain("besides \(waits) for other locks than mutexes, which do not proxy: "), .duration(other)]))
    }
    return content.isEmpty ? [] : [SummaryBlock(.waitingTime, "Where the time waiting for mutexes went", content)]
  }
}
