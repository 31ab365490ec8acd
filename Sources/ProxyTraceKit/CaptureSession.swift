import ProxyModel
public import TraceCore
public import TraceReader

/// Reads a capture, a `trace.dat` or ftrace text, and runs the model over it.
///
///     let capture = try CaptureSession(path: "trace.dat").load()
///     for wait in capture.timeline.waits where wait.times[.inverted] > 0 { print(wait.waiter.comm, wait.length) }
///
/// A session knows what a program that reads captures must not forget: names of tasks that the capture saved or a text's lines
/// show, the number of CPUs, losses that are noticed late in a text and make the reading begin again, ignored probes, symbols
/// of locks, and that reader and model both have diagnostics.
///
/// The file stays open as long as the session lives. It can be read any number of times; each reading begins at the first
/// record. Memory does not grow with the file, but for the rows of the ``LoadedCapture``.
///
/// A session belongs to one thread; what ``load(_:)`` returns may go to another.
public final class CaptureSession {
  /// What the capture is called in errors and reports: its path, as it was given.
  public let path: String
  public let options: Options
  /// What the capture says of itself before its records are read. A text does not describe its events beforehand:
  /// ``LoadedCapture/info`` has them.
  public let info: CaptureInfo
  /// Whether it is ftrace text.
  public let isText: Bool
  private let file: CaptureFile
  /// The reader that opening has made, for the first reading in batches.
  private var firstReader: CaptureReader?

  /// Opens a file; its content tells what it is.
  /// - Parameters:
  ///   - path: A file; `-` is standard input, which may be a pipe.
  ///   - options: How to read it.
  /// - Throws: `cannotOpen`, `notATrace`, `unsupported`, `noSuchInstance`; `damaged` where nothing can be read.
  public convenience init(path: String = "trace.dat", _ options: Options = Options()) throws(TraceError) {
    try self.init(CaptureFile(path: path), path: path, options)
  }

  /// Opens a capture that is in memory. The bytes are copied, to a file without a name.
  /// - Parameters:
  ///   - bytes: The capture.
  ///   - name: What errors and reports call it.
  ///   - options: How to read it.
  /// - Throws: What opening a file throws.
  public convenience init(
    bytes: UnsafeRawBufferPointer, name: String = "memory", _ options: Options = Options()
  ) throws(TraceError) {
    try self.init(CaptureFile(bytes: bytes, name: name), path: name, options)
  }

  /// The same for an array.
  public convenience init(bytes: [UInt8], name: String = "memory", _ options: Options = Options()) throws(TraceError) {
    // withUnsafeBytes passes on no typed error.
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(TraceError) in try CaptureFile(bytes: bytes, name: name) }
    }
    try self.init(result.get(), path: name, options)
  }

  private init(_ file: CaptureFile, path: String, _ options: Options) throws(TraceError) {
    let reader = try Self.reader(file, path, options, skipsLossScan: true)
    self.file = file
    self.path = path
    self.options = options
    info = options.seen(reader.info)
    isText = reader.isText
    firstReader = consume reader
  }

  private static func reader(
    _ file: CaptureFile, _ path: String, _ options: Options, skipsLossScan: Bool
  ) throws(TraceError) -> CaptureReader {
    try CaptureReader(
      file, path: path, instance: options.instance, events: options.events, marks: options.marks,
      skipsLossScan: skipsLossScan, way: options.way)
  }

  /// - Parameter skipsLossScan: A text is not searched for losses beforehand, and the reading may have to begin again.
  private func takeReader(skipsLossScan: Bool) throws(TraceError) -> CaptureReader {
    if let first = firstReader.take(), skipsLossScan || !isText { return first }
    return try Self.reader(file, path, options, skipsLossScan: skipsLossScan)
  }

  // MARK: With the model

  /// Reads all of the capture and runs the model over it.
  /// - Parameter observe: Gets the events besides the model, batch by batch: to show progress, or to count.
  /// - Throws: What opening throws, if the file has changed meanwhile. Damage never stops a reading; it becomes a diagnostic.
  public func load(_ observe: ((SessionBatch) -> Void)? = nil) throws(TraceError) -> LoadedCapture {
    var reader = try takeReader(skipsLossScan: true)
    while true {
      // Declared here: what a reading that is given up has built ends with it.
      var machine = ProxyMachine(options.model(&reader))
      reader = follow(reader) { batch in
        observe?(batch)
        machine.apply(batch)
      }
      if try reader.restart() { continue }
      var capture = LoadedCapture(machine, &reader, options)
      try noteTaskFilter(in: &capture)
      return capture
    }
  }

  /// The same, event by event instead of in batches. It is slower by far, and no result depends on it: tests compare both.
  package func loadSingleEvents(_ observe: ((SchedEvent) -> Void)? = nil) throws(TraceError) -> LoadedCapture {
    var reader = try takeReader(skipsLossScan: false)
    var machine = ProxyMachine(options.model(&reader))
    while let event = reader.next() {
      for (pid, comm) in reader.takeNames() { machine.learn(pid, comm) }
      observe?(event)
      machine.apply(event)
    }
    var capture = LoadedCapture(machine, &reader, options)
    try noteTaskFilter(in: &capture)
    return capture
  }

  // MARK: Without the model

  /// Reads the capture in batches, by far the fastest way. Ignored probes are among the events.
  ///
  /// A text whose losses are noticed late is read again from its beginning: then another batch has
  /// ``SessionBatch/isFirst``, and nothing before it counts.
  /// - Throws: As ``load(_:)``.
  public func forEachBatch(_ body: (SessionBatch) -> Void) throws(TraceError) {
    var reader = try takeReader(skipsLossScan: true)
    repeat { reader = follow(reader, body) } while try reader.restart()
  }

  /// Reads the capture event by event, in order, as far as it is wanted. Losses are events; ignored probes are left out.
  /// - Parameter body: Returns whether it wants another event.
  /// - Throws: As ``load(_:)``.
  public func forEachEvent(_ body: (SchedEvent) -> Bool) throws(TraceError) {
    try forEachEvent(keepingStacks: false) { event, _ in body(event) }
  }

  /// The same, with kernel stacks.
  /// - Parameter body: Gets an event, and the stack that was recorded with it; that of a record of a stack belongs to the CPU's event
  ///   before it.
  /// - Throws: As ``load(_:)``.
  public func forEachEventWithStack(_ body: (SchedEvent, KernelStack?) -> Bool) throws(TraceError) {
    try forEachEvent(keepingStacks: true, body)
  }

  private func forEachEvent(
    keepingStacks: Bool, _ body: (SchedEvent, KernelStack?) -> Bool
  ) throws(TraceError) {
    var reader = try takeReader(skipsLossScan: false)
    // The names of a stack are looked up for each: only for who wants them.
    if keepingStacks { reader.keepStacks() }
    while let event = reader.next() {
      let stack = reader.takeStack()
      if options.ignoresProbes, event.body.role?.isProbe == true { continue }
      if !body(event, stack) { return }
    }
  }

  /// Keeps all events, ignored probes too, for many runs of the model.
  package func record() throws(TraceError) -> RecordedEvents {
    var reader = try takeReader(skipsLossScan: false)
    var recorded = RecordedEvents([], options.model(&reader))
    while let event = reader.next() {
      let place = recorded.events.count
      recorded.names += reader.takeNames().map { TaskName(place: place, pid: $0.pid, comm: $0.comm) }
      recorded.events.append(event)
    }
    return recorded
  }

  /// One reading in batches, to its end.
  private func follow(_ reader: consuming CaptureReader, _ body: (SessionBatch) -> Void) -> CaptureReader {
    var ahead = ReadAhead(reader, jobs: options.jobs, chunkSize: options.chunkSize)
    var isFirst = true
    while let events = ahead.nextBatch() {
      body(SessionBatch(events: events, names: ahead.names, isFirst: isFirst, progress: ahead.progress))
      isFirst = false
    }
    return ahead.finish()
  }
}

/// Events that follow each other in a capture. Valid until the next batch comes.
public struct SessionBatch {
  public let events: EventBatch
  /// Names of tasks that a text's lines show among the events, in order of their places.
  public let names: [TaskName]
  /// A reading begins with it. What came before belongs to a reading that was given up.
  public let isFirst: Bool
  /// Share of the capture that had been read when the batch was complete: 0 to 1.
  public let progress: Double
}
