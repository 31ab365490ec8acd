public import TraceCore

/// What a `trace.dat` says beside its events. Everything can be left out.
public struct CaptureOptions: Sendable {
  /// `Linux HOST RELEASE MACHINE`.
  public var uname: String? = "Linux testbox 7.3.0-rc7 x86_64"
  /// Version of the recorder.
  public var recorderVersion: String? = "3.1.6 proxytrace-testkit"
  public var traceID: UInt64? = 0x7072_6f78_7974_7261
  /// Whether TRACECLOCK lists the clocks with the used one in brackets. Version 6 has the clock only beside it.
  public var writesTraceClock = true
  public var writesCPUCount = true
  /// Whether each CPU of each buffer gets the text of its `per_cpu/cpuN/stats`.
  public var writesCPUStats = true
  /// Text of DATE: wall clock minus trace clock in microseconds, as trace-cmd writes it (`0x…`).
  public var date: String?
  /// Nanoseconds that a reader adds to every stamp (option OFFSET).
  public var offset: Int64?
  public var tscConversion: TSCConversion?
  public var timeShift: TimeShift?
  /// Names as `saved_cmdlines` has them.
  public var savedComms: [Pid: String] = [:]
  /// Formats of `trace_printk`, by address.
  public var printkFormats: [UInt64: String] = [:]
  /// Text of `/proc/kallsyms`.
  public var kallsyms = ""

  public init() {}
}

/// How stamps of the TSC become nanoseconds: `stamp * multiplier >> shift`.
public struct TSCConversion: Sendable, Hashable {
  public var multiplier: UInt32
  public var shift: UInt32
  /// Stored in the file; trace-cmd does not add it.
  public var offset: UInt64

  public init(multiplier: UInt32, shift: UInt32, offset: UInt64 = 0) {
    self.multiplier = multiplier
    self.shift = shift
    self.offset = offset
  }
}

/// How a guest's stamps become its host's (option TIME_SHIFT).
public struct TimeShift: Sendable, Hashable {
  public struct Sample: Sendable, Hashable {
    /// The guest's time from which the sample holds.
    public var time: UInt64
    public var offset: Int64
    public var scaling: UInt64
    /// Bits of `scaling` behind the point.
    public var fraction: UInt64

    public init(time: UInt64, offset: Int64, scaling: UInt64 = 1, fraction: UInt64 = 0) {
      self.time = time
      self.offset = offset
      self.scaling = scaling
      self.fraction = fraction
    }
  }

  /// The trace id of the host's file.
  public var peer: UInt64
  /// Whether offsets between two samples are interpolated.
  public var interpolates: Bool
  /// By virtual CPU from 0 on, each ascending in time.
  public var samples: [[Sample]]
  /// Older files leave the fractions out.
  public var writesFractions: Bool

  public init(peer: UInt64, interpolates: Bool = true, samples: [[Sample]], writesFractions: Bool = true) {
    self.peer = peer
    self.interpolates = interpolates
    self.samples = samples
    self.writesFractions = writesFractions
  }
}
