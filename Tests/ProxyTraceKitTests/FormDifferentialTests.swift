import Foundation
import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// One capture printed in every form that is read: all of them come to the same rows.
struct FormDifferentialTests {
  static let captures = ["proxy-on-plain/cross-cpu.dat", "proxy-off-plain/chain3.dat", "proxy-on-plain/crowd.dat"]
  /// Each with its name in the table of docs/text.md.
  static let forms: [(name: String, lines: @Sendable (FormPrinter) -> [String])] = [
    ("ts-diff", { $0.differences }),
    ("tgid", { $0.groups }),
    ("latency format", { $0.latency }),
    ("printk", { $0.kernel.map { "[   61.835048][   T59] " + $0 } }),
    ("dmesg -T", { $0.kernel.map { "[Fri Nov 27 10:00:00 2026] " + $0 } }),
    (
      "pstore",
      {
        ["Panic#1 Part1", "<4>[   61.8] Dumping ftrace buffer:"] + $0.latency.map { "<4>[   61.835048][   T59] " + $0 }
      }
    ),
    ("kmsg", { $0.latency.map { "4,1234,61835048,-;" + $0 } }),
    ("journal", { $0.kernel.map { "Nov 27 10:00:00 box kernel: " + $0 } }),
    ("ISO times", { $0.kernel.map { "2026-11-27T10:00:00.123456+00:00 box kernel: " + $0 } }),
    ("RFC 5424", { $0.kernel.map { "<4>1 2026-11-27T10:00:00.123456+00:00 box kernel - - - " + $0 } }),
    ("seconds since 1970", { $0.kernel.map { "1795773600.123456 " + $0 } }),
    ("container", { $0.kernel.map { "kernel_1  | " + $0 } }),
    ("Kubernetes", { $0.kernel.map { "2026-11-27T10:00:00.123456789Z stderr F " + $0 } }),
    ("logcat", { $0.kernel.map { "11-27 10:00:00.123  root     0     0 W kernel  : " + $0 } }),
    ("quoted", { $0.kernel.map { "> > " + $0 } }),
    ("code", { $0.kernel.map { "`" + $0 + "`" } }),
    ("wrapped 72", { $0.wrapped(72, quote: "> ") }),
    ("wrapped 100", { $0.wrapped(100, quote: "") }),
    ("wrapped 80, initials", { $0.wrapped(80, quote: "JL> ") }),
    ("wrapped 90, indented", { $0.indented(90) }),
    ("continued", { $0.continued(70) }),
    ("cut 80", { $0.cut(80) }),
    ("cut 133", { $0.cut(133) }),
    ("quoted-printable", { $0.quotedPrintable }),
    ("quoted-printable, small letters", { $0.quotedPrintable.map { $0.replacing("=3D", with: "=3d") } }),
    ("string", { $0.string }),
    ("records of JSON", { $0.records }),
    ("page", { $0.page }),
    ("no-break spaces", { $0.kernel.map { $0.replacing("  ", with: "\u{a0} ") } }),
    ("tabs", { $0.kernel.map { $0.replacing("    ", with: "\t") } }),
    ("colours", { $0.kernel.map { $0.replacing("sched_", with: "\u{1b}[01;31m\u{1b}[Ksched_\u{1b}[m\u{1b}[K") } }),
    ("function_graph", { $0.graph }),
    ("function_graph, quoted", { $0.graph.map { "> " + $0 } }),
    ("perf", { $0.perf() }),
    ("perf with period", { $0.perf(period: true) }),
    ("perf with pids and stacks", { $0.perf(period: true, pids: true, stacks: true) }),
    ("perf, short form", { $0.perf(isShort: true) }),
    ("perf without names", { $0.perf(names: false) }),
  ]

  /// In a quick run every form of one capture, and every capture.
  static let cases: [(capture: String, form: String)] = forms.enumerated().flatMap { place, form in
    (TestEffort.isLong ? captures : [captures[place % captures.count]]).map { ($0, form.name) }
  }

  private static let length = TestEffort.count(2000, quick: 250)

  /// Some events around a capture's first waits.
  private func printer(_ name: String, losses: Int = 0) throws -> FormPrinter {
    FormPrinter(try #require(try Self.events.get()[name]), losses: losses)
  }

  /// The same of each capture, read once for all tests.
  private static let events: Result<[String: [SchedEvent]], any Error> = Result {
    try Dictionary(uniqueKeysWithValues: captures.map { ($0, try events($0)) })
  }

  private static func events(_ name: String) throws -> [SchedEvent] {
    var events: [SchedEvent] = []
    try CaptureSession(path: Fixture.path(name)).forEachEvent { event in
      if case .lost = event.body { return true }
      events.append(event)
      return events.count < 6000
    }
    let first = events.firstIndex { if case .contentionBegan = $0.body { true } else { false } }
    return Array(events[max(0, try #require(first) - 200)...].prefix(length))
  }

  private static let plain = Kept<LoadedCapture>()

  /// The lines as the kernel prints them, read once for all forms.
  private func plain(_ name: String, _ lines: [String]) throws -> LoadedCapture {
    try Self.plain.value(name) { try load(lines) }
  }

  private func load(_ lines: [String]) throws -> LoadedCapture {
    try CaptureSession(bytes: Array((lines.joined(separator: "\n") + "\n").utf8)).load()
  }

  @Test(arguments: cases) func everyFormSaysTheSame(capture: String, form: String) throws {
    let printer = try printer(capture)
    let plain = try plain(capture, printer.kernel)
    #expect(plain.timeline.eventCount == UInt64(printer.events.count) && !plain.timeline.waits.isEmpty)
    let other = try load(lines(form, printer))
    #expect(!other.diagnostics.hasDamage && !other.diagnostics.all.contains { $0.kind == .foreignLine })
    let differences = other.timeline.differences(from: plain.timeline)
    #expect(differences.isEmpty, "\(differences)")
  }

  /// Marks of lost records are the same gaps in every form.
  @Test(arguments: forms.map(\.name)) func everyFormLosesTheSame(form: String) throws {
    let printer = try printer("proxy-on-plain/crowd.dat", losses: 7)
    let plain = try plain("losses", printer.kernel)
    #expect(plain.timeline.gaps.filter { !$0.isQuiet }.count == 7 && !plain.timeline.waits.isEmpty)
    let other = try load(lines(form, printer))
    #expect(!other.diagnostics.all.contains { $0.kind == .foreignLine || $0.kind == .badLine || $0.kind == .tornLine })
    let differences = other.timeline.differences(from: plain.timeline)
    #expect(differences.isEmpty, "\(differences)")
  }

  private func lines(_ form: String, _ printer: FormPrinter) throws -> [String] {
    try #require(Self.forms.first { $0.name == form }).lines(printer)
  }

  @Test func perfettoLosesTheSame() throws {
    let printer = try printer("proxy-on-plain/crowd.dat", losses: 7)
    let plain = try load(printer.kernelWithoutCounts)
    let other = try CaptureSession(bytes: printer.perfetto(compact: false)).load()
    #expect(other.timeline.gaps.filter { !$0.isQuiet }.count == 7)
    let differences = other.timeline.differences(from: plain.timeline)
    #expect(differences.isEmpty, "\(differences)")
  }

  @Test(arguments: captures, [false, true]) func perfettoSaysTheSame(capture: String, compact: Bool) throws {
    let printer = try printer(capture)
    let plain = try plain(capture, printer.kernel)
    let other = try CaptureSession(bytes: printer.perfetto(compact: compact)).load()
    #expect(other.info.format.isPerfetto && other.info.clock.name == "boot" && !other.diagnostics.hasDamage)
    // What the first compact switch of a CPU has switched from is not told, nor who woke somebody before it.
    if compact {
      #expect(plain.timeline.eventCount - other.timeline.eventCount < 10)
      #expect(other.timeline.waits.count == plain.timeline.waits.count)
      let (a, b) = (other.timeline.waits.map(\.length), plain.timeline.waits.map(\.length))
      #expect(zip(a, b).filter { $0 != $1 }.count == 0)
    } else {
      #expect(other.timeline.eventCount == plain.timeline.eventCount)
      let differences = other.timeline.differences(from: plain.timeline)
      #expect(differences.isEmpty, "\(differences)")
    }
  }
}
