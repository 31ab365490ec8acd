import EventMaps
import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Maps as files: what they mean, and what is wrong with others.
struct EventMapTests {
  private func map(_ text: String) throws(TraceError) -> EventMap { try EventMap(Array(text.utf8), path: "map.yaml") }

  private func problem(_ text: String) -> String? {
    do throws(TraceError) {
      _ = try map(text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func thePrintedMapIsTheStandardOne() throws {
    let printed = try map(EventMap.standardText)
    #expect(printed.own.map { "\($0.system):\($0.name)" } == EventMap.standardEntries.map { "\($0.system):\($0.name)" })
    for (own, standard) in zip(printed.own, EventMap.standardEntries) {
      #expect(own.role == standard.role)
      let fields = try #require(standard.role).fields
      #expect(own.sources.count == fields.count)
      for field in fields { #expect(own.source(of: field) == .field(field.standard)) }
    }
  }

  /// Forty lines of them would be more nodes than any memory holds.
  @Test func aliasesAreRefusedBeforeTheyAreParsed() throws {
    #expect(try #require(problem("a: &a x\nb: [ *a ]\n")).contains("line 2, column 6: aliases are not read"))
    for text in ["- *a", "? *a", "x: *a", "{\"x\":*a}", "[a,*a]", "!!str *a", "*a"] {
      #expect(try #require(problem("- &a x\n" + text)).contains("aliases are not read"), "\(text)")
    }
    // An asterisk within a word, in quotes or in a comment is none.
    let text = "events: # *all\n- {event: 'sched:sched_pe_*', role: none}\n- event: sched:x*\n  role: none\n"
    #expect(try map(text).own.map(\.name) == ["sched_pe_*", "x*"])
  }

  @Test func everyRoleIsPrintedOnce() {
    #expect(Set(EventMap.standardEntries.compactMap(\.role)) == Set(EventRole.allCases))
    #expect(Set(EventRole.allCases.map(\.word)).count == EventRole.allCases.count)
  }

  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")
  static let captures: [String] = {
    let names = FileManager.default.enumerator(atPath: fixtures.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dat") && TestEffort.reads($0) }.sorted()
  }()

  /// Every table as CSV, and the whole report as text.
  private func tables(_ path: String, _ map: EventMap) throws -> String {
    var options = CaptureSession.Options()
    options.events = map
    let report = Report(try CaptureSession(path: path, options).load().context())
    let sink = ByteSink()
    for table in report.tables { try CSVWriter(isRaw: false).write(table, to: sink) }
    try TextReport().write(report, to: sink)
    return sink.text
  }

  @Test(arguments: captures)
  func thePrintedMapChangesNothing(_ name: String) throws {
    let path = Self.fixtures.appending(path: name).path
    let printed = try map(EventMap.standardText)
    #expect(try tables(path, .standard) == tables(path, printed))
  }

  @Test func theFirstEntryThatMatchesCounts() throws {
    let map = try map(
      """
      events:
        - {event: a:run_cpu, role: stopping, fields: {pid: tid, runnable: ~}}
        - {event: "a:run_*", role: running, fields: {pid: common_pid}}
        - {event: sched:sched_switch, role: none}
      """)
    #expect(map.entry(system: "a", name: "run_cpu")?.role == .stopping)
    #expect(map.entry(system: "a", name: "run_cpu")?.sources == ["pid": .field("tid"), "runnable": .absent])
    #expect(map.entry(system: "a", name: "run_x")?.role == .running)
    #expect(map.entry(system: "b", name: "run_x") == nil)
    #expect(map.entry(system: "sched", name: "sched_switch")?.role == nil)
    #expect(map.entry(system: "sched", name: "sched_waking")?.role == .waking)
  }

  @Test(arguments: [
    ("", "holds nothing"), ("events: [", "line 2, column 1: is no YAML"),
    ("3", "line 1, column 1: a map is no mapping"),
    ("version: 2\nevents: []", "line 1, column 10: this version"), ("version: 1", "line 1, column 1: there is no list"),
    ("event: []", "line 1, column 1: a map has no \"event\"; it has version, events"),
    ("events: 4", "line 1, column 9: events is no list"),
    ("events:\n  - a", "line 2, column 5: an event is no mapping"),
    ("events:\n  - role: running", "line 2, column 5: an event without its name"),
    ("events:\n  - event: a:b", "line 2, column 5: a:b has no role"),
    ("events:\n  - event: a\n    role: running", "line 2, column 12: no event has such a name"),
    ("events:\n  - event: a:b:c\n    role: running", "line 2, column 12: no event has such a name"),
    ("events:\n  - event: a:*b\n    role: running", "line 2, column 12: no event has such a name"),
    ("events:\n  - event: a:b\n    role: runs", "line 3, column 11: there is no role \"runs\""),
    ("events:\n  - event: a:b\n    role: [x]", "line 3, column 11: there is no role"),
    ("events:\n  - event: a:b\n    role: none\n    fields: {a: b}", "line 4, column 13: role none has no fields"),
    (
      "events:\n  - event: a:b\n    role: exec\n    fields:\n      pif: b", "line 5, column 7: role exec has no \"pif\""
    ),
    ("events:\n  - event: a:b\n    role: exec\n    fields:\n      pid: ~", "line 5, column 12: role exec needs pid"),
    (
      "events:\n  - event: a:b\n    role: exec\n    fields:\n      pid: 3",
      "line 5, column 12: pid of role exec cannot be"
    ),
    ("events:\n  - event: a:b\n    role: exec\n    fields:\n      pid: a b", "line 5, column 12: no field has such"),
    ("events:\n  - event: a:b\n    role: exec\n    fields:\n      pid: []", "line 5, column 12: pid is no name"),
    ("events:\n  - event: a:b\n    role: exec\n    role: exec", "line 3, column 5: \"role\" stands here twice"),
    ("events:\n  - {event: a:b, role: exec}\n  - {event: a:b, role: exit}", "line 3, column 5: a:b stands here twice"),
    ("a: &a [*a]", "map.yaml: "), (String(repeating: "[", count: 100_000), "is no YAML"),
    ("events: []\n---\nevents: []", "is no YAML"),
  ])
  func whatIsWrongIsToldWithItsPlace(_ text: String, _ expected: String) throws {
    let told = self.problem(text)
    let problem = try #require(told)
    #expect(problem.hasPrefix("map.yaml: ") && problem.contains(expected), "\(problem)")
    #expect(!problem.contains("\n"))
  }

  @Test func whatIsNoTextIsNoMap() throws {
    #expect(throws: TraceError.self) { try EventMap([0x80, 0xff], path: "x") }
    #expect(throws: TraceError.self) { try EventMap(Array(repeating: 0x20, count: 1 << 20 + 1), path: "x") }
    #expect(throws: TraceError.self) { try EventMap(path: "/no/such/map.yaml") }
    #expect(throws: TraceError.self) { try EventMap(path: Self.fixtures.path) }
  }

  /// The example in the documentation means what the documentation says.
  @Test func theDocumentedMapIsOne() throws {
    let file = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "docs/event-maps.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let block = try #require(
      text.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```")[0])
    let map = try map(block)
    #expect(map.own.map(\.role) == [.donor, .owner, .contentionBegan, .contentionEnded])
    #expect(map.own[1].sources["lock"] == .absent)
    #expect(map.own[2].sources["flags"] == .constant(32))
  }
}
