import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore

/// The parts of the text report that an analysis of the tests fills: findings, bars, results that are not computed.
struct FindingTests {
  private enum Alarm: Analysis {
    static let name = "alarm"
    static let purpose = "what is wrong"
    static let needs: [EventNeed] = []

    static func tables(_ context: ReportContext) -> [Table] { [] }

    static func findings(_ context: ReportContext) -> [FindingKey] {
      [
        FindingKey(.inversion, cost: 1_000_000, time: Sample.at(1), place: 1),
        FindingKey(.inversion, cost: 2_345_600, time: Sample.at(2), place: 2),
        FindingKey(.broken, cost: 0, time: Sample.at(3), place: 3),
      ]
    }

    static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
      let label = TaskLabel(index: TaskIndex(rawValue: 0), pid: 61, comm: "do\u{1b}nor", priority: Priority(100))
      let texts: [[TextFragment]] = [
        [.task(label), " waited"], [.task(label), " waited longer"], ["nothing goes on"],
      ]
      return Finding(
        key.gravity, kind: "\(key.gravity)", cost: key.cost, time: key.time, text: texts[Int(key.place) - 1],
        lock: Sample.mutex, table: "alarms", row: Int(key.place))
    }

    static func blocks(_ context: ReportContext) -> [SummaryBlock] {
      [
        SummaryBlock(
          .waitingTime, "Where the waiting time went",
          [
            .bars([
              Bar("proxied", part: 750, whole: 1000), Bar("inverted", part: 1, whole: 1000),
              Bar("delayed", part: 0, whole: 1000),
            ])
          ])
      ]
    }

    static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
      [UnavailableResult("the donor, exactly", needs: [.event(.probedSwitch)])]
    }
  }

  @Test func everyPartIsShown() throws {
    let sink = ByteSink()
    let context = Sample.context(symbols: [Sample.mutex: "big_mutex"], top: 2)
    try TextReport().write(Report(context, analyses: [Alarm.self]), to: sink)
    try Golden.expect(sink.text, equals: "findings.txt")
  }
}
