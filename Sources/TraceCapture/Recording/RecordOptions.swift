/// What a user asks of a recording.
public struct RecordOptions: Sendable {
  public enum Probes: String, Sendable, CaseIterable {
    /// The best that the kernel takes.
    case auto
    case exact
    case switches = "switch"
    case none
  }

  /// How the CPUs' pages are stored once the recording has ended, and the metadata. While it runs, no page is compressed.
  public enum Compression: String, Sendable, CaseIterable {
    case zstd, none
  }

  /// What to do when a wait exceeds a threshold.
  public enum Action: Sendable, Hashable {
    case stop
    /// SIGUSR1 to the command that is recorded.
    case signal
    /// A line for the shell.
    case run(String)
  }

  public struct Threshold: Sendable, Hashable {
    public var nanoseconds: UInt64
    public var action: Action

    /// From `5ms=stop`.
    public init?(_ text: String) {
      guard let equals = text.firstIndex(of: "="), let limit = Self.duration(text[..<equals]) else { return nil }
      nanoseconds = limit
      switch text[text.index(after: equals)...] {
      case "": return nil
      case "stop": action = .stop
      case "signal": action = .signal
      case let command: action = .run(String(command))
      }
    }

    /// `5ms`, `0.5s`, `250us`.
    private static func duration(_ text: Substring) -> UInt64? {
      for (unit, factor) in [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)] where text.hasSuffix(unit) {
        guard let number = Double(text.dropLast(unit.count)), number > 0, number * factor < 1e15 else { continue }
        return UInt64(number * factor)
      }
      return nil
    }
  }

  /// Where the capture goes.
  public var output = "trace.dat"
  /// KB for each CPU; `nil` = by the rate.
  public var bufferSize: Int?
  /// Seconds; `nil` = until the command ends or somebody stops it.
  public var duration: Double?
  public var probes = Probes.auto
  /// Of the capture.
  public var compression = Compression.zstd
  /// Keeps the last seconds alone, and writes them when it ends.
  public var keeps: Double?
  public var threshold: Threshold?
  /// Tasks to record; empty = all.
  public var pids: [Int32] = []
  public var followsChildren = false
  /// CPUs to record; empty = all.
  public var cpus: [Int] = []
  public var command: [String] = []
  /// What the capture calls its recorder.
  public var recorder = "proxytrace"
  /// The program that has ``Restorer/command``. This one, also if its file has been replaced meanwhile.
  public var program = "/proc/self/exe"

  public init() {}

  /// A list of CPUs such as `0,2-3`; `nil` where it is none.
  public static func cpus(_ list: String) -> [Int]? {
    KernelFile.numbers(list).flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// How a recording went.
public struct RecordSummary: Sendable {
  public enum End: Sendable, Hashable {
    case commandEnded(status: Int32)
    case timeIsUp
    case interrupted
    /// Pid, and how long it waited in nanoseconds.
    case threshold(pid: Int32, wait: UInt64)
    /// Nothing more could be written.
    case outputFailed(CaptureError)
  }

  public var end: End
  public var probes: ProbeSet
  /// Why no better set was taken, a clause each.
  public var refusals: [String] = []
  /// Seconds.
  public var duration = 0.0
  public var bytes = 0
  public var lostEvents: UInt64 = 0
  /// What went wrong and did not end the recording, a line each.
  public var problems: [String] = []
}

/// How far a recording is.
public struct RecordProgress: Sendable {
  public var seconds: Double
  public var bytes: Int
  /// Bytes a second, of late.
  public var rate: Double
  public var lostEvents: UInt64
  /// Of a flight recorder: how many seconds it holds.
  public var kept: Double?
}
