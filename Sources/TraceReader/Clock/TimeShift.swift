import TraceCore

/// A guest's clock against its host's, measured now and then while recording (option TIME_SHIFT).
struct TimeShift: Sendable {
  /// By CPU.
  var cpus: [ClockSamples]

  /// - Throws: `damaged` where the option is shorter than it says.
  init(_ content: inout MetadataCursor) throws(TraceError) {
    _ = try content.u64("the peer's trace id")
    let interpolates = try content.u32("the time shift's flags") & 1 != 0
    let count = try content.u32("the time shift's number of CPUs")
    cpus = []
    for _ in 0..<count {
      let samples = Int(try content.u32("the time shift's number of samples"))
      cpus.append(ClockSamples(try Self.samples(samples, &content), interpolates: interpolates))
    }
    // Older files end here; their products have no fraction.
    if content.remaining > 0 {
      for cpu in cpus.indices {
        for index in cpus[cpu].samples.indices {
          cpus[cpu].samples[index].fraction = try content.u64("the time shift's fractions")
        }
      }
    }
    for cpu in cpus.indices { cpus[cpu].order() }
  }

  /// The samples of one CPU, stored field by field.
  private static func samples(_ count: Int, _ content: inout MetadataCursor) throws(TraceError) -> [ClockSample] {
    // 24 bytes each: a count that the option cannot hold allocates nothing.
    guard UInt64(count) <= content.remaining / 24 else {
      _ = try content.bytes(UInt64(count) * 24, "the time shift's samples")
      return []
    }
    var samples = [ClockSample](repeating: ClockSample(), count: count)
    for index in samples.indices { samples[index].time = try content.u64("the time shift's samples") }
    for index in samples.indices {
      samples[index].offset = Int64(bitPattern: try content.u64("the time shift's samples"))
    }
    for index in samples.indices { samples[index].scaling = try content.u64("the time shift's samples") }
    return samples
  }

  func samples(of cpu: CPU) -> ClockSamples? {
    guard cpus.indices.contains(Int(cpu)), !cpus[Int(cpu)].samples.isEmpty else { return nil }
    return cpus[Int(cpu)]
  }
}

/// The difference of the clocks at one time.
struct ClockSample: Equatable, Sendable {
  /// On the guest's clock.
  var time: UInt64 = 0
  var offset: Int64 = 0
  var scaling: UInt64 = 1
  /// How many bits of `time * scaling` are a fraction.
  var fraction: UInt64 = 0
}

/// One CPU's samples (trace-cmd's `timestamp_host_sync` and `timestamp_correction_calc`).
struct ClockSamples: Equatable, Sendable {
  /// Ascending in time, at least one where it is used.
  var samples: [ClockSample]
  var interpolates: Bool

  init(_ samples: [ClockSample], interpolates: Bool) {
    self.samples = samples
    self.interpolates = interpolates
  }

  /// Sorts by time; of samples of the same time the first stays.
  mutating func order() {
    samples.sort { $0.time < $1.time }
    var unique: [ClockSample] = []
    for sample in samples where unique.last?.time != sample.time { unique.append(sample) }
    samples = unique
  }

  func convert(_ time: UInt64) -> UInt64 {
    // One sample has an offset and nothing else: its scaling is ignored.
    guard samples.count > 1 else { return time &+ UInt64(bitPattern: samples.first?.offset ?? 0) }
    let low = index(before: time)
    return convert(time, between: samples[low], and: samples[low + 1])
  }

  /// The last sample that is not after a time; before the first and after the last the outermost pair serves.
  private func index(before time: UInt64) -> Int {
    var (low, high) = (0, samples.count)
    while low < high {
      let middle = (low + high) / 2
      if samples[middle].time <= time { low = middle + 1 } else { high = middle }
    }
    return min(max(low - 1, 0), samples.count - 2)
  }

  private func convert(_ time: UInt64, between low: ClockSample, and high: ClockSample) -> UInt64 {
    var offset = low.offset
    if interpolates {
      let span = Int64(bitPattern: high.time &- low.time)
      let product = Int64(bitPattern: time &- low.time) &* (high.offset &- low.offset)
      let (quotient, overflow) = (product &+ span / 2).dividedReportingOverflow(by: span)
      offset = offset &+ (overflow ? 0 : quotient)
    }
    return ((time &* low.scaling) >> low.fraction) &+ UInt64(bitPattern: offset)
  }
}
