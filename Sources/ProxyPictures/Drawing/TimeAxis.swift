import TraceCore

/// Where instants stand in a drawing, and which of them are labelled.
struct TimeAxis {
  let begin: Timestamp
  let length: Int64
  let left: Double
  let width: Double
  let clock: TraceClock

  func x(_ time: Timestamp) -> Double {
    left + min(max(Double(time - begin) / Double(length), 0), 1) * width
  }

  /// Labelled instants, at round times of the trace's own clock.
  var ticks: [(x: Double, label: String)] {
    let step = Self.step(length / 8)
    let first = (begin.rawValue / UInt64(step) + (begin.rawValue % UInt64(step) == 0 ? 0 : 1)) * UInt64(step)
    var ticks: [(Double, String)] = []
    var time = Timestamp(first)
    while time - begin <= length, ticks.count < 20 {
      ticks.append((x(time), label(time, step)))
      time = time + step
    }
    return ticks
  }

  /// The smallest of 1, 2, 5, 10, 20, 50 … that is not smaller.
  static func step(_ least: Int64) -> Int64 {
    var power: Int64 = 1
    while power < Int64.max / 100 {
      for digit in [1, 2, 5] as [Int64] where digit * power >= least { return digit * power }
      power *= 10
    }
    return max(least, 1)
  }

  /// As `trace-cmd report` prints it; with nanoseconds where microseconds do not tell two ticks apart.
  private func label(_ time: Timestamp, _ step: Int64) -> String {
    guard clock.unit == .nanoseconds, step < 1000 else { return clock.format(time) }
    let digits = String(time.rawValue % 1_000_000_000)
    return "\(time.rawValue / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}
