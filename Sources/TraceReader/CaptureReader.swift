public import TraceCore

/// A task's name that a text's line has shown.
public struct TaskName: Sendable {
  /// The index in its batch of the first event that the name applies to.
  public var place: Int
  /// The task's pid.
  public var pid: Pid
  /// The task's name. Hostile text.
  public var comm: Comm

  package init(place: Int, pid: Pid, comm: Comm) { (self.place, self.pid, self.comm) = (place, pid, comm) }
}

/// How a `trace.dat` is read. The events do not depend on it.
package struct ReadingWay: Sendable {
  /// Bytes to read at a time for a CPU; at least a page is read.
  package var windowSize = 256 << 10
  /// `false`: one CPU after the other instead of in order of time.
  package var isMerged = true
  /// Memory for what other threads decompress ahead, in bytes: of all CPUs together.
  package var aheadBudget = 4 << 20
  /// Wait for these threads also if they have not begun. Tests see with it that they find the same.
  package var waitsForAhead = false

  /// The usual way, unless said otherwise.
  package init(
    windowSize: Int = 256 << 10, isMerged: Bool = true, aheadBudget: Int = 4 << 20, waitsForAhead: Bool = false
  ) {
    (self.windowSize, self.isMerged) = (windowSize, isMerged)
    (self.aheadBudget, self.waitsForAhead) = (aheadBudget, waitsForAhead)
  }
}

/// Reads a capture, a `trace.dat`, a Perfetto trace or ftrace text: its description first, then its records as one stream.
///
///     func count(_ path: String) throws -> Int {
///       var reader = try CaptureReader(path: path)
///       var count = 0
///       while reader.next() != nil { count += 1 }
///       for entry in reader.diagnostics.all { print(entry) }
///       return count
///     }
///
/// Opening a `trace.dat` reads the metadata but neither records nor symbols. Opening a text scans it once for losses
/// and for events of sched_ext callbacks, unless `skipsLossScan` is given. Memory does not grow with the file: a window
/// of at most 256 KiB a CPU, less for many CPUs, or one decompressed chunk a CPU; for text, one window.
///
/// Damage never stops the stream: what cannot be read becomes a loss at its place and an entry of ``diagnostics``.
public struct CaptureReader: ~Copyable {
  private let file: CaptureFile
  /// The reader of a `trace.dat`; `nil` for text. At a fixed address, since an optional's payload of a kilobyte would
  /// be moved out and back for each event. Allocated once, owned and freed by this reader.
  private let dat: UnsafeMutablePointer<DatReader>?
  /// The reader of a text, likewise; `nil` for a `trace.dat`.
  private let text: UnsafeMutablePointer<TextReader>?
  /// The reader of a Perfetto trace, likewise.
  private let perfetto: UnsafeMutablePointer<PerfettoReader>?
  /// For ``next()``; made by its first call.
  private var single: UnsafeMutablePointer<EventPacker>?
  private let singleMemory = BatchMemory.allocate(1)

  /// Opens a capture. Its content decides how it is read.
  /// - Parameters:
  ///   - path: A file; `-` is standard input.
  ///   - instance: The buffer instance to read; `nil` or empty for the top one.
  ///   - events: Which events play which role.
  ///   - marks: How marks of sched_ext callbacks are recognised in messages.
  ///   - skipsLossScan: Begin to read a text without scanning it first, which saves much of the time. Call
  ///     ``restart()`` at the end of the stream, and read again if it returns `true`.
  /// - Throws: `cannotOpen`, `notATrace`, `unsupported`, `damaged` where nothing can be read, `noSuchInstance`.
  public init(
    path: String, instance: String? = nil, events: EventMap = .standard, marks: MarkPattern = .standard,
    skipsLossScan: Bool = false
  ) throws(TraceError) {
    try self.init(
      path: path, instance: instance, events: events, marks: marks, skipsLossScan: skipsLossScan, way: ReadingWay())
  }

  /// The same in another way, for benchmarks and tests.
  package init(
    path: String, instance: String? = nil, events: EventMap = .standard, marks: MarkPattern = .standard,
    skipsLossScan: Bool = false, way: ReadingWay
  ) throws(TraceError) {
    try self.init(
      CaptureFile(path: path), path: path, instance: instance, events: events, marks: marks,
      skipsLossScan: skipsLossScan, way: way)
  }

  /// Reads a file that is open already.
  /// - Parameter path: What errors and ``info`` call it.
  package init(
    _ file: CaptureFile, path: String, instance: String? = nil, events: EventMap = .standard,
    marks: MarkPattern = .standard, skipsLossScan: Bool = false, way: ReadingWay = ReadingWay()
  ) throws(TraceError) {
    if FileHead.isHead(of: file.view) {
      dat = .placed(try DatReader(file.view, path: path, instance: instance ?? "", events: events, marks, way))
      (text, perfetto) = (nil, nil)
    } else if PerfettoReader.isTrace(file.view) {
      let reader = try PerfettoReader(file.view, path: path, events: events, marks)
      if let instance, !instance.isEmpty {
        throw TraceError(
          .noSuchInstance, path: path, "is a Perfetto trace, which has no buffer instances",
          advice: "leave --instance out")
      }
      perfetto = .placed(reader)
      (dat, text) = (nil, nil)
    } else {
      let reader = try TextReader(file.view, path: path, events: events, marks, skipsLossScan: skipsLossScan)
      if let instance, !instance.isEmpty {
        throw TraceError(
          .noSuchInstance, path: path, "is text, which has no buffer instances", advice: "leave --instance out")
      }
      text = .placed(reader)
      (dat, perfetto) = (nil, nil)
    }
    self.file = file
  }

  deinit {
    single?.discard()
    singleMemory.deallocate()
    dat?.discard()
    text?.discard()
    perfetto?.discard()
  }

  /// The reader of a `trace.dat`, valid as long as this one; `nil` for others.
  var datReader: UnsafeMutablePointer<DatReader>? { dat }

  /// The reader of a text, valid as long as this one; `nil` for a `trace.dat`.
  var textReader: UnsafeMutablePointer<TextReader>? { text }

  /// Starts over if the stream has ended because the text must be scanned first. Only a text opened with
  /// `skipsLossScan` can need that.
  /// - Returns: Whether the stream is at its beginning again. Then nothing that was read before counts.
  /// - Throws: `unsupported` where the text's lines are in no order that can be read.
  public mutating func restart() throws(TraceError) -> Bool { try text?.pointee.restart() ?? false }

  /// Keeps kernel stacks from now on, for who reads event by event.
  package mutating func keepStacks() {
    dat?.pointee.keepStacks()
    text?.pointee.keepsStacks = true
  }

  /// The stack that ``next()`` has found with the event that it returned last: that of the event itself, or, where that is a record
  /// of a stack, the one of the CPU's event before it.
  package mutating func takeStack() -> KernelStack? { dat?.pointee.takeStack() ?? text?.pointee.takeStack() }

  /// Decompresses on other threads from now on, where there is something to decompress.
  /// - Parameter threads: How many there may be.
  mutating func decompressAhead(threads: Int) { dat?.pointee.decompressAhead(threads: threads) }

  /// Ends these threads. What they have not begun is decompressed when it is needed.
  func endDecompressing() { dat?.pointee.endDecompressing() }

  /// Whether what is missing is lines of a text, of which ``diagnostics`` tell, and nothing says that the kernel has lost records.
  package var isOnlyCut: Bool { text?.pointee.isOnlyCut ?? false }

  /// Whether the capture is text.
  public var isText: Bool { text != nil }

  /// What the capture is. The events of a text, which does not describe them in advance, are those that have been read.
  public var info: CaptureInfo {
    if let dat { return dat.pointee.info }
    if let perfetto { return perfetto.pointee.info }
    guard let text else { preconditionFailure("a capture is read by one of them") }
    return text.pointee.info
  }

  /// The last name of each pid that the kernel remembered when recording ended. Names in events are more exact. Empty
  /// for text, whose names are in ``ReadAhead/names``.
  public var savedComms: [Pid: Comm] { dat?.pointee.savedComms ?? perfetto?.pointee.savedComms ?? [:] }

  /// Task names that a text's lines have shown since the last call. They apply from the last event on.
  package mutating func takeNames() -> [(pid: Pid, comm: Comm)] { text?.pointee.takeNames() ?? [] }

  /// The next event or loss, in order of (time, CPU, place in the CPU's buffer); for text, in the text's order. `nil`
  /// at the end.
  ///
  /// Only the CPUs' next events are compared, as `trace-cmd report` does: the events of a CPU keep their order even if
  /// its clock steps back.
  public mutating func next() -> SchedEvent? {
    let packer = single ?? .placed(EventPacker(singleMemory))
    single = packer
    return nextAlone(packer, singleMemory)
  }

  /// The next event, in a batch of its own.
  private mutating func nextAlone(
    _ packer: UnsafeMutablePointer<EventPacker>, _ memory: BatchMemory
  ) -> SchedEvent? {
    packer.pointee.begin(memory)
    if let text { text.pointee.nextAlone(into: packer) } else { dat?.pointee.next(into: packer) }
    perfetto?.pointee.next(into: packer)
    return packer.pointee.finished.first
  }

  /// Reads events until the packer is full: by far the fastest way.
  /// - Parameters:
  ///   - packer: At the beginning of a batch. If it is not full afterwards, the stream has ended.
  ///   - names: Task names of a text are appended, with their places in the batch.
  package mutating func next(into packer: UnsafeMutablePointer<EventPacker>, names: inout [TaskName]) {
    if let dat { return dat.pointee.next(into: packer) }
    text?.pointee.next(into: packer, &names)
    perfetto?.pointee.next(into: packer)
  }

  /// What was skipped or doubted so far. Grows while events are read.
  public var diagnostics: DiagnosticLog {
    dat?.pointee.diagnostics ?? text?.pointee.diagnostics ?? perfetto?.pointee.diagnostics ?? DiagnosticLog()
  }

  /// How much of the records was read, 0 to 1.
  public var progress: Double { dat?.pointee.progress ?? text?.pointee.progress ?? perfetto?.pointee.progress ?? 1 }

  /// Formats of `trace_printk` by their address in the kernel. Each call reads them from the file.
  package func printkFormats() -> [UInt64: String] { dat?.pointee.printkFormats() ?? [:] }

  /// The kernel symbol that an address lies in, `nil` where the file has none, as text. The first call reads the
  /// symbols, some megabytes.
  public mutating func symbol(for address: UInt64) -> KernelSymbol? {
    guard let found = dat?.pointee.symbol(for: address) else { return nil }
    return found
  }

  /// Whether the file lists a kernel symbol of that name, as text. The first call reads the symbols.
  package mutating func hasSymbol(_ name: StaticString) -> Bool { dat?.pointee.hasSymbol(name) ?? false }
}
