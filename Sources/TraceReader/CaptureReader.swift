public import TraceCore

/// Reads a `trace.dat`: first what it is, then its records as one stream.
///
///     var reader = try CaptureReader(path: "trace.dat")
///     while let event = reader.next() { … }
///     for entry in reader.diagnostics.all { … }
///
/// Opening reads the metadata but neither records nor symbols. Memory does not grow with the file: a window of at most
/// 256 KiB a CPU, less where there are many, or one decompressed chunk a CPU.
///
/// Damage never stops the stream: what cannot be read becomes a loss at its place and an entry of ``diagnostics``.
public struct CaptureReader: ~Copyable {
  private let file: CaptureFile
  private let contents: ContainerContents
  private let decoder: RecordDecoder
  private var merge: StreamMerge
  private var symbols: SymbolTable?

  /// What the capture is.
  public let info: CaptureInfo

  /// The names of tasks that the kernel remembered when recording ended: one a pid, the last. Names in events are better.
  public var savedComms: [Pid: Comm] { contents.savedComms }

  /// Memory for all windows together, in bytes.
  private static let windowBudget = 32 << 20
  private static let largestWindow = 256 << 10

  /// Opens a capture.
  /// - Parameters:
  ///   - instance: The buffer instance to read; `nil` or empty for the top one.
  ///   - events: Which events play which role.
  ///   - marks: How marks of sched_ext callbacks are recognised in messages.
  /// - Throws: `cannotOpen`, `notATrace`, `unsupported`, `damaged` where nothing can be read, `noSuchInstance`.
  public init(
    path: String, instance: String? = nil, events: EventMap = .standard, marks: MarkPattern = .standard
  ) throws(TraceError) {
    let file = try CaptureFile(path: path)
    var contents = try ContainerContents(file.view, path: path, events: events)
    let buffer = try contents.buffer(named: instance ?? "", path)
    self.init(file, &contents, buffer, path, marks)
  }

  private init(
    _ file: consuming CaptureFile, _ contents: inout ContainerContents, _ buffer: BufferLayout, _ path: String,
    _ marks: MarkPattern
  ) {
    decoder = RecordDecoder(
      &contents.formats, marks, longSize: contents.pageFormat.longSize, isBigEndian: contents.head.isBigEndian,
      &contents.diagnostics)
    let clock = ClockName.clock(
      buffer.clockName, isConverted: (contents.options.tsc?.multiplier ?? 0) != 0, &contents.diagnostics)
    info = contents.info(path: path, buffer, clock)
    merge = Self.merge(file.view, contents, buffer)
    self.contents = contents
    self.file = file
  }

  private static func merge(
    _ file: FileView, _ contents: ContainerContents, _ buffer: BufferLayout
  ) -> StreamMerge {
    let window = min(largestWindow, windowBudget / max(buffer.extents.count, 1))
    return StreamMerge(count: buffer.extents.count) { index in
      let extent = buffer.extents[index]
      let source = PageSource(
        file, buffer, extent, codec: contents.head.codec, isBigEndian: contents.head.isBigEndian, windowSize: window)
      let conversion = TimestampConversion(contents.options, cpu: extent.cpu, isTopBuffer: buffer.name.isEmpty)
      return CPUStream(source, cpu: extent.cpu, format: contents.pageFormat, conversion: conversion)
    }
  }

  /// The next event or loss in order of (time, CPU, place in the CPU's buffer), `nil` at the end.
  ///
  /// Only the CPUs' next events are compared, as `trace-cmd report` does: a clock that steps back on one CPU shows as it is.
  public mutating func next() -> SchedEvent? {
    var event = SchedEvent(timestamp: Timestamp(0), cpu: 0, pid: 0, context: EventContext(rawValue: 0), body: .other)
    return next(into: &event) ? event : nil
  }

  /// ``next()`` for loops over very many events: writes the event where it is wanted instead of returning it.
  /// - Parameter event: Anything before; unchanged at the end.
  /// - Returns: Whether there was an event.
  public mutating func next(into event: inout SchedEvent) -> Bool { merge.next(decoder, into: &event) }

  /// What was skipped or doubted so far. Grows while events are read.
  public var diagnostics: DiagnosticLog {
    var all = contents.diagnostics
    all.merge(merge.diagnostics)
    return all
  }

  /// How much of the records was read, 0 to 1.
  public var progress: Double {
    let (done, total) = merge.consumedBytes
    return total > 0 ? min(Double(done) / Double(total), 1) : 1
  }

  /// Formats of `trace_printk` by their address in the kernel. Read anew on each call.
  public func printkFormats() -> [UInt64: String] {
    MetadataText.printkFormats(contents.text(contents.printkFormats, file.view, info.path))
  }

  /// The kernel symbol that an address lies in, `nil` where the file has none. The first call reads the symbols, some
  /// megabytes.
  public mutating func symbol(for address: UInt64) -> KernelSymbol? {
    let table = symbols ?? SymbolTable(contents.text(contents.kallsyms, file.view, info.path))
    symbols = table
    return table.symbol(for: address)
  }
}

extension ContainerContents {
  /// A buffer instance by name.
  func buffer(named name: String, _ path: String) throws(TraceError) -> BufferLayout {
    guard let buffer = buffers.first(where: { $0.name == name }) else {
      let names = buffers.map(\.name).filter { !$0.isEmpty }
      let advice = names.isEmpty ? "it has none but the top buffer" : "it has \(names.joined(separator: ", "))"
      let problem = name.isEmpty ? "has no top buffer" : "has no buffer instance \"\(name)\""
      throw TraceError(.noSuchInstance, path: path, problem, advice: advice)
    }
    if buffer.isText { throw TraceError.latencyText(path, buffer.end) }
    return buffer
  }

  func info(path: String, _ buffer: BufferLayout, _ clock: TraceClock) -> CaptureInfo {
    CaptureInfo(
      path: path,
      format: CaptureFormat(
        version: head.version, compression: head.codec?.rawValue ?? "none", isBigEndian: head.isBigEndian,
        longSize: pageFormat.longSize),
      uname: options.uname, recorderVersion: options.recorderVersion, clock: clock, instance: buffer.name,
      instances: buffers.map(\.info), cpus: buffer.extents.map(\.cpu), cpuCount: cpuCount,
      events: formats.events.sorted { $0.id < $1.id })
  }

  /// The bytes of a text that was passed over when the file was opened; empty where they cannot be read.
  func text(_ section: TextSection?, _ file: FileView, _ path: String) -> [UInt8] {
    switch section {
    case nil: return []
    case .plain(let offset, let size): return file.bytes(at: offset, count: size)
    case .section(let offset, let id):
      guard var cursor = try? openSection(file, at: offset, id, path), let size = try? cursor.u32("a text's size"),
        let bytes = try? cursor.bytes(min(UInt64(size), cursor.remaining), "a text")
      else { return [] }
      return bytes
    }
  }
}
