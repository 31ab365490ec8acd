import ProxyAnalysis
import ProxyModel
import TraceCore

/// Input = texts, separated by line feeds: `--cpu`, `--from`, `--to`, `--pid`, `--comm`, then names of tasks.
enum FilterFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> [String] {
    let lines = input.split(separator: 0x0a, omittingEmptySubsequences: false).map { Array($0) }
    let texts = lines.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    func text(_ index: Int) -> String { index < texts.count ? texts[index] : "" }
    var violations: [String] = []
    let lists = [NumberList(text(0)), NumberList(text(3))]
    for list in lists.compactMap({ $0 }) where NumberList(list.description) != list {
      violations.append("a list is read as another than it is printed: \(list)")
    }
    let times = [PrintedTime(text(1)), PrintedTime(text(2))]
    for clock in [TraceClock(name: "mono", unit: .nanoseconds), TraceClock(name: "counter", unit: .ticks)] {
      for time in times.compactMap({ $0 }) {
        guard let first = time.earliest(on: clock), let last = time.latest(on: clock) else { continue }
        if first > last { violations.append("a time ends before it begins") }
      }
    }
    var timeline = Timeline()
    timeline.tasks = lines.dropFirst(5).prefix(50).map { TaskRow(id: TaskID(pid: 7, life: 1), comm: Comm($0)) }
    timeline.cpus = [CPURow(cpu: 0), CPURow(cpu: .max)]
    timeline.seen = Set(EventRole.allCases)
    var context = ReportContext(
      capture: CaptureInfo(
        path: "fuzz", format: CaptureFormat(version: 7, compression: "none", isBigEndian: false, longSize: 8),
        clock: TraceClock(name: "mono", unit: .nanoseconds)), timeline: timeline)
    let clock = context.capture.clock
    context.filter = RowFilter(
      cpus: lists[0], from: times[0]?.earliest(on: clock), to: times[1]?.latest(on: clock), pids: lists[1],
      comm: CommPattern(text(4)))
    return violations + OutputRules.violations(of: Report(context))
  }

  static let seeds: [[UInt8]] = [
    "0,2-3\n1.5\n2.000000001\n61,70-79\nkworker/*\nkworker/0:1\nbash",
    "0\n0\n18446744073.709551615\n1-4194304\n[!a-c]?*\\*\nabc\nx*",
    "2147483647-2147483647\n\n\n0-2147483647\n[[:alpha:]]*",
    "1,,2\n-1\n1e9\n3-2\n[\n[", "\n\n\n\n*a*a*a*a*a*a*b\naaaaaaaaaaaaaaa",
  ].map { Array($0.utf8) }
}
