import Foundation
import Testing
import TraceCore

@testable import TraceTestKit

/// What a capture holds beside plain events, as trace-cmd sees it.
@Suite(.enabled(if: TraceCommand.isInstalled)) struct TraceDatOptionTests {
  static let events = SampleEvents.make(count: 120, cpus: [0, 1])

  private func write(
    _ layout: CaptureLayout = CaptureLayout(), style: RingBufferStyle = RingBufferStyle(), clock: String = "mono",
    _ change: (inout CaptureOptions) -> Void = { _ in }
  ) throws -> [UInt8] {
    var options = CaptureOptions()
    change(&options)
    var writer = try TraceDatWriter(layout, options: options, style: style, clock: clock)
    for event in Self.events { try writer.append(event) }
    return try writer.finish()
  }

  /// The time of the first event, which happened at 5.000000223.
  private func firstTime(_ capture: [UInt8]) throws -> String {
    let output = try TraceCommand.report(capture)
    #expect(output.complaints == "" && output.lines.count == Self.events.count)
    return output.lines.min { $0.cpu < $1.cpu }?.time ?? ""
  }

  @Test(arguments: [6, 7]) func correctsTimes(version: Int) throws {
    let layout = CaptureLayout(version: version)
    #expect(try firstTime(write(layout)) == "5.000000223")
    #expect(try firstTime(write(layout) { $0.offset = 7 }) == "5.000000230")
    #expect(try firstTime(write(layout) { $0.date = "0x10" }) == "5.000016223")
    let tsc = TSCConversion(multiplier: 3, shift: 1, offset: 1000)
    #expect(try firstTime(write(layout, clock: "x86-tsc") { $0.tscConversion = tsc }) == "7.500000334")
    for writesFractions in [true, false] {
      let samples = [TimeShift.Sample(time: 4_000_000_000, offset: 1000)]
      let shift = TimeShift(peer: 1, samples: [samples, samples], writesFractions: writesFractions)
      #expect(try firstTime(write(layout) { $0.timeShift = shift }) == "5.000001223")
    }
  }

  @Test(arguments: [6, 7], ["counter", "x86-tsc"])
  func printsOtherClocksAsNumbers(version: Int, clock: String) throws {
    #expect(try firstTime(write(CaptureLayout(version: version), clock: clock)) == "5000000223")
  }

  @Test(arguments: [6, 7]) func readsAFileThatSaysNothing(version: Int) throws {
    let bare = try write(CaptureLayout(version: version)) {
      ($0.uname, $0.recorderVersion, $0.traceID) = (nil, nil, nil)
      ($0.writesTraceClock, $0.writesCPUCount, $0.writesCPUStats) = (false, false, false)
    }
    #expect(try firstTime(bare) == "5.000000223")
    let empty = try TraceCommand.report(TraceDatWriter(CaptureLayout(version: version)).finish())
    #expect(empty.status == 0 && empty.lines.isEmpty && empty.complaints == "")
  }

  @Test(arguments: [CaptureLayout(version: 6), CaptureLayout(), CaptureLayout(compression: .zstd)])
  func readsInstances(layout: CaptureLayout) throws {
    var writer = try TraceDatWriter(layout)
    let second = try writer.addInstance(named: "second", clock: "boot")
    for event in Self.events { try writer.append(event) }
    for event in Self.events.prefix(50) { try writer.append(event, to: second) }
    let lines = try TraceCommand.report(writer.finish()).lines
    #expect(lines.count { $0.instance == "" } == Self.events.count)
    #expect(lines.count { $0.instance == "second" } == 50)
  }

  @Test(
    arguments: [
      CaptureLayout(), CaptureLayout(order: .big), CaptureLayout(kernelLongSize: 4), CaptureLayout(version: 6),
      CaptureLayout(order: .big, kernelLongSize: 4),
    ], [true, false])
  func reportsLosses(layout: CaptureLayout, isCounted: Bool) throws {
    var style = RingBufferStyle()
    style.storesLostCount = isCounted
    var writer = try TraceDatWriter(layout, style: style)
    for (index, event) in Self.events.enumerated() {
      if [0, 51].contains(index) { try writer.lose(7, cpu: event.cpu) }
      try writer.append(event)
    }
    let output = try TraceCommand.report(writer.finish())
    let dropped = isCounted ? "7 EVENTS DROPPED" : "EVENTS DROPPED"
    #expect(output.remarks == ["CPU:0 [\(dropped)]", "CPU:1 [\(dropped)]"])
    #expect(output.lines.count == Self.events.count)
  }

  @Test func readsLongTextsAndLeavesUnknownRecords() throws {
    var writer = try TraceDatWriter()
    let text = String(repeating: "running ", count: 40)
    try writer.append(mark: text, at: Timestamp(1_000_000_000), cpu: 0, pid: 5)
    try writer.append(record: [0xff, 0xff, 0, 0, 1, 0, 0, 0], at: Timestamp(2_000_000_000), cpu: 0)
    let output = try TraceCommand.report(writer.finish())
    #expect(output.lines.map(\.fields) == ["bpf_string=" + text])
    #expect(output.remarks.count == 1)
  }

  @Test func zlibIsMoreThanDebiansTraceCommandReads() throws {
    let output = try TraceCommand.report(write(CaptureLayout(compression: .zlib)))
    #expect(output.status != 0 && output.lines.isEmpty)
  }

  @Test(arguments: Compression.allCases) func shrinksItsOwnFiles(compression: Compression) throws {
    let capture = try write(CaptureLayout(compression: compression)) {
      $0.kallsyms =
        String(repeating: "ffffffff81000000 T a_function\n", count: 5000) + "ffffffff81000100 T mutex_lock\n"
    }
    let small = try CaptureShrinker.shrink(capture)
    #expect(compression != .none || small.count < capture.count - 100_000)
    guard compression != .zlib else { return }
    #expect(try TraceCommand.report(small).lines == TraceCommand.report(capture).lines)
  }

  @Test func writesTheSameBytesAgain() throws {
    let layout = CaptureLayout(compression: .zstd)
    #expect(try write(layout) == write(layout))
  }

  @Test func refusesWhatIsNoCapture() throws {
    #expect(throws: KitError.self) { try TraceDatWriter(CaptureLayout(version: 6, compression: .zstd)) }
    #expect(throws: KitError.self) { try TraceDatWriter(CaptureLayout(kernelLongSize: 2)) }
    var writer = try TraceDatWriter()
    try writer.append(mark: "", at: Timestamp(2), cpu: 0, pid: 1)
    #expect(throws: KitError.self) { try writer.append(mark: "", at: Timestamp(1), cpu: 0, pid: 1) }
    let long = [UInt8](repeating: 0, count: 5000)
    #expect(throws: KitError.self) { try writer.append(record: long, at: Timestamp(3), cpu: 0) }
  }
}
