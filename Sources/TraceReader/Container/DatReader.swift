import TraceCore

/// Reads a `trace.dat`: its description first, then its records as one stream.
struct DatReader: ~Copyable {
  private let file: FileView
  private let contents: ContainerContents
  /// Allocated once, owned and freed by this reader.
  private let decoder: UnsafeMutablePointer<RecordDecoder>
  private var merge: StreamMerge
  private var symbols: SymbolTable?
  private let way: ReadingWay
  private let pageSize: Int
  private(set) var ahead: DecompressAhead?

  /// What the capture is.
  let info: CaptureInfo

  /// The last name of each pid that the kernel remembered when recording ended. Names in events are more exact.
  var savedComms: [Pid: Comm] { contents.savedComms }

  /// Memory for all windows together, in bytes. What was read for one CPU should still be in the cache of a core (1 or 2 MB) when it is
  /// its turn: with many CPUs it is another one's after each event.
  private static let windowBudget = 2 << 20

  /// - Parameter file: Stays open as long as this reader lives.
  /// - Throws: `unsupported`, `damaged` where nothing can be read, `noSuchInstance`.
  init(
    _ file: FileView, path: String, instance: String, events: EventMap, _ marks: MarkPattern, _ way: ReadingWay
  ) throws(TraceError) {
    var contents = try ContainerContents(file, path: path, events: events)
    let buffer = try contents.buffer(named: instance, path)
    self.init(file, &contents, buffer, path, marks, way)
  }

  private init(
    _ file: FileView, _ contents: inout ContainerContents, _ buffer: BufferLayout, _ path: String,
    _ marks: MarkPattern, _ way: ReadingWay
  ) {
    decoder = .placed(
      RecordDecoder(
        &contents.formats, marks, longSize: contents.pageFormat.longSize, isBigEndian: contents.head.isBigEndian,
        &contents.diagnostics))
    let clock = ClockName.clock(
      buffer.clockName, isConverted: (contents.options.tsc?.multiplier ?? 0) != 0, &contents.diagnostics)
    info = contents.info(path: path, buffer, clock)
    merge = Self.merge(file, contents, buffer, way)
    pageSize = Int(buffer.subBufferSize)
    self.way = way
    self.contents = contents
    self.file = file
  }

  deinit {
    ahead?.end()
    decoder.discard()
  }

  /// Decompresses on other threads from now on, if the capture is compressed and threads can be created. A second call does nothing.
  /// - Parameter threads: How many there may be.
  mutating func decompressAhead(threads: Int) {
    let count = merge.compressedCount
    guard ahead == nil, threads > 0, count > 0, let codec = contents.head.codec else { return }
    ahead = DecompressAhead(file, codec, pageSize: pageSize, sourceCount: count, threads: threads, way)
    if let ahead { merge.decompress(ahead: ahead) }
  }

  /// Ends the other threads. The reader can be read on.
  func endDecompressing() { ahead?.end() }

  private static func merge(
    _ file: FileView, _ contents: ContainerContents, _ buffer: BufferLayout, _ way: ReadingWay
  ) -> StreamMerge {
    let window = min(way.windowSize, windowBudget / max(buffer.extents.count, 1))
    let decompression = contents.head.codec.map { Decompression($0) }
    return StreamMerge(count: buffer.extents.count, isMerged: way.isMerged) { index in
      let extent = buffer.extents[index]
      let source = PageSource(
        file, buffer, extent, decompression, isBigEndian: contents.head.isBigEndian, windowSize: window)
      let conversion = TimestampConversion(contents.options, cpu: extent.cpu, isTopBuffer: buffer.name.isEmpty)
      return CPUStream(
        source, cpu: extent.cpu, format: contents.pageFormat, conversion: conversion, isCut: extent.isCut)
    }
  }

  @inline(__always)
  mutating func next(into packer: UnsafeMutablePointer<EventPacker>) { merge.next(decoder, into: packer) }

  /// Keeps kernel stacks from now on, each until the next record.
  func keepStacks() {
    guard let format = contents.formats.stack else { return }
    decoder.pointee.keepStacks(format, longSize: info.format.longSize, isBigEndian: info.format.isBigEndian)
  }

  /// Farther behind a symbol than this an address is in something that the file has no name for.
  private static let longestFunction: UInt64 = 1 << 14

  /// The stack of the record that was read last, if it is one. The first one reads the symbols, some megabytes.
  mutating func takeStack() -> KernelStack? {
    // A copy of the pointer: of a call through `self` the compiler makes what it cannot verify, with the thread sanitizer (6.3.1).
    let decoder = decoder
    guard let frames = decoder.pointee.takeStack() else { return nil }
    var names: [String] = []
    for address in frames { names.append(frameName(address)) }
    return KernelStack(names)
  }

  private mutating func frameName(_ address: UInt64) -> String {
    guard let symbol = symbol(for: address), symbol.offset < Self.longestFunction else {
      return "0x" + String(address, radix: 16)
    }
    let offset = symbol.offset == 0 ? "" : "+0x" + String(symbol.offset, radix: 16)
    return symbol.name + offset + (symbol.module.map { " [\($0)]" } ?? "")
  }

  /// What was skipped or doubted so far. Grows while events are read.
  var diagnostics: DiagnosticLog {
    var all = contents.diagnostics
    all.merge(merge.diagnostics)
    return all
  }

  /// How much of the records was read, 0 to 1.
  var progress: Double {
    let (done, total) = merge.consumedBytes
    return total > 0 ? min(Double(done) / Double(total), 1) : 1
  }

  /// Formats of `trace_printk` by their address in the kernel. Each call reads them from the file.
  func printkFormats() -> [UInt64: String] {
    MetadataText.printkFormats(contents.text(contents.printkFormats, file, info.path))
  }

  /// The kernel symbol that an address lies in, `nil` where the file has none. The first call reads the symbols, some
  /// megabytes.
  mutating func symbol(for address: UInt64) -> KernelSymbol? {
    symbolTable().symbol(for: address)
  }

  /// Whether the file lists a kernel symbol of that name.
  mutating func hasSymbol(_ name: StaticString) -> Bool { symbolTable().contains(name) }

  private mutating func symbolTable() -> SymbolTable {
    let table = symbols ?? SymbolTable(contents.text(contents.kallsyms, file, info.path))
    symbols = table
    return table
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
      events: formats.events.sorted { $0.id < $1.id }, machineFacts: options.machineFacts)
  }

  /// The bytes of a text that was skipped when the file was opened; empty where they cannot be read.
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
