import ProxyAnalysis
import ProxyCompare
import ProxyModel
import ProxyReport
import Testing
import TraceCore

struct RuleTests {
  private func check(_ text: String, _ name: String, base: String? = nil) throws -> RuleResult {
    try Rule(text).check(try ComparisonTests.figures(name), base: base.map { try ComparisonTests.figures($0) })
  }

  @Test(arguments: [
    ("inversions.max < 5ms", "proxy-off-plain/same-cpu", RuleResult.Outcome.broken),
    ("waits.inverted_ns.max < 5ms", "proxy-off-plain/same-cpu", .broken),
    ("waits.inverted_ns.max{kind=rwsem*} == 0ms", "proxy-on-plain/crowd", .kept),
    ("waits.self_ns.max < 1s", "proxy-on-plain/crowd", .kept),
    ("releases.p99{kind=rwsem-write} < 1s", "proxy-on-plain/crowd", .kept),
    ("releases.wake_ns.p99{kind=mutex} < 1s", "proxy-on-plain/crowd", .kept),
    ("donations.pick_ns.max < 1s", "proxy-on-plain/crowd", .undecidable),
    ("donations.pick_ns.max > 1us", "sched-ext-blocked/roam-on-steer", .kept),
    ("inversions.count >= 1", "proxy-off-plain/same-cpu", .kept), ("lost_share < 1%", "lost/overrun", .kept),
    ("waits.p99{comm=don*} < 2ms", "proxy-off-plain/same-cpu", .broken),
    ("waits.p99{comm=nobody} < 2ms", "proxy-off-plain/same-cpu", .undecidable),
    ("waits.count{comm=nobody} == 0", "proxy-off-plain/same-cpu", .kept),
    ("waits.max{kind=rwsem*} < 1000s", "proxy-on-plain/crowd", .kept),
    ("pairing.count == 0", "proxy-on-plain/crowd", .undecidable), ("pairing.count == 0", "sched-ext/scx-both", .broken),
    ("pairing.count == 0", "sched-ext/scx-crowd", .kept), ("proxied_time == 0ns", "proxy-off-plain/crowd", .kept),
    ("proxied_time > 1us", "proxy-on-plain/crowd", .kept), ("waits.max < 1s", "formats/clock-counter", .undecidable),
    ("blocked_enqueues == 0", "sched-ext/scx-both", .kept), ("inverted_share > 90%", "proxy-off-plain/same-cpu", .kept),
    ("waits.mean <= base", "proxy-on-plain/crowd", .undecidable),
  ])
  func rules(text: String, capture: String, outcome: RuleResult.Outcome) throws {
    let result = try check(text, capture)
    #expect(result.outcome == outcome, "\(result)")
    #expect(result.outcome != .undecidable || !result.reason.isEmpty)
  }

  @Test func aBrokenRuleNamesItsRows() throws {
    let result = try check("inversions.max < 5ms", "proxy-off-plain/same-cpu")
    let rows = try ComparisonTests.context("proxy-off-plain/same-cpu").timeline.inversions
    let long = rows.indices.filter { rows[$0].length >= 5_000_000 }.map { $0 + 1 }
    #expect(result.rows.count + result.moreRows == long.count && !long.isEmpty)
    #expect(Set(result.rows.map(\.id)).isSubset(of: long))
    #expect(result.rows.map(\.value) == result.rows.map(\.value).sorted(by: >))
    #expect(result.value == Double(try #require(rows.map(\.length).max())))
  }

  /// A capture of which some rows are made no more: what it records stays.
  private func check(_ text: String, without kinds: (inout Timeline) -> Void) throws -> RuleResult {
    var context = try ComparisonTests.context("proxy-off-plain/same-cpu")
    kinds(&context.timeline)
    return try Rule(text).check(ComparedSide(label: "", [context]))
  }

  @Test func noRowIsZeroWhereTheCaptureWouldShowOne() throws {
    for text in ["inversions.max < 5ms", "inversions.p99 < 1ns", "inversions.mean{comm=donor} == 0ns"] {
      let result = try check(text) { $0.inversions = [] }
      #expect(result.outcome == .kept && result.value == 0 && result.reason == "there is no such row", "\(result)")
    }
    let result = try check("inversions.min >= 1ms") { $0.inversions = [] }
    #expect(result.outcome == .broken && result.rows.isEmpty)
    // Nobody waits: no share of waiting is inverted.
    #expect(try check("inverted_share == 0%") { $0.waits = [] }.outcome == .kept)
  }

  @Test func whatTheCaptureLacksIsSaid() throws {
    var bare = try ComparisonTests.context("proxy-off-plain/same-cpu")
    bare.timeline.seen = [.switched]
    bare.capture.events = []
    let side = ComparedSide(label: "", [bare])
    for (text, event) in [
      ("inversions.max < 5ms", "lock:contention_begin"), ("waits.max < 1s", "lock:contention_end"),
      ("waits.inverted_ns.max < 1s", "lock:contended_release"), ("inverted_time < 1s", "lock:contention_begin"),
    ] {
      let result = try Rule(text).check(side)
      #expect(result.outcome == .undecidable && result.reason.contains(event), "\(result.reason)")
    }
    // All waits are cut, so that none has a length: 0 would be false.
    let cut = try check("waits.max < 1s") { timeline in
      timeline.waits = Rows(
        timeline.waits.map {
          var wait = $0
          wait.isCutAtBegin = true
          return wait
        })
    }
    #expect(cut.outcome == .undecidable && cut.reason.contains("none has a known length"), "\(cut.reason)")
    let nobody = try check("waits.p99{comm=nobody} < 2ms", "proxy-off-plain/same-cpu")
    #expect(nobody.reason == "no task of the capture has the comm nobody")
  }

  /// Inverted time of one wait, by hand: the longest of the table's column.
  @Test func figuresOfAWaitAreThoseOfTheTable() throws {
    let waits = try ComparisonTests.context("proxy-off-plain/same-cpu").timeline.waits
    let result = try check("waits.inverted_ns.max < 1ns", "proxy-off-plain/same-cpu")
    let longest = try #require(waits.indices.max { waits[$0].times[.inverted] < waits[$1].times[.inverted] })
    #expect(result.value == Double(waits[longest].times[.inverted]) && result.table == "waits")
    #expect(result.rows.first?.id == longest + 1 && result.rows.first?.evidence == waits[longest].ownerEvidence)
  }

  @Test func handoffsOfOtherLocksAreApart() throws {
    let timeline = try ComparisonTests.context("proxy-on-plain/crowd").timeline
    for kind in ["mutex", "rwsem-read", "rwsem-write"] {
      let count = timeline.handoffs.count {
        $0.kind == .release && timeline.waits[$0.wait].kind.rawValue == kind
      }
      #expect(count > 0)
      #expect(try check("releases.count{kind=\(kind)} > 0", "proxy-on-plain/crowd").value == Double(count))
      if kind == "mutex" { #expect(try check("releases.count > 0", "proxy-on-plain/crowd").value == Double(count)) }
    }
  }

  @Test func theFirstWaitsOfEachLockAreLeftOut() throws {
    let context = try ComparisonTests.context("sched-ext-blocked/ab-on")
    let side = ComparedSide(label: "", [context], skipping: 1)
    #expect(side.mutexWaits.count == 10 && side.holds.count == 10 && side.releases.count == 10)
    #expect(side.mutexWaits.first?.id == 2)
    // The selftest's own mean, which leaves its first sample out.
    let mean = try #require(try Rule("waits.mean < 1s").check(side).value)
    #expect(abs(mean - 205_781_201) < 0.001 * 205_781_201)
    let windows = context.timeline.inversions.count { $0.wait > 0 }
    #expect(try Rule("inversions.count > 0").check(side).value == Double(windows))
    #expect(try Rule("waits.count == 0").check(ComparedSide(label: "", [context], skipping: 99)).outcome == .kept)
  }

  @Test func aBaseIsTheSameFigure() throws {
    let (off, on) = ("proxy-off-plain/same-cpu", "proxy-on-plain/same-cpu")
    #expect(try check("waits.mean <= base * 1.1", on, base: off).outcome == .kept)
    #expect(try check("waits.mean <= base * 1.1", off, base: on).outcome == .broken)
    #expect(try check("waits.mean <= base - 1ms", on, base: on).outcome == .broken)
    #expect(try check("waits.mean == base", on, base: on).outcome == .kept)
  }

  @Test(arguments: [
    ("wait.max < 5ms", 1), ("waits < 5ms", 6), ("waits.maximum < 5ms", 7), ("waits.max{com=x} < 5ms", 11),
    ("waits.max{comm=} < 5ms", 16), ("waits.max{comm=x < 5ms", 23), ("waits.max 5ms", 11), ("waits.max < ms", 13),
    ("waits.max < 5", 14), ("waits.max < 5kg", 14), ("lost_share < 1ms", 15), ("waits.count == 1ms", 17),
    ("waits.max < 5ms x", 17), ("pairing.max < 1", 12), ("", 1), ("waits.inverted.max < 1ms", 7),
    ("waits.inverted_ns < 1ms", 18), ("waits.inverted_ns.count < 1", 19), ("waits.wake_ns.max < 1ms", 7),
    ("waits.max{kind=mutx} < 1ms", 16), ("pairing.count{kind=mutex} == 0", 20),
  ])
  func wrongRulesSayWhere(text: String, column: Int) {
    #expect {
      _ = try Rule(text)
    } throws: {
      ($0 as? Rule.Problem)?.column == column
    }
  }

  @Test func filesOfRulesHaveCommentsAndLines() throws {
    #expect(try Rule.rules(in: "# a gate\n\nwaits.max < 1s # long\nlost_share < 1 %\n").map(\.text).count == 2)
    #expect {
      _ = try Rule.rules(in: "\nwaits.max < \n")
    } throws: {
      ($0 as? Rule.Problem)?.text.hasPrefix("line 2: ") == true
    }
  }

  @Test func junitIsXMLWhateverTheNamesAre() throws {
    let rule = try Rule("waits.max{comm=<&\"'>\u{1b}*} < 1ns")
    let side = try ComparisonTests.figures("proxy-off-plain/same-cpu")
    let sink = ByteSink()
    let results = [rule.check(side), try Rule("waits.max < 1ns").check(side)]
    try CheckJUnit().write([CheckedCapture(path: "a<b>&\"c\".dat\u{7}", results: results)], to: sink)
    #expect(sink.text.contains("<testsuite name=\"a&lt;b&gt;&amp;&quot;c&quot;.dat"))
    #expect(sink.text.contains("tests=\"2\" failures=\"2\""))
    #expect(!sink.text.utf8.contains { $0 < 0x20 && $0 != 0x0a })
    #expect(sink.text.count { $0 == "<" } == sink.text.count { $0 == ">" })
  }
}
