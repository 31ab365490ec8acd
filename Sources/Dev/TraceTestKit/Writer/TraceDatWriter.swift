public import TraceCore

/// Writes a `trace.dat` out of events: what a capture would look like if exactly these had happened.
///
///     var writer = try TraceDatWriter(CaptureLayout(version: 7, compression: .zstd))
///     try writer.append(event)
///     let bytes = try writer.finish()
///
/// The same calls make the same bytes, whatever the machine. Events of one CPU are appended in order of time; those of
/// different CPUs in any order. Nothing but the encoded pages is kept.
public struct TraceDatWriter {
  /// A buffer instance that events are appended to.
  public struct Instance: Sendable, Hashable {
    var index: Int
    /// The buffer that every capture has.
    public static let top = Instance(index: 0)
  }

  let layout: CaptureLayout
  let catalog: EventCatalog
  let options: CaptureOptions
  private let style: RingBufferStyle
  private let encoders: [RecordEncoder]
  var buffers: [Buffer]

  /// - Parameters:
  ///   - events: Events besides those of the dialect; their ids are not looked at.
  ///   - clock: Name of the top buffer's clock as in `trace_clock`.
  ///   - cpuCount: CPUs of the traced machine; at least one more than the highest that has events.
  public init(
    _ layout: CaptureLayout = CaptureLayout(), dialect: EventCatalog.Dialect = .linux7, events: [EventFormat] = [],
    options: CaptureOptions = CaptureOptions(), style: RingBufferStyle = RingBufferStyle(), clock: String = "mono",
    cpuCount: Int? = nil
  ) throws(KitError) {
    try layout.check()
    self.layout = layout
    self.options = options
    self.style = style
    let catalog = EventCatalog(dialect, more: events)
    self.catalog = catalog
    encoders = catalog.formats.map { RecordEncoder($0, layout) }
    buffers = [Buffer(name: "", clock: clock, subBufferSize: layout.subBufferSize)]
    self.minimumCPUCount = cpuCount ?? 0
  }

  private let minimumCPUCount: Int

  /// CPUs that the file says the machine has.
  var cpuCount: Int {
    let highest = buffers.flatMap(\.rings.keys).max() ?? 0
    return max(minimumCPUCount, Int(highest) + 1)
  }

  /// Adds a buffer instance. Version 6 has one page size for all.
  public mutating func addInstance(
    named name: String, clock: String? = nil, subBufferSize: Int? = nil
  ) throws(KitError) -> Instance {
    let size = subBufferSize ?? layout.subBufferSize
    guard layout.version == 7 || size == layout.subBufferSize else { throw KitError("version 6 has one page size") }
    buffers.append(Buffer(name: name, clock: clock ?? buffers[0].clock, subBufferSize: size))
    return Instance(index: buffers.count - 1)
  }

  /// The format under which events of a role are written; its id is what a reader reports as `eventID`.
  public func format(for role: EventRole) -> EventFormat? { catalog.format(for: role) }

  /// Appends an event.
  ///
  /// `.lost` is ``lose(_:cpu:from:)``, whatever its time, and nothing where it is quiet; `.other` is written as a mark without text.
  public mutating func append(_ event: SchedEvent, to instance: Instance = .top) throws(KitError) {
    if case .lost(let loss) = event.body {
      if loss.isQuiet { return }
      return try lose(loss.count, cpu: event.cpu, from: instance)
    }
    guard let values = try EventValues(event, dialect: catalog.dialect) else {
      return try append(mark: "", at: event.timestamp, cpu: event.cpu, pid: event.pid, to: instance)
    }
    guard let index = catalog.index(for: values.role) else { throw KitError("this kernel has no event \(values.role)") }
    let record = encoders[index].encode(pid: event.pid, context: event.context, values.values)
    try append(record: record, at: event.timestamp, cpu: event.cpu, to: instance)
  }

  /// Appends a `bpf_trace_printk` with a text.
  public mutating func append(
    mark text: String, at time: Timestamp, cpu: CPU, pid: Pid, context: EventContext = .task,
    to instance: Instance = .top
  ) throws(KitError) {
    guard let encoder = encoders.first(where: { $0.format.id == catalog.mark.id }) else { return }
    let record = encoder.encode(pid: pid, context: context, [.text(Array(text.utf8))])
    try append(record: record, at: time, cpu: cpu, to: instance)
  }

  /// Appends an event by its name.
  /// - Parameter values: its fields in their order, all of them numbers.
  public mutating func append(
    _ name: String, of system: String, _ values: [Int64], at time: Timestamp, cpu: CPU, pid: Pid,
    context: EventContext = .task, to instance: Instance = .top
  ) throws(KitError) {
    guard let index = catalog.index(system: system, name: name), values.count == encoders[index].fields.count else {
      throw KitError("there is no event \(system):\(name) with \(values.count) fields")
    }
    let record = encoders[index].encode(pid: pid, context: context, values.map { .signed($0) })
    try append(record: record, at: time, cpu: cpu, to: instance)
  }

  /// Appends a record whose bytes are given, `common_type` and all: also one that no format describes.
  public mutating func append(
    record: [UInt8], at time: Timestamp, cpu: CPU, to instance: Instance = .top
  ) throws(KitError) {
    try withRing(of: cpu, in: instance) { (ring) throws(KitError) in try ring.append(record, at: time.rawValue) }
  }

  /// The ring buffer of a CPU loses events here.
  ///
  /// The CPU's next event begins a page that says so; where none follows, the file does not show the loss.
  /// - Parameter count: How many; `nil` where the ring buffer does not tell.
  public mutating func lose(_ count: UInt64?, cpu: CPU, from instance: Instance = .top) throws(KitError) {
    try withRing(of: cpu, in: instance) { (ring) throws(KitError) in ring.lose(count) }
  }

  /// The file.
  public consuming func finish() throws(KitError) -> [UInt8] {
    var writer = self
    for index in writer.buffers.indices { writer.buffers[index].finish() }
    return writer.layout.version == 6 ? try writer.version6() : try writer.version7()
  }

  private mutating func withRing(
    of cpu: CPU, in instance: Instance, _ body: (inout RingBufferEncoder) throws(KitError) -> Void
  ) throws(KitError) {
    guard cpu >= 0 else { throw KitError("no CPU \(cpu)") }
    let size = buffers[instance.index].subBufferSize
    try body(
      &buffers[instance.index].rings[cpu, default: RingBufferEncoder(layout, subBufferSize: size, style: style)])
  }
}

extension TraceDatWriter {
  /// A buffer instance's content.
  struct Buffer {
    var name: String
    var clock: String
    var subBufferSize: Int
    var rings: [CPU: RingBufferEncoder] = [:]
    /// The CPUs' pages in order of CPU, once they are finished. CPUs without records are left out.
    private(set) var data: [(cpu: CPU, pages: [UInt8])] = []

    init(name: String, clock: String, subBufferSize: Int) {
      self.name = name
      self.clock = clock
      self.subBufferSize = subBufferSize
    }

    mutating func finish() {
      for cpu in rings.keys.sorted() {
        let pages = rings[cpu]?.finish() ?? []
        if !pages.isEmpty { data.append((cpu, pages)) }
      }
    }
  }
}
