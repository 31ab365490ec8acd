import Foundation
import Testing
import TraceCore
import TraceReader
import TraceTestKit

/// Real captures as `trace-cmd report` prints them: the text must give the same events as the records.
struct TextDifferentialTests {
  /// What a form of the text lacks.
  struct Form: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var hasContext = false
    var step: UInt64 = 1
    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let forms = [
    Form(arguments: ["-t"]), Form(arguments: ["-t", "-N"]), Form(arguments: ["-t", "-R"]),
    Form(arguments: ["-t", "-l"], hasContext: true), Form(arguments: [], step: 1000),
  ]

  /// The whole captures of a collection hold the same records as the fixtures. A text of two instances has both buffers, of which
  /// a reader reads one. What is damaged trace-cmd prints otherwise.
  static let captures = RecordedCapture.all.filter { capture in
    capture.path.hasPrefix(RecordedCapture.fixtures)
      && !["two-instances.dat", "short-switch.dat", "short-contention-end.dat", "zeroed-first-half.dat"].contains {
        capture.path.hasSuffix($0)
      }
  }

  /// In a quick run, captures of other clocks in every form, and all others in one.
  static let cases: [(capture: RecordedCapture, form: Form)] = captures.flatMap { capture in
    let count = TestEffort.isLong || capture.path.contains("/formats/clock-") ? forms.count : 1
    return forms.prefix(count).map { (capture, $0) }
  }

  @Test(arguments: cases)
  func theTextSaysTheSame(capture: RecordedCapture, form: Form) throws {
    var reader = try CaptureReader(path: capture.path)
    let clock = reader.info.clock
    let text = try Self.text(capture.path, form.arguments)
    var other = try CaptureReader(path: text.path)
    let kinds = [reader.isText, other.isText]
    #expect(kinds == [false, true])
    var count = 0
    while var expected = reader.next() {
      if case .lost = expected.body { continue }
      var next = other.next()
      while next?.loss != nil { next = other.next() }
      guard let found = next else {
        Issue.record("the text ends after \(count) events")
        return
      }
      // Clocks that trace-cmd takes for none of nanoseconds are printed to the step.
      if clock.unit == .nanoseconds, form.step > 1, other.info.clock.unit == .nanoseconds {
        expected.timestamp = Timestamp((expected.timestamp.rawValue + form.step / 2) / form.step * form.step)
      }
      let isSame =
        found.timestamp == expected.timestamp && found.cpu == expected.cpu && found.pid == expected.pid
        && Self.saysTheSame(found.body, expected.body)
        && (!form.hasContext || found.context.isTask == expected.context.isTask)
      if !isSame { Issue.record("event \(count) is \(found), not \(expected)") }
      count += 1
    }
    var last = other.next()
    while last?.loss != nil { last = other.next() }
    #expect(count > 0 && last == nil)
    let worst = other.diagnostics.all.filter { $0.kind.severity == .damage || $0.kind == .foreignLine }
    #expect(worst.isEmpty, "\(worst)")
  }

  /// Whether two bodies say the same, as far as every form says it: of a state whether its task stays runnable and whether it
  /// is dead, of a probe nothing behind the end of its chain.
  static func saysTheSame(_ a: EventBody, _ b: EventBody) -> Bool {
    switch (a, b) {
    case (.switched(let a), .switched(let b)):
      a.previous == b.previous && a.next == b.next && a.previousState.isRunnable == b.previousState.isRunnable
        && a.previousState.isDead == b.previousState.isDead
    case (.waking(let a), .waking(let b)), (.wakeup(let a), .wakeup(let b)), (.wakeupNew(let a), .wakeupNew(let b)):
      a == b
    case (.probedSwitch(let a), .probedSwitch(let b)):
      a.previous == b.previous && a.next == b.next && a.nextTask == b.nextTask && a.depth == b.depth
        && a.donors == b.donors
    default: a == b
    }
  }

  /// What trace-cmd prints.
  static func text(_ path: String, _ arguments: [String]) throws -> ScratchFile {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/trace-cmd")
    process.arguments = ["report"] + arguments + ["-i", path]
    let output = try ScratchFile([])
    process.standardOutput = FileHandle(forWritingAtPath: output.path)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return output
  }
}
