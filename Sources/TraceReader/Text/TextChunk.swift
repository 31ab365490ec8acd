import Glibc
import TraceCore

/// Some lines of a text that one worker reads by itself, and what it has read. Reused for later lines.
final class TextChunk {
  private let text: UnsafeMutableRawBufferPointer
  private let memory: BatchMemory
  private var place = TextSource.Chunk(count: 0, offset: 0)
  /// How far the file had been read when this chunk was, in bytes.
  private(set) var fileOffset: UInt64 = 0
  /// The worker that has read it.
  private(set) var worker: TextWorker?
  /// Event ids are the worker's until ``renumber()``.
  private(set) var batch: EventBatch?
  var names: [TaskName] = []
  /// Names of events that are new to the worker, in the order of their ids.
  private(set) var newEvents: [[UInt8]] = []
  /// What the worker has seen of marks so far.
  private(set) var origins = MarkOrigins()
  /// Whether it holds something that cannot be read in chunks. The lines after that have not been read.
  private(set) var isAbandoned = false

  /// No event is shorter: a dash, a pid, `[0]`, a time and colon, and the line's end.
  private static let shortestLine = 8

  /// - Parameters:
  ///   - size: In bytes; no line of a chunk is longer.
  ///   - holes: How many there are in the text.
  init(size: Int, holes: Int) {
    text = .allocate(byteCount: size, alignment: 16)
    memory = .allocate(size / Self.shortestLine + 1 + holes)
  }

  deinit {
    text.deallocate()
    memory.deallocate()
  }

  /// Takes the next lines of a text.
  /// - Returns: Whether there are any. A chunk that cannot be filled is abandoned.
  func fill(_ source: inout TextSource) -> Bool {
    let found = source.nextChunk(into: text)
    isAbandoned = found == nil || source.problem != nil
    place = found ?? TextSource.Chunk(count: 0, offset: 0)
    fileOffset = source.fileOffset
    return isAbandoned || place.count > 0
  }

  /// Reads the lines.
  func read(by worker: TextWorker) {
    self.worker = worker
    names.removeAll(keepingCapacity: true)
    worker.packer.pointee.begin(memory)
    worker.seekHoles(from: place.offset)
    if place.offset == 0 { worker.addHoles(upTo: nil) }
    forEachLine { line in
      let kind = worker.parser.pointee.read(line, into: worker.packer)
      if kind == .event, !worker.parser.pointee.names.new.isEmpty {
        worker.parser.pointee.names.moveNew(to: &names, at: worker.packer.pointee.count - 1)
      }
      if line.bytes.count > TextSource.longestLine || worker.scan.needsFullScan(kind, line) { isAbandoned = true }
      if kind == .event { worker.addHoles(upTo: line.offset) }
      return !isAbandoned
    }
    batch = worker.packer.pointee.finished
    newEvents = worker.takeNewEvents()
    origins = worker.parser.pointee.origins
    let events = worker.parser.pointee.events
    if events.isFull || events.hasColours || worker.parser.pointee.bad.count > 0 { isAbandoned = true }
  }

  /// - Parameter body: Returns whether to go on.
  private func forEachLine(_ body: (TextSource.Line) -> Bool) {
    guard let base = text.baseAddress else { return }
    var position = 0
    while position < place.count {
      let found = memchr(base + position, 0x0a, place.count - position)
      let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
      let line = TextSource.Line(
        bytes: UnsafeRawBufferPointer(rebasing: text[position..<(end ?? place.count)]),
        offset: place.offset &+ UInt64(position), isTooLong: false)
      if !body(line) { return }
      position = (end ?? place.count) + 1
    }
  }

  // MARK: After it was read

  /// Gives events the ids that they have in the whole text.
  func renumber() {
    guard let batch, let worker, !worker.isNumberedAsText else { return }
    for place in batch.indices {
      let id = Int(batch.events[place].eventID)
      // A hole is no event, and has no id.
      if id > 0 { memory.setEventID(worker.numbers[id - 1], at: place) }
    }
  }

  /// Where in the text an event's line begins.
  func offset(ofEvent number: Int) -> UInt64 {
    var (parser, count, found) = (TextLine(), 0, place.offset)
    forEachLine { line in
      var scanner = TextScanner(line.bytes)
      if parser.read(&scanner) == .event {
        found = line.offset
        count += 1
      }
      return count <= number
    }
    return found
  }
}

/// Reads chunks of a text, one at a time.
final class TextWorker {
  /// Both owned here alone, freed with this; not looked at for other accesses, as properties of a class would be.
  let parser: UnsafeMutablePointer<TextParser>
  let packer: UnsafeMutablePointer<EventPacker>
  private let noMemory = BatchMemory.allocate(1)
  /// Of the text; a partial one.
  let scan: TextScan
  private var knownEvents = 0

  /// The ids in the whole text of the parser's events, by the parser's ids less 1. Not for the worker's own use.
  private(set) var numbers: [UInt16] = []
  private(set) var isNumberedAsText = true

  init(_ parser: TextParser, _ scan: TextScan) {
    self.parser = .placed(parser)
    packer = .placed(EventPacker(noMemory))
    self.scan = scan
  }

  deinit {
    parser.discard()
    packer.discard()
    noMemory.deallocate()
  }

  /// Where the next hole is in ``TextScan/holes``.
  private var nextHole = 0

  /// Goes to the first hole that comes after a place in the text.
  func seekHoles(from offset: UInt64) {
    nextHole = scan.holes.firstIndex { $0.after >= Int64(clamping: offset) } ?? scan.holes.count
  }

  /// Adds the holes that come after a line; `nil`: those before all events.
  @inline(__always)
  func addHoles(upTo offset: UInt64?) {
    if offset == nil { nextHole = 0 }
    while nextHole < scan.holes.count, scan.holes[nextHole].after <= (offset.map { Int64(clamping: $0) } ?? -1) {
      packer.pointee.addBoxed(scan.holes[nextHole].event)
      nextHole += 1
    }
  }

  /// Names of events that the parser has given ids to since the last call.
  func takeNewEvents() -> [[UInt8]] {
    let new = parser.pointee.events.names(from: knownEvents)
    knownEvents += new.count
    return new
  }

  /// Appends the id in the whole text of the worker's next event.
  func add(number: UInt16) {
    numbers.append(number)
    if Int(number) != numbers.count { isNumberedAsText = false }
  }
}
