import Foundation
import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore

/// One capture printed in every form that is read: all of them come to the same rows.
struct FormDifferentialTests {
  static let captures = ["proxy-on-plain/cross-cpu.dat", "proxy-off-plain/chain3.dat", "proxy-on-plain/crowd.dat"]
  static let forms = [
    "ts-diff", "printk", "journal", "quoted", "wrapped 72", "wrapped 100", "cut 80", "cut 133", "quoted-printable",
    "string", "page", "perf",
    "perf with period", "perf with pids and stacks",
  ]

  private func printer(_ name: String) throws -> FormPrinter {
    var events: [SchedEvent] = []
    try CaptureSession(path: Fixture.path(name)).forEachEvent { event in
      if case .lost = event.body { return true }
      events.append(event)
      return events.count < 6000
    }
    return FormPrinter(events)
  }

  private func lines(_ form: String, _ printer: FormPrinter) -> [String] {
    switch form {
    case "ts-diff": printer.differences
    case "printk": printer.kernel.map { "[   61.835048][   T59] " + $0 }
    case "journal": printer.kernel.map { "Nov 27 10:00:00 box kernel: " + $0 }
    case "quoted": printer.kernel.map { "> > " + $0 }
    case "wrapped 72": printer.wrapped(72, quote: "> ")
    case "wrapped 100": printer.wrapped(100, quote: "")
    case "cut 80": printer.cut(80)
    case "cut 133": printer.cut(133)
    case "quoted-printable": printer.quotedPrintable
    case "string": printer.string
    case "page": printer.page
    case "perf": printer.perf(period: false, pids: false, stacks: false)
    case "perf with period": printer.perf(period: true, pids: false, stacks: false)
    default: printer.perf(period: true, pids: true, stacks: true)
    }
  }

  private func load(_ lines: [String]) throws -> LoadedCapture {
    try CaptureSession(bytes: Array((lines.joined(separator: "\n") + "\n").utf8)).load()
  }

  @Test(arguments: captures, forms) func everyFormSaysTheSame(capture: String, form: String) throws {
    let printer = try printer(capture)
    let plain = try load(printer.kernel)
    #expect(plain.timeline.eventCount == UInt64(printer.events.count) && !plain.timeline.waits.isEmpty)
    let other = try load(lines(form, printer))
    #expect(!other.diagnostics.hasDamage && !other.diagnostics.all.contains { $0.kind == .foreignLine })
    let differences = other.timeline.differences(from: plain.timeline)
    #expect(differences.isEmpty, "\(differences)")
  }

  @Test(arguments: captures, [false, true]) func perfettoSaysTheSame(capture: String, compact: Bool) throws {
    let printer = try printer(capture)
    let plain = try load(printer.kernel)
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
