public import TraceCore

/// A task's name that a text's line has shown.
public struct TaskName: Sendable {
  /// The place in its batch of the event that was read last; the name is to be told before that.
  public var place: Int
  public var pid: Pid
  public var comm: Comm

  package init(place: Int, pid: Pid, comm: Comm) { (self.place, self.pid, self.comm) = (place, pid, comm) }
}

/// How a `trace.dat` is read. No event depends on it.
package struct ReadingWay: Sendable {
  /// Of a CPU, in bytes; at least a page is read.
  package var windowSize = 256 << 10
  /// `false`: one CPU after the other instead of in order of time.
  package var isMerged = true

  package init(windowSize: Int = 256 << 10, isMerged: Bool = true) {
    (self.windowSize, self.isMerged) = (windowSize, isMerged)
  }
}

/// Reads a capture, a `trace.dat` or ftrace text: first what it is, then its records as one stream.
///
///     var reader = try CaptureReader(path: "trace.dat")
///     while let event = reader.next() { … }
///     for entry in reader.diagnostics.all { … }
///
/// Opening a `trace.dat` reads the metadata but neither records nor symbols; a text is gone through once for losses, unless it is
/// opened in haste. Memory does not grow with the file: a window of at most 256 KiB a CPU, less where there are many, or one
/// decompressed chunk a CPU; of text, one window.
///
/// Damage never stops the stream: what cannot be read becomes a loss at its place and an entry of ``diagnostics``.
public struct CaptureReader: ~Copyable {
  private let file: CaptureFile
  /// The one of both that reads this capture.
  ///
  /// Where it stands: taken out of an optional and put back, a reader of a kilobyte would be moved twice for each event.
  /// Allocated once, owned here alone, freed with this.
  private let dat: UnsafeMutablePointer<DatReader>?
  private let text: UnsafeMutablePointer<TextReader>?
  /// For who wants one event after the other; not made before.
  private var single: UnsafeMutablePointer<EventPacker>?
  private let singleMemory = BatchMemory.allocate(1)

  /// Opens a capture; its content tells what it is.
  /// - Parameters:
  ///   - path: A file; `-` is standard input.
  ///   - instance: The buffer instance to read; `nil` or empty for the top one.
  ///   - events: Which events play which role.
  ///   - marks: How marks of sched_ext callbacks are recognised in messages.
  ///   - skipsLossScan: Of text, do not look for losses beforehand, which costs a fifth of the time; call
  ///     ``restart()`` at the end.
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
      text = nil
    } else {
      let reader = try TextReader(file.view, path: path, events: events, marks, skipsLossScan: skipsLossScan)
      if let instance, !instance.isEmpty {
        throw TraceError(
          .noSuchInstance, path: path, "is text, which has no buffer instances", advice: "leave --instance out")
      }
      text = .placed(reader)
      dat = nil
    }
    self.file = file
  }

  deinit {
    single?.discard()
    singleMemory.deallocate()
    dat?.discard()
    text?.discard()
  }

  /// What reads it, if it is text: there as long as this is.
  var textReader: UnsafeMutablePointer<TextReader>? { text }

  /// Whether the stream has ended because losses should have been looked for beforehand: then it is at its beginning again, and
  /// nothing that was read counts. Only of a text that was opened in haste.
  public mutating func restart() -> Bool { text?.pointee.restart() ?? false }

  /// Which one it is.
  public var isText: Bool { text != nil }

  /// What the capture is. Of text, which does not describe its events beforehand: those that have been read.
  public var info: CaptureInfo {
    if let dat { return dat.pointee.info }
    guard let text else { preconditionFailure("a capture is read by one of both") }
    return text.pointee.info
  }

  /// The names of tasks that the kernel remembered when recording ended: one a pid, the last. Names in events are better. Of
  /// text, see ``takeNames()``.
  public var savedComms: [Pid: Comm] { dat?.pointee.savedComms ?? [:] }

  /// Names of tasks that a text's lines have shown since the last call: to be told before the event that was read last.
  public mutating func takeNames() -> [(pid: Pid, comm: Comm)] { text?.pointee.takeNames() ?? [] }

  /// The next event or loss in order of (time, CPU, place in the CPU's buffer), `nil` at the end. Of text, in the text's order.
  ///
  /// Only the CPUs' next events are compared, as `trace-cmd report` does: a clock that steps back on one CPU shows as it is.
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
    if let text { _ = text.pointee.next(into: packer) } else { dat?.pointee.next(into: packer) }
    return packer.pointee.finished.first
  }

  /// The next events, until there is room for none: by far the fastest way.
  /// - Parameters:
  ///   - packer: At the beginning of a batch. If it is not full afterwards, the stream has ended.
  ///   - names: Gets what ``takeNames()`` would have given before each of them.
  package mutating func next(into packer: UnsafeMutablePointer<EventPacker>, names: inout [TaskName]) {
    if let dat { return dat.pointee.next(into: packer) }
    text?.pointee.next(into: packer, &names)
  }

  /// What was skipped or doubted so far. Grows while events are read.
  public var diagnostics: DiagnosticLog {
    dat?.pointee.diagnostics ?? text?.pointee.diagnostics ?? DiagnosticLog()
  }

  /// How much of the records was read, 0 to 1.
  public var progress: Double { dat?.pointee.progress ?? text?.pointee.progress ?? 1 }

  /// Formats of `trace_printk` by their address in the kernel. Read anew on each call.
  public func printkFormats() -> [UInt64: String] { dat?.pointee.printkFormats() ?? [:] }

  /// The kernel symbol that an address lies in, `nil` where the file has none, as text. The first call reads the symbols, some
  /// megabytes.
  public mutating func symbol(for address: UInt64) -> KernelSymbol? {
    guard let found = dat?.pointee.symbol(for: address) else { return nil }
    return found
  }
}
