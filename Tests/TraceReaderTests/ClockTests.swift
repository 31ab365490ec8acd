import Testing
import TraceCore

@testable import TraceReader

/// Names of clocks, and what is done to a raw timestamp.
struct ClockTests {
  @Test func selectedClock() {
    #expect(ClockName.selected(in: "local global counter uptime perf [mono] mono_raw boot tai x86-tsc\n") == "mono")
    #expect(ClockName.selected(in: "[local] global") == "local")
    #expect(ClockName.selected(in: "mono_raw") == "mono_raw")
    #expect(ClockName.selected(in: "local global") == nil)
    #expect(ClockName.selected(in: "") == nil)
    #expect(ClockName.selected(in: "[") == nil)
    #expect(ClockName.selected(in: "[]") == nil)
  }

  @Test(arguments: ["local", "global", "perf", "mono", "mono_raw", "boot", "tai", "tsc2nsec"])
  func nanoseconds(_ name: String) {
    var log = DiagnosticLog()
    #expect(ClockName.clock(name, isConverted: false, &log) == TraceClock(name: name, unit: .nanoseconds))
    #expect(log.all.map(\.kind) == (name == "local" ? [.clockPerCPU] : []))
  }

  @Test(arguments: ["counter", "uptime", "x86-tsc", "ppc-tb", "s390-tod", "unheard-of"])
  func ticks(_ name: String) {
    var log = DiagnosticLog()
    #expect(ClockName.clock(name, isConverted: false, &log) == TraceClock(name: name, unit: .ticks))
    #expect(log.all.map(\.kind) == [.clockNotNanoseconds])
    log = DiagnosticLog()
    #expect(ClockName.clock(name, isConverted: true, &log).unit == .nanoseconds)
    #expect(log.isEmpty)
  }

  @Test func unnamedClock() {
    var log = DiagnosticLog()
    #expect(ClockName.clock("", isConverted: false, &log).unit == .nanoseconds)
    #expect(log.all.map(\.kind) == [.clockUnknown])
  }

  @Test func tscKeepsAll96Bits() {
    let tsc = TSCConversion(multiplier: 3_000_000_000, shift: 32)
    #expect(tsc.convert(1 << 40) == UInt64((Double(1 << 40) * 3e9) / 4_294_967_296))
    #expect(TSCConversion(multiplier: 2, shift: 0).convert(.max) == UInt64.max - 1)
    #expect(TSCConversion(multiplier: 2, shift: 200).convert(.max) == 0)
  }

  @Test func numbersAsCReadsThem() {
    let expected: [(String, Int64)] = [
      ("0x10", 16), ("-0x10", -16), ("010", 8), ("12abc", 12), (" +7", 7), ("", 0), ("x", 0), ("-", 0),
      ("99999999999999999999", .max), ("-99999999999999999999", .min),
    ]
    for (text, value) in expected { #expect(CNumber.parse(text) == value, "\(text)") }
  }

  private func samples(_ interpolates: Bool, _ list: [ClockSample]) -> ClockSamples {
    var samples = ClockSamples(list, interpolates: interpolates)
    samples.order()
    return samples
  }

  @Test func oneSampleHasAnOffsetAlone() {
    #expect(samples(true, [ClockSample(time: 10, offset: -3, scaling: 9)]).convert(100) == 97)
  }

  @Test func samplesWithoutInterpolationAreSteps() {
    let shift = samples(
      false,
      [ClockSample(time: 300, offset: 3), ClockSample(time: 100, offset: 1), ClockSample(time: 200, offset: 2)])
    #expect([50, 100, 150, 200, 250, 300, 400].map(shift.convert) == [51, 101, 151, 202, 252, 302, 402])
  }

  @Test func samplesAreJoinedByLines() {
    let shift = samples(
      true,
      [
        ClockSample(time: 100, offset: 1000), ClockSample(time: 200, offset: 2000),
        ClockSample(time: 300, offset: 2000),
      ])
    #expect([100, 150, 199, 200, 250, 300].map(shift.convert) == [1100, 1650, 2189, 2200, 2250, 2300])
    // The outermost lines go on; what is not whole is rounded as trace-cmd does it, up below and above.
    #expect(shift.convert(0) == 1)
    #expect(shift.convert(1300) == 3300)
  }

  @Test func scaling() {
    let half = ClockSample(time: 0, offset: 5, scaling: 1, fraction: 1)
    #expect(samples(false, [half, ClockSample(time: 10, offset: 5)]).convert(8) == 9)
  }

  /// Nothing a file holds can trap.
  @Test func extremes() {
    let list = [
      ClockSample(time: 0, offset: .min, scaling: .max, fraction: .max),
      ClockSample(time: .max, offset: .max, scaling: .max, fraction: 63), ClockSample(time: 1 << 63, offset: .min),
    ]
    for interpolates in [true, false] {
      for time in [0, 1, .max, 1 << 63, 1 << 62] as [UInt64] { _ = samples(interpolates, list).convert(time) }
    }
    #expect(samples(true, []).convert(7) == 7)
  }

  @Test func orderOfCorrections() {
    var options = FileOptions()
    options.tsc = TSCConversion(multiplier: 3, shift: 1)
    options.timeOffset = UInt64(bitPattern: -100)
    #expect(TimestampConversion(options, cpu: 0, isTopBuffer: true).convert(1000) == 1400)
    #expect(TimestampConversion(FileOptions(), cpu: 0, isTopBuffer: true).isIdentity)
    options.tsc?.multiplier = 0
    #expect(TimestampConversion(options, cpu: 0, isTopBuffer: true).convert(1000) == 900)
  }
}
