public import ProxyAnalysis
import ProxyModel
public import TraceCore

/// What there is to say of a finding, or of a lock, before the story of its worst instance.
public struct FindingText {
  private let style: TextStyle

  /// A renderer.
  public init(isColoured: Bool = false, width: Int = TextWidth.narrow) {
    style = TextStyle(isColoured: isColoured, width: width)
  }

  /// Writes the finding with an id, and its longest windows.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(finding id: Int, of report: Report, to sink: ByteSink) throws(OutputError) {
    let finding = report.findings[id - 1]
    let fragments = FragmentText(report.context)
    var lines = [style.paint("finding \(id): \(finding.kind.rawValue)", .heading)]
    lines += FindingLines([(rank: id, finding: finding)], report.context, style).lines(id, finding)
    let (from, to) = (fragments.cell(.instant(finding.begin)), fragments.cell(.instant(finding.end)))
    lines += style.wrap("seen from \(from) to \(to)", indent: 2)
    if finding.waiters.count > 1 {
      let names = finding.waiters.map { fragments.cell(.task($0)) }
      lines += style.wrap(
        "held up: \(names.prefix(20).joined(separator: ", "))" + (names.count > 20 ? " …" : ""), indent: 2)
    }
    if finding.instances.count > 1 {
      lines.append("  its longest windows:")
      for instance in finding.instances {
        let length = TextLayout.flushRight(fragments.sentence([.duration(instance.length)]), 14)
        lines.append("  \(length)  at \(fragments.cell(.instant(instance.begin)))  explain \(instance.place.option)")
      }
    }
    try put(lines + [""], sink)
  }

  /// Writes what a lock cost: its waits by class, its longest waits and holds, and the findings that are about it.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(lock: LockAddress, of report: Report, to sink: ByteSink) throws(OutputError) {
    let (context, fragments) = (report.context, FragmentText(report.context))
    let waits = context.timeline.waits.enumerated().filter { $0.element.lock == lock }
    var times = ClassTimes()
    for wait in waits { times += wait.element.times }
    let kinds = Set(waits.map(\.element.kind.rawValue)).sorted().joined(separator: "+")
    var lines = [style.paint("lock \(fragments.cell(.lock(lock))) (\(kinds))", .heading)]
    let total = fragments.sentence([.duration(times.total)])
    lines.append("  \(NumberText.counted(UInt64(waits.count), "wait")), \(total) in all")
    lines += TextLayout.bars(times, context, style)
    lines.append("  its longest waits:")
    for wait in waits.sorted(by: { ($1.element.length, $0.offset) < ($0.element.length, $1.offset) }).prefix(10) {
      let length = TextLayout.flushRight(fragments.sentence([.duration(wait.element.length)]), 14)
      lines.append("  \(length)  \(fragments.cell(.task(wait.element.waiter)))  explain --wait \(wait.offset + 1)")
    }
    let holds = context.timeline.holds.filter { $0.lock == lock }.sorted { $1.end - $1.begin < $0.end - $0.begin }
    if !holds.isEmpty { lines.append("  its longest contended holds:") }
    for hold in holds.prefix(5) {
      let length = TextLayout.flushRight(fragments.sentence([.duration(hold.end - hold.begin)]), 14)
      lines.append(
        "  \(length)  \(fragments.cell(.task(hold.owner)))  from \(fragments.cell(.instant(hold.begin)))  [\(hold.evidence.name)]"
      )
    }
    let found = report.findings.enumerated().filter { $0.element.lock == lock }.prefix(10).map {
      (rank: $0.offset + 1, finding: $0.element)
    }
    if !found.isEmpty {
      lines.append("  findings:")
      let texts = FindingLines(found, context, style)
      for (rank, finding) in found { lines += texts.lines(rank, finding) }
    }
    try put(lines + [""], sink)
  }

  private func put(_ lines: [String], _ sink: ByteSink) throws(OutputError) {
    for line in lines { try sink.write(line + "\n") }
  }
}
