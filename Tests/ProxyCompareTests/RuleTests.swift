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
    ("waits.max < 5ms x", 17), ("pairing.max < 1", 12), ("", 1),
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
