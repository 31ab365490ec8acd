import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// The story of one wait: donor 61 blocks on a mutex of 60, which runs on its account, is kept from running, and releases.
struct StoryTests {
  private static func snapshot(_ task: TaskLabel) -> TaskSnapshot {
    TaskSnapshot(pid: task.pid, priority: task.priority ?? Priority(120), comm: task.comm)
  }

  private static func event(_ time: Int64, _ task: TaskLabel, cpu: CPU = 0, _ body: EventBody) -> SchedEvent {
    SchedEvent(timestamp: Literal.at(time), cpu: cpu, pid: task.pid, body: body)
  }

  private static func switched(
    _ time: Int64, _ previous: TaskLabel, _ state: TaskState, _ next: TaskLabel, cpu: CPU = 0
  ) -> SchedEvent {
    let record = SwitchRecord(previous: snapshot(previous), previousState: state, next: snapshot(next))
    return event(time, previous, cpu: cpu, .switched(record))
  }

  private static let (waiter, owner, middle, other) = (Literal.waiter, Literal.owner, Literal.middle, Literal.other)
  private static let wake = WakeRecord(task: snapshot(Literal.waiter), targetCPU: 0)

  private static let begin: [SchedEvent] = [
    switched(50, owner, .preempted, waiter),
    event(100, waiter, .contentionBegan(lock: Literal.lockA, flags: .mutex)),
    switched(110, waiter, .uninterruptible, owner),
    // Another CPU, and tasks that have no part in it.
    switched(200, other, .preempted, middle, cpu: 1),
  ]
  private static let end: [SchedEvent] = [
    event(400, owner, .contendedRelease(lock: Literal.lockA)), event(410, owner, .waking(wake)),
    event(420, owner, .wakeup(wake)), switched(490, owner, .preempted, waiter),
    event(500, waiter, .contentionEnded(lock: Literal.lockA, result: 0)),
  ]
  private static let interruption: [SchedEvent] = [
    switched(350, owner, .preempted, middle), switched(380, middle, .interruptible, owner),
  ]

  private static func timeline(_ change: (inout Timeline) -> Void = { _ in }) -> Timeline {
    Literal.timeline {
      $0.verdict = ProxyVerdict(answer: .on, reasons: [], evidence: .probe)
      $0.waits = [Literal.wait(.mutex, waiter, from: 100, for: 400, owner: owner, depth: 1)]
      $0.chains = [
        ChainRow(
          wait: 0, begin: Literal.at(100), end: Literal.at(400), path: [waiter, owner], locks: [Literal.lockA],
          terminalState: .running, evidence: .event)
      ]
      $0.splits = [
        SplitRow(
          cpu: 0, begin: Literal.at(110), end: Literal.at(300), donor: waiter, curr: owner, depth: 1,
          evidence: .inferred(.oneOfSeveral))
      ]
      $0.handoffs = [
        HandoffRow(
          kind: .release, wait: 0, lock: Literal.lockA, from: owner, to: waiter, begin: Literal.at(400),
          end: Literal.at(500), wake: 10_000, queue: 10_000, run: 70_000, acquire: 10_000, migrated: false,
          evidence: .event)
      ]
      change(&$0)
    }
  }

  private static func story(
    _ timeline: Timeline, _ events: [SchedEvent], highlighting window: Int? = nil
  ) -> WaitStory {
    var builder = StoryBuilder(of: 0, in: timeline, highlighting: window)
    for event in events where !builder.isPast(event) { builder.apply(event) }
    return builder.finish()
  }

  private static func texts(_ story: WaitStory) -> [String] {
    story.lines.map { "\(Cell.instant($0.time).shown) \($0.text.shown)" }
  }

  @Test func recordsAndFactsAreInOrder() {
    let story = Self.story(Self.timeline(), Self.begin + Self.interruption + Self.end)
    #expect(
      Self.texts(story) == [
        "@50 before: waiter:61 was switched in",
        "@50 before: owner:60 left the CPU (R+)",
        "@100 waiter:61 queues for 0xa0",
        "@100 chain: waiter:61 waits for 0xa0, held by owner:60 (running)",
        "@110 waiter:61 (D) ==> owner:60: it blocks, and may donate from now on",
        "@110 owner:60 runs on the account of waiter:61 for 190000ns",
        "@350 owner:60 (R+) ==> middle:62",
        "@380 middle:62 (S) ==> owner:60: the owner runs on its own account",
        "@400 owner:60 releases 0xa0",
        "@410 owner:60 wakes waiter:61, last on CPU 0, 10000ns after the release",
        "@420 waiter:61 is queued on CPU 0, 20000ns after the release",
        "@490 owner:60 (R+) ==> waiter:61: the waiter runs, 90000ns after the release",
        "@500 waiter:61 acquires 0xa0, 100000ns after the release",
        "@500 handoff from owner:60 took 100000ns: 10000ns to the waking, 10000ns to the wakeup, 70000ns to the switch, "
          + "10000ns to the lock",
      ])
    #expect(story.lines.filter { !$0.kind.isRecord }.map(\.kind) == [.before, .before, .chain, .ranFor, .handedOff])
    #expect(story.rules(in: Self.timeline()) == [.oneOfSeveral])
  }

  @Test func aKernelThatDoesNotProxyHasNoDonors() {
    let timeline = Self.timeline {
      $0.verdict = ProxyVerdict(answer: .off, reasons: [], evidence: .probe)
      $0.splits = []
    }
    let texts = Self.texts(Self.story(timeline, Self.begin + Self.interruption + Self.end))
    #expect(texts.contains("@110 waiter:61 (D) ==> owner:60: the waiter sleeps"))
    #expect(texts.contains("@380 middle:62 (S) ==> owner:60: the owner runs"))
  }

  /// A task that is as urgent as the waiter may run instead of the owner.
  @Test func anUrgentTaskIsSaidToBeOne() {
    let events = Self.begin + [Self.switched(350, Self.owner, .preempted, Self.other)] + Self.end
    #expect(
      Self.texts(Self.story(Self.timeline(), events)).contains(
        "@350 owner:60 (R+) ==> other:63: no less urgent than the waiter"))
  }

  /// A reader who asks for a window sees its lines marked, with the instants at its edges.
  @Test func aWindowIsHighlighted() {
    let timeline = Self.timeline {
      $0.inversions = [
        InversionRow(
          wait: 0, begin: Literal.at(350), end: Literal.at(380), waiter: Self.waiter, lock: Literal.lockA,
          owner: Self.owner, cpu: 0, culprits: [InversionRow.Culprit(task: Self.middle, ran: 30_000)], evidence: .event)
      ]
    }
    let story = Self.story(timeline, Self.begin + Self.interruption + Self.end, highlighting: 0)
    #expect(
      zip(Self.texts(story), story.lines).filter(\.1.isHighlighted).map(\.0) == [
        "@350 owner:60 (R+) ==> middle:62",
        "@350 inversion begins (id 1): owner:60 is runnable, middle:62 runs instead",
        "@380 middle:62 (S) ==> owner:60: the owner runs on its own account",
        "@380 inversion ends (id 1) after 30000ns",
      ])
  }

  @Test func anOpenWaitSaysThatTheTraceEnds() {
    let timeline = Self.timeline {
      $0.waits = [Literal.wait(.mutex, Self.waiter, from: 100, for: 300, .open)]
      $0.handoffs = []
    }
    #expect(Self.texts(Self.story(timeline, Self.begin)).last == "@400 the trace ends; the wait goes on")
  }

  /// 20 switches between two tasks: the first two of each direction are lines, and so is the last, after which nothing happens for long;
  /// the other 15 are one entry.
  @Test func repetitionsAreFolded() throws {
    let switches = (0..<20).map { step in
      let (from, to) = step % 2 == 0 ? (Self.middle, Self.other) : (Self.other, Self.middle)
      return Self.switched(351 + Int64(step), from, .preempted, to)
    }
    let events = Self.begin + [Self.switched(350, Self.owner, .preempted, Self.middle)] + switches + Self.end
    let story = Self.story(Self.timeline(), events)
    var folds: [StoryFold] = []
    var lines: [WaitStory.Line] = []
    for entry in story.folded() {
      switch entry {
      case .line(let line): lines.append(line)
      case .fold(let fold): folds.append(fold)
      }
    }
    let fold = try #require(folds.first)
    #expect(folds.count == 1 && fold.switches == 15 && fold.records == 15 && fold.otherTasks == 0)
    #expect(fold.tasks.map(\.pid) == [62, 63])
    #expect(fold.begin == Literal.at(355) && fold.end == Literal.at(369))
    #expect(lines.count + fold.records == story.lines.count)
  }

  @Test func nothingIsReadAfterTheWait() {
    let builder = StoryBuilder(of: 0, in: Self.timeline())
    #expect(!builder.isPast(Self.event(500, Self.waiter, .other)))
    #expect(builder.isPast(Self.event(501, Self.waiter, .other)))
  }

  /// Without a single event of the wait the story has the model's facts alone.
  @Test func withoutEventsThereAreFacts() {
    #expect(Self.story(Self.timeline(), []).lines.map(\.kind) == [.chain, .ranFor, .handedOff])
  }
}
