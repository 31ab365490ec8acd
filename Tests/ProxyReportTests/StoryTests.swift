import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore

/// Stories of literal streams: what each line says, and what is folded.
struct StoryTests {
  @Test func theStoryOfALiteralStream() throws {
    let context = Sample.context(Sample.inversion, symbols: [Sample.mutex: "big_mutex"], proxies: true)
    let text = try StoryTeller(context, Sample.inversion).text(0)
    try Golden.expect(text, equals: "story-inversion.txt")
  }

  @Test func aGapIsNamedWithWhatItHides() throws {
    let context = Sample.context()
    let hidden = try #require(context.timeline.waits.firstIndex { $0.touchesGap })
    let text = try StoryTeller(context, Sample.events).text(hidden)
    #expect(text.contains("gap: CPU 1 lost 12 records from 15.001180 to 15.001500"))
    #expect(text.contains("hidden: who ran on these CPUs"))
  }

  @Test func ticksAreNotCalledSeconds() throws {
    let context = Sample.context(Sample.inversion, clock: Sample.counter, proxies: true)
    let text = try StoryTeller(context, Sample.inversion).text(0)
    #expect(text.contains("15000100000 [000] donor:61 queues for"))
    #expect(!text.contains(" ms"))
    #expect(text.contains("where the time went (steps)"))
  }

  @Test func hostileNamesAreEscapedAndFit() throws {
    let trap = Comm([0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x20, 0x20, 0xe2, 0x80, 0xae])
    let events = Sample.inversion.map { Self.renaming($0, 63, trap) }
    let text = try StoryTeller(Sample.context(events, symbols: [Sample.mutex: "\u{1b}]0;" + trap.text]), events).text(0)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(!text.unicodeScalars.contains("\u{202e}"))
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  /// One stretch in which two tasks alternate a hundred times.
  private static var alternation: [SchedEvent] {
    let one = TaskSnapshot(pid: 70, priority: Priority(120), comm: "one")
    let two = TaskSnapshot(pid: 71, priority: Priority(120), comm: "two")
    var events = Array(Sample.inversion.prefix(4))
    events.append(Sample.switched(400, cpu: 0, Sample.owner, .preempted, one))
    for step in UInt64(0)..<100 {
      let (from, to) = step % 2 == 0 ? (one, two) : (two, one)
      events.append(Sample.switched(410 + step * 10, cpu: 0, from, .preempted, to))
    }
    events.append(Sample.switched(2000, cpu: 0, one, .preempted, Sample.owner))
    return events + Sample.inversion.suffix(5)
  }

  @Test func repetitionsAreFoldedIntoOneLine() throws {
    let teller = StoryTeller(Sample.context(Self.alternation, proxies: true), Self.alternation)
    let folded = try teller.text(0)
    // Each direction is told twice before it repeats, and so is the last, after which nothing happens for long.
    #expect(folded.contains("… 95 switches between one:70 and two:71 in 0.940 ms"))
    #expect(folded.split(separator: "\n").filter { $0.contains("==> two:71") }.count == 2)
    let whole = try teller.text(0, showsAll: true)
    #expect(!whole.contains("…"))
    #expect(whole.split(separator: "\n").filter { $0.contains("==> two:71") }.count == 50)
  }

  @Test func foldsAndLinesAddUp() {
    let story = StoryTeller(Sample.context(Self.alternation, proxies: true), Self.alternation).story(0)
    var records = 0
    for entry in story.folded() {
      switch entry {
      case .line(let line): records += line.kind.isRecord ? 1 : 0
      case .fold(let fold): records += fold.records
      }
    }
    #expect(records == story.lines.filter(\.kind.isRecord).count)
  }

  @Test func aWindowIsHighlighted() throws {
    let context = Sample.context(Sample.inversion, proxies: true)
    let window = try #require(context.timeline.inversions.first)
    let story = StoryTeller(context, Sample.inversion).story(window.wait, highlighting: 0)
    for line in story.lines {
      #expect(line.isHighlighted == (line.time >= window.begin && line.time <= window.end))
    }
    let text = try StoryTeller(context, Sample.inversion).text(window.wait, highlighting: 0)
    #expect(text.split(separator: "\n").contains { $0.hasPrefix("> ") && $0.contains("inversion begins (id 1)") })
  }

  @Test func everyRuleOfTheStoryIsInTheLegend() throws {
    let context = Sample.context(Sample.inversion, proxies: true)
    let teller = StoryTeller(context, Sample.inversion)
    let story = teller.story(0)
    let text = try teller.text(0)
    let rules = story.rules(in: context.timeline)
    #expect(rules.contains(.onlyDonor))
    for rule in InferenceRule.allCases {
      #expect(text.contains("\n  ~\(rule.rawValue): ") == rules.contains(rule))
      #expect(text.contains("[~\(rule.rawValue)]") == rules.contains(rule))
    }
  }

  private static func renaming(_ event: SchedEvent, _ pid: Pid, _ comm: Comm) -> SchedEvent {
    func named(_ task: TaskSnapshot) -> TaskSnapshot {
      task.pid == pid ? TaskSnapshot(pid: pid, priority: task.priority, comm: comm) : task
    }
    var event = event
    switch event.body {
    case .switched(let record):
      event.body = .switched(
        SwitchRecord(
          previous: named(record.previous), previousState: record.previousState, next: named(record.next)))
    case .wakeup(let record):
      event.body = .wakeup(WakeRecord(task: named(record.task), targetCPU: record.targetCPU))
    default: break
    }
    return event
  }
}

/// Tells the waits of a capture whose events are in memory.
struct StoryTeller {
  let context: ReportContext
  let events: [SchedEvent]

  init(_ context: ReportContext, _ events: [SchedEvent]) { (self.context, self.events) = (context, events) }

  func story(_ wait: Int, highlighting window: Int? = nil) -> WaitStory {
    var builder = StoryBuilder(of: wait, in: context.timeline, highlighting: window)
    for event in events where !builder.isPast(event) { builder.apply(event) }
    return builder.finish()
  }

  func text(_ wait: Int, highlighting window: Int? = nil, showsAll: Bool = false) throws -> String {
    let sink = ByteSink()
    try StoryText(showsAll: showsAll).write(story(wait, highlighting: window), of: context, to: sink)
    return sink.text
  }
}
