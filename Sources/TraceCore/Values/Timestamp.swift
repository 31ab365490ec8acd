/// An instant on the traced clock, in the clock's own unit (``TraceClock/Unit``), after the corrections that
/// `trace-cmd` applies too (TSC to nanoseconds, host/guest offsets).
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Clock units since the clock's own zero.
  public var rawValue: UInt64

  /// An instant by its clock units.
  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether `a` is earlier.
  @inlinable
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.rawValue < b.rawValue }

  /// The units from `b` to `a`; negative where the clock ran backwards. Wraps instead of trapping: both may come from a
  /// damaged file.
  @inlinable
  public static func - (a: Timestamp, b: Timestamp) -> Int64 { Int64(bitPattern: a.rawValue &- b.rawValue) }

  /// The instant that many units after `a`. Wraps instead of trapping.
  @inlinable
  public static func + (a: Timestamp, units: Int64) -> Timestamp {
    Timestamp(a.rawValue &+ UInt64(bitPattern: units))
  }
}

/// The clock that stamped the records (`trace_clock` in tracefs).
public struct TraceClock: Hashable, Sendable {
  /// What one step of the clock is worth.
  public enum Unit: Hashable, Sendable {
    /// `local`, `global`, `perf`, `mono`, `mono_raw`, `boot`, `tai`, and a TSC that the file says how to convert.
    case nanoseconds
    /// `counter` (events), `uptime` (jiffies), and a TSC without calibration: never printed as seconds.
    case ticks
  }

  /// The name in tracefs, e.g. `mono`; empty where the file does not say.
  public var name: String
  /// What one step of the clock is worth.
  public var unit: Unit

  /// A clock by its name and unit.
  public init(name: String, unit: Unit) {
    self.name = name
    self.unit = unit
  }

  /// Whether stamps of different CPUs can be compared exactly. `local` is each CPU's own clock and may be off between
  /// CPUs (Documentation/trace/ftrace.rst).
  public var isGlobal: Bool { name != "local" }
}

extension TraceClock {
  /// An instant as `trace-cmd report` prints it: `seconds.microseconds`, rounded, for nanoseconds; the raw number
  /// otherwise.
  public func format(_ time: Timestamp) -> String {
    guard unit == .nanoseconds else { return String(time.rawValue) }
    // trace-cmd rounds to microseconds (tep_print_event's "%6.1000d"), so a line can be found there again.
    let (sum, overflow) = time.rawValue.addingReportingOverflow(500)
    let micros = (overflow ? time.rawValue : sum) / 1000
    let fraction = String(micros % 1_000_000)
    return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }
}
