import TraceCore

/// What the names of trace clocks mean (Documentation/trace/ftrace.rst, *trace_clock*).
enum ClockName {
  /// The clock in use out of the content of `trace_clock`: `local global [mono] boot` gives `mono`. A text without
  /// brackets is a name itself; `nil` where there is none.
  static func selected(in text: String) -> String? {
    guard let open = text.firstIndex(of: "[") else { return text.contains(" ") ? nil : word(text[...]) }
    guard let close = text[open...].firstIndex(of: "]") else { return nil }
    return word(text[text.index(after: open)..<close])
  }

  private static func word(_ text: Substring) -> String? {
    let word = text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    return word.isEmpty ? nil : String(word)
  }

  private static let nanosecondClocks: Set = [
    "local", "global", "perf", "mono", "mono_raw", "boot", "tai", "tsc2nsec",
  ]

  /// The clock of a capture. Doubts about it become diagnostics.
  ///
  /// A TSC conversion makes nanoseconds of any clock, as for trace-cmd. An unknown clock counts unknown units.
  static func clock(_ name: String, isConverted: Bool, _ diagnostics: inout DiagnosticLog) -> TraceClock {
    if name.isEmpty {
      diagnostics.record(.clockUnknown)
      return TraceClock(name: name, unit: .nanoseconds)
    }
    if name == "local" { diagnostics.record(.clockPerCPU, "the clock is local") }
    if isConverted || nanosecondClocks.contains(name) { return TraceClock(name: name, unit: .nanoseconds) }
    diagnostics.record(.clockNotNanoseconds, "the clock is \(name)")
    return TraceClock(name: name, unit: .ticks)
  }
}
