import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Texts of which pieces are lost: what cannot be put together is a gap of known place, and nothing is claimed across it.
struct TornTextTests {
  private func load(_ lines: [String]) throws -> LoadedCapture {
    var options = CaptureSession.Options()
    // The verdict may depend on what is lost.
    options.proxyExecution = false
    return try CaptureSession(bytes: Array((lines.joined(separator: "\n") + "\n").utf8), options).load()
  }

  private func events(_ name: String, _ count: Int) throws -> [SchedEvent] {
    try Array(CaptureSession(path: Fixture.path(name)).record().events.filter { $0.loss == nil }.prefix(count))
  }

  /// A mail of which lines are lost: no wait that is not marked claims more of any class of time than in the whole text.
  @Test(arguments: ["proxy-off-plain/crowd.dat", "proxy-off-plain/chain3.dat"], [72, 100])
  func nothingIsClaimedAcrossLostPieces(name: String, width: Int) throws {
    let lines = FormPrinter(try events(name, TestEffort.count(1500, quick: 700))).kernel
    let whole = try load(lines).timeline.waits
    let mails = lines.map { MailText.wrapped([$0], width, quote: "> ") }
    for seed in 1...UInt64(TestEffort.count(12, quick: 3)) {
      var random = SeededGenerator(seed: seed)
      var (torn, removed) = (mails, 0)
      for _ in 0..<3 {
        // Not among the last ones: what comes after the last event is not known anyway.
        let place = Int(random.next() % UInt64(mails.count - 100))
        guard mails[place].count > 1, torn[place].count == mails[place].count else { continue }
        torn[place].remove(at: Int(random.next() % UInt64(torn[place].count)))
        removed += 1
      }
      guard removed > 0 else { continue }
      let capture = try load(torn.flatMap { $0 })
      #expect(capture.diagnostics.hasDamage && !capture.diagnostics.all.contains { $0.kind == .lostEvents })
      #expect(capture.timeline.gaps.contains { !$0.isQuiet })
      for wait in capture.timeline.waits where !wait.touchesGap && wait.result != .open {
        // One whose first contention_begin is lost seems to begin at the second one.
        guard let same = whole.first(where: { $0.begin == wait.begin && $0.waiter.pid == wait.waiter.pid }) else {
          continue
        }
        #expect(same.length == wait.length, "seed \(seed): \(wait)")
        for kind in WaitClass.allCases where kind != .unknown {
          #expect(wait.times[kind] <= same.times[kind], "seed \(seed), \(kind): \(wait)")
        }
      }
    }
  }

  private static let schedule = [
    "          <idle>-0       [000] d..2.     0.900000: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=owner next_pid=60 next_prio=139",
    "          <idle>-0       [001] d..2.     0.910000: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=donor next_pid=61 next_prio=97",
    "           owner-60      [000] d..2.     0.920000: sched_switch: prev_comm=owner prev_pid=60 prev_prio=139 prev_state=R ==> next_comm=mid next_pid=62 next_prio=120",
    "             mid-62      [000] d..2.     0.930000: sched_switch: prev_comm=mid prev_pid=62 prev_prio=120 prev_state=S ==> next_comm=owner next_pid=60 next_prio=139",
    "           donor-61      [001] d..2.     0.940000: sched_switch: prev_comm=donor prev_pid=61 prev_prio=97 prev_state=S ==> next_comm=swapper/1 next_pid=0 next_prio=120",
    "           owner-60      [000] d..2.     0.950000: sched_switch: prev_comm=owner prev_pid=60 prev_prio=139 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120",
  ]

  private struct Gap: Equatable {
    var cpu: CPU
    var begin, end: UInt64
  }

  /// The gaps, in milliseconds, that lines in the place of the third one make.
  private func gaps(_ lines: [String]) throws -> [Gap] {
    var text = Self.schedule
    text.replaceSubrange(2...2, with: lines)
    let capture = try load(text)
    #expect(capture.diagnostics.hasDamage == capture.timeline.gaps.contains { !$0.isQuiet })
    return capture.timeline.gaps.filter { !$0.isQuiet }.map {
      Gap(cpu: $0.cpu, begin: $0.begin.rawValue / 1_000_000, end: $0.end.rawValue / 1_000_000)
    }
  }

  /// An event whose fields are cut off: its CPU is not known from it to the CPU's next event.
  @Test(arguments: [90, 110, 130, 155]) func aCutEventIsAGapOfItsCPU(width: Int) throws {
    #expect(try gaps([String(Self.schedule[2].prefix(width))]) == [Gap(cpu: 0, begin: 920, end: 930)])
  }

  /// A piece that does not name its CPU may be of any: a gap of all of them, from the line before it on.
  @Test(arguments: [
    "prev_prio=139 prev_state=R ==> next_comm=mid next_pid=62 next_prio=120", "next_prio=120",
    "> next_pid=62 next_prio=120",
    "==> next_comm=Chrome IO thread next_pid=62 next_prio=120", "[139] R ==> mid:62 [120]", "(flags=SPIN|MUTEX)",
    "(ret=0)",
    "sched_switch: prev_comm=owner prev_pid=60", "0.920000: sched_switch: prev_comm=owner prev_pid=60 prev_prio=139",
    "[   12.345678][   T60] prev_prio=139 prev_state=R ==> next_comm=mid next_pid=62 next_prio=120",
    "comm=donor pid=61 prio=97 target_cpu=001", "contention_begin: 0xaaaa",
    // Names with blanks, and pieces that begin or end within a word.
    "0:1=a prev_pid=62 prev_prio=120 prev_state=S ==> next_comm=my [2] own: x next",
    "m-id/0:1=a prev_pid=62 prev_prio=120 prev_state=S ==>", "_pid=60 next_prio=139", "=60 next_prio=139",
    "=R ==> next_comm=mid next_pid=62 next_prio=120",
    "omm=my [2] own: x next_pid=60 next_", "60 next_prio=139", "tch: prev_comm=my [2] own: x prev_pid=60", "t=0)",
    "aaaa (ret=0)", "0aaaa (fla", "ended_release: 0000aaaa", "0xffff88800664e100",
    "my [2] own: x:60 [139] S ==> mid:62 [120]",
    "own: x:60 [139]", "[97] CPU:001", "0.920000: conten", ".2.     0.920000: sched_switch: prev",
    "      m-id/0:1=a-62", "   my [2] own: x-60", "           owner-", "owner-60", "<4>[   12.345][   T59] my [2] o-60",
    "     0.920000 |  ", "] d..2.     0.920000: sched_switch: prev_comm=o",
  ]) func aPieceWithoutItsCPUIsAGapOfAll(piece: String) throws {
    #expect(try gaps([piece]) == [Gap(cpu: 0, begin: 910, end: 930), Gap(cpu: 1, begin: 910, end: 940)])
  }

  /// A piece that names it.
  @Test(arguments: [
    "owner-60      [000]", "           owner-60      [000] d..2.",
    "[000] d..2. 0.920000: sched_switch: prev_comm=owner prev_pid=60",
    "60      [000] d..2.     0.920000: sched_switch: prev_comm=owner prev_pid=60 prev_prio=139 prev_state=R ==> next_comm=mid next_pid=62 next_prio=120",
    // Within the columns, with blanks in the name; what follows them may be anything.
    "      do-nor 5>1-60      [000] d..2.    0 (ret=0)", "   my [2] own: x-60      [000]",
    "   my [2] own: x-60      [000] d.",
    "   my [2] own: x-60      (     60) [000] d..2.     0.92", "my [2] o-60         0d..2.   92000",
    "<4>[   12.345][   T59] my [2] o-60        0",
    "my [2] o-60        0d.",
    // perf's and function_graph's columns.
    "   my [2] own: x    60 [000]     0.92", "60/60 [000]     0.920000: sched:sched_sw",
    "     0.920000 |   0)   my [2]-60     |  d..2. |               |  /* sched_switch: prev_comm=ow",
    "     0.920000 |   0)   owner-60     |  d",
    // A name that is cut off, or is not there at all.
    "           owner-60      [000] d..2.     0.920000: sched_sw",
    "           owner-60      [000] d..2.     0.920000: contended_release",
    "           owner-60      [000] d..2.     0.920000:",
    "           owner-60      [000] d..2.     0.920000: (+12) sched", "   owner-60         0d..2.   920000us : sche",
  ]) func aPieceWithItsCPUIsAGapOfIt(piece: String) throws {
    #expect(try gaps([piece]) == [Gap(cpu: 0, begin: 900, end: 930)])
  }

  /// What people write between the lines is no piece.
  @Test(arguments: [
    "and here the owner is preempted", "note prev_state=R here: it is runnable", "sched_switch: see above",
    "pid=61 prio=97 is the waiter, that's what I mean", "the switch donor ==> owner is what we want",
    "on CPU [000] it idles",
    "--- a/kernel/sched/core.c", "Signed-off-by: A B <a@b.c>", "[   12.345678] usb 1-1: new device", "ret=0",
    "wait-12 [000] is not there", "", "see Fig 5-12 3", "usb 1-1: new device", "2026-11-27", "1.2-3",
    "the prev_state=R", "[000]",
    "audit: type=1400 audit(1.2:3): pid=61 comm=\"x\" flags=0x1", "pid=61 prio=97 on CPU 1", "donor ==> owner",
    "donor ==>",
    "drivers/core.c:12 [5]", "e=mc2", "  owner  60", "a6a902f1c2d3", "42", "   123", "0)    owner-60    =>   mid-62",
    "[  OK  ] Started foo-12.",
    "size=4096", "sched_waking and sched_wakeup: both", "Reviewed-by: x-12 [maintainer]",
  ]) func proseIsNoPiece(line: String) throws {
    let found = try gaps([line, Self.schedule[2]])
    // Alone in a line it could be the end of an event.
    #expect(line == "ret=0" ? found.count == 2 : found.isEmpty, "\(found)")
  }

  /// What an event that is complete cannot say is none of its pieces, though it may stand below it.
  @Test(arguments: ["t=0)", "(ret=0)", "[97] CPU:001", "(flags=MUTEX)", "o=97 target_cpu=001"])
  func aTailIsNotJoinedToTheEventBefore(tail: String) throws {
    var text = Self.schedule
    text.insert(tail, at: 3)
    let capture = try load(text)
    #expect(capture.diagnostics.all.contains { $0.kind == .tornLine })
    #expect(capture.timeline.gaps.contains { !$0.isQuiet })
  }

  /// The names of functions that the function tracer prints are no names of events.
  @Test func functionsAreNoPieces() throws {
    let lines = ["schedule <-worker_thread", "mutex_lock", "sched_clock <-foo"].map {
      "           owner-60      [000] d..2.     0.920000: " + $0
    }
    #expect(try gaps(lines + [Self.schedule[2]]).isEmpty)
  }

  /// Pieces of two events are not put together to one that never was.
  @Test func piecesOfTwoEventsMakeNone() throws {
    let (first, second) = (
      MailText.wrapped([Self.schedule[2]], 64, quote: ""), MailText.wrapped([Self.schedule[3]], 64, quote: "")
    )
    try #require(first.count > 1 && first.count == second.count && second[1].contains("prev_pid=62"))
    let torn = [first[0]] + second.dropFirst()
    var text = Self.schedule
    text.replaceSubrange(2...3, with: torn)
    let capture = try load(
      MailText.wrapped(Array(Self.schedule.prefix(2)), 64, quote: "") + torn + Self.schedule.suffix(2))
    #expect(capture.diagnostics.hasDamage)
    #expect(!capture.timeline.gaps.filter { !$0.isQuiet }.isEmpty)
  }
}
