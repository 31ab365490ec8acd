import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore

/// The first screen: it fits a terminal, and shows what cost most.
struct FindingTests {
  private static func text(_ context: ReportContext, width: Int = TextWidth.narrow) throws -> [Substring] {
    let sink = ByteSink()
    try TextReport(width: width).write(Report(context), to: sink)
    return sink.text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  private static func label(_ index: UInt32, _ name: String) -> TaskLabel {
    TaskLabel(
      index: TaskIndex(rawValue: index), pid: Pid(60 + index), comm: Comm(Array(name.utf8)), priority: Priority(100))
  }

  /// A capture with many problems, the greater the later.
  private static func context(_ count: Int, top: Int = 10) -> ReportContext {
    var context = Sample.context(symbols: [Sample.mutex: "big\u{1b}_mutex"], top: top)
    context.timeline.inversions = Rows(
      (0..<count).map { place in
        let begin = Sample.at(UInt64(place * 10_000))
        return InversionRow(
          wait: 0, begin: begin, end: begin + Int64(place + 1) * 400_000, waiter: label(90, "wai\u{1b}ter"),
          lock: Sample.mutex, owner: label(UInt32(place), "owner"), cpu: 1,
          culprits: [.init(task: label(91, "culprit"), ran: 1)], evidence: .event)
      })
    return context
  }

  @Test func goldenFindings() throws {
    let sink = ByteSink()
    try TextReport().write(Report(Self.context(9, top: 7)), to: sink)
    try Golden.expect(sink.text, equals: "findings.txt")
  }

  @Test(arguments: [0, 1, 3, 9, 200], [80, 100, 200]) func theFirstScreenFits(_ count: Int, _ width: Int) throws {
    let lines = try Self.text(Self.context(count), width: width)
    let end = try #require(lines.firstIndex { $0 == "Capture" || $0 == "More findings" })
    for line in lines[..<end] { #expect(line.count <= width) }
    // A line of the terminal is for the next prompt.
    #expect(end - 1 <= 23)
  }

  @Test func theCostliestComesFirstAndTheRestIsNotLost() throws {
    let text = try Self.text(Self.context(9, top: 7)).joined(separator: "\n")
    let first = try #require(text.range(of: " 1  3.600 ms  culprit:151 (nice -20) runs on CPU 1 instead of"))
    let more = try #require(text.range(of: "More findings"))
    #expect(first.lowerBound < more.lowerBound)
    #expect(text[first.upperBound...].prefix(40).contains("owner:68 (nice -20)"))
    #expect(text.contains("and 7 more below"))
    #expect(text.contains("and 3 more: --top 10"))
  }
}
