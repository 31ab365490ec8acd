import TraceCore

/// When each CPU wrote its last event. Every event changes it: an array would ask each time whether somebody shares its memory.
struct LastTimes: ~Copyable {
  /// By CPU, as many as a kernel can have; `max` before the first event. Nobody else has the pointer, and it is freed with this.
  private let times = UnsafeMutablePointer<UInt64>.allocate(capacity: KernelLimits.cpuCount)
  private let count = KernelLimits.cpuCount

  init() { forget() }

  deinit { times.deallocate() }

  /// No CPU has written an event.
  func forget() { times.initialize(repeating: .max, count: count) }

  /// - Returns: the time before, `max` for none; `nil` for a CPU that no kernel can have.
  @inline(__always)
  func replace(on cpu: CPU, by time: UInt64) -> UInt64? {
    guard cpu >= 0, Int(cpu) < count else { return nil }
    let last = times[Int(cpu)]
    times[Int(cpu)] = time
    return last
  }
}
