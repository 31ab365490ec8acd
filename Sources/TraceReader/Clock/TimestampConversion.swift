import TraceCore

/// How a TSC becomes nanoseconds: `time * multiplier >> shift`.
///
/// The option TSC2NSEC has an offset as well, which trace-cmd reads and never adds. Nor is it added here, so that times
/// are those that `trace-cmd report` and KernelShark print.
struct TSCConversion: Equatable, Sendable {
  var multiplier: UInt32
  /// Of a 96-bit product; 0 to 64 and more.
  var shift: UInt32

  func convert(_ time: UInt64) -> UInt64 {
    UInt64(truncatingIfNeeded: (UInt128(time) * UInt128(multiplier)) >> UInt128(shift))
  }
}

/// The corrections of a raw timestamp, in trace-cmd's order (lib/trace-cmd/trace-input.c, `timestamp_calc`): the
/// guest's shift to its host's clock, the TSC's conversion, the offset of DATE and OFFSET. All arithmetic wraps.
struct TimestampConversion: Sendable {
  /// This CPU's samples of the clocks' difference; empty = none.
  var shift: ClockSamples?
  var tsc: TSCConversion?
  var offset: UInt64
  /// Whether timestamps stay as they are, as in nearly every capture.
  let isIdentity: Bool

  init(_ options: FileOptions, cpu: CPU, isTopBuffer: Bool) {
    // trace-cmd shifts the top buffer alone; its handles of instances forget the samples.
    shift = isTopBuffer ? options.timeShift?.samples(of: cpu) : nil
    // A multiplier of 0 means "no conversion" to trace-cmd.
    tsc = options.tsc.flatMap { $0.multiplier == 0 ? nil : $0 }
    offset = options.timeOffset
    isIdentity = shift == nil && tsc == nil && offset == 0
  }

  func convert(_ raw: UInt64) -> UInt64 {
    var time = shift?.convert(raw) ?? raw
    if let tsc { time = tsc.convert(time) }
    return time &+ offset
  }
}
