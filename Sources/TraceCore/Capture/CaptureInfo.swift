/// What a capture is: everything the file says about itself, known before the first event is read.
public struct CaptureInfo: Sendable, Hashable {
  /// The input as the user named it.
  public var path: String
  /// How the capture is stored.
  public var format: CaptureFormat
  /// `Linux HOST RELEASE MACHINE` as trace-cmd stored it; empty where it did not. Hostile text.
  public var uname: String
  /// The version of the trace-cmd that wrote the file; empty where unknown. Hostile text.
  public var recorderVersion: String
  /// The clock that stamped the records.
  public var clock: TraceClock
  /// Name of the buffer instance that is read; empty for the top one.
  public var instance: String
  /// All buffer instances of the file, the top one first.
  public var instances: [InstanceInfo]
  /// CPUs of this instance that have data, ascending.
  public var cpus: [CPU]
  /// CPUs the traced machine says it has; at least `cpus.count`.
  public var cpuCount: Int
  /// Events whose format the file holds, by ascending id.
  public var events: [EventInfo]
  /// What `proxytrace record` wrote about the traced machine, by key (docs/record.md): `cmdline`, `config`,
  /// `sched_ext.ops` …; empty where another program recorded. Hostile text.
  public var machineFacts: [String: String]

  /// Describes a capture.
  public init(
    path: String, format: CaptureFormat, uname: String = "", recorderVersion: String = "", clock: TraceClock,
    instance: String = "", instances: [InstanceInfo] = [], cpus: [CPU] = [], cpuCount: Int = 0,
    events: [EventInfo] = [],
    machineFacts: [String: String] = [:]
  ) {
    self.path = path
    self.format = format
    self.uname = uname
    self.recorderVersion = recorderVersion
    self.clock = clock
    self.instance = instance
    self.instances = instances
    self.cpus = cpus
    self.cpuCount = cpuCount
    self.events = events
    self.machineFacts = machineFacts
  }

  /// The value of the last parameter of that name on the traced kernel's command line: of `sched_proxy_exec=0` it is `0`.
  /// - Returns: `nil` where the capture does not hold the command line, or it does not hold the parameter.
  public func bootParameter(_ name: String) -> String? {
    let words = machineFacts["cmdline"]?.split(separator: " ") ?? []
    return words.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
  }

  /// The kernel release out of ``uname`` (`7.3.0-rc7`), `nil` where the file does not say.
  public var kernelRelease: String? {
    let words = uname.split(separator: " ")
    return words.count >= 3 ? String(words[2]) : nil
  }
}

/// The kind of input, as recognised from its content.
public struct CaptureFormat: Sendable, Hashable {
  /// `trace.dat`'s file version; 0 of text and of Perfetto's traces.
  public var version: Int
  /// `none`, `zstd`, `zlib`: how the CPUs' data is stored. Of text `none`, `gzip`, `zstd`.
  public var compression: String
  /// Whether the traced machine is big-endian.
  public var isBigEndian: Bool
  /// Size of the traced kernel's `long` in bytes: 4 or 8.
  public var longSize: Int
  /// Of text: what the last digit of its times is worth, in nanoseconds; 0 where they have no fraction. `nil`: it is no
  /// text.
  public var textResolution: UInt64?

  /// Whether it is a Perfetto trace.
  public var isPerfetto = false

  /// Whether it is ftrace text, which says of events what it prints, and nothing of itself.
  public var isText: Bool { textResolution != nil }

  /// Describes a file format.
  public init(
    version: Int, compression: String, isBigEndian: Bool, longSize: Int, textResolution: UInt64? = nil
  ) {
    self.textResolution = textResolution
    self.version = version
    self.compression = compression
    self.isBigEndian = isBigEndian
    self.longSize = longSize
  }
}

/// A buffer instance of a capture (`tracefs/instances/NAME`).
public struct InstanceInfo: Sendable, Hashable {
  /// Empty for the top buffer.
  public var name: String
  /// The instance's clock, as in tracefs; empty where the file does not say.
  public var clockName: String
  /// Size of a ring-buffer page in bytes.
  public var subBufferSize: Int
  /// CPUs with data.
  public var cpus: [CPU]

  /// Describes an instance.
  public init(name: String, clockName: String, subBufferSize: Int, cpus: [CPU]) {
    self.name = name
    self.clockName = clockName
    self.subBufferSize = subBufferSize
    self.cpus = cpus
  }
}

/// An event that a capture describes.
public struct EventInfo: Sendable, Hashable {
  /// `common_type` of its records; differs from kernel to kernel.
  public var id: UInt16
  /// The event's group in tracefs, such as `sched`; empty in text that does not print it and for names without a role.
  public var system: String
  /// The event's name in its group. Hostile text.
  public var name: String
  /// What the analysis uses it for, `nil` where it does not.
  public var role: EventRole?

  /// Describes an event.
  public init(id: UInt16, system: String, name: String, role: EventRole?) {
    self.id = id
    self.system = system
    self.name = name
    self.role = role
  }
}
