import TraceCore

extension Priority {
  /// Whether the fair scheduler has it: nice −20 to 19, or a sched_ext task.
  var isFair: Bool { rawValue >= 100 }

  /// A task's weight as CFS has it: 1024 at nice 0, a factor of 1.25 a step (`sched_prio_to_weight`, kernel/sched/core.c).
  /// Real-time and deadline tasks weigh so much that fair ones do not count, and each priority more than all below it.
  var weight: Double {
    if isFair { return 1024 * Self.power(1.25, 120 - Int(rawValue)) }
    return 1e9 * Self.power(1e3, min(90, 99 - Int(max(-1, rawValue))))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= base }
    return exponent < 0 ? 1 / result : result
  }
}
