import Glibc
import TraceCore

/// A stretch of a text that one hand reads by itself, and what it has read. Used again for a later stretch.
final class TextPiece {
  private let text: UnsafeMutableRawBufferPointer
  private let memory: BatchMemory
  private var place = TextSource.Piece(count: 0, offset: 0)
  /// What has been read of the file when this was.
  private(set) var fileOffset: UInt64 = 0
  /// Who has read it.
  private(set) var hand: TextHand?
  /// Its numbers of events are the hand's until ``renumber()``.
  private(set) var batch: EventBatch?
  var names: [TaskName] = []
  /// Events that are new to the hand, in the order of their numbers.
  private(set) var newEvents: [[UInt8]] = []
  /// It holds what cannot be read in pieces; what is behind that has not been read.
  private(set) var isGivenUp = false

  /// No event is shorter: a dash, a pid, `[0]`, a time and colon, and the line's end.
  private static let shortestLine = 8

  /// - Parameter size: In bytes; no line of a piece is longer.
  init(size: Int) {
    text = .allocate(byteCount: size, alignment: 16)
    memory = .allocate(size / Self.shortestLine + 1)
  }

  deinit {
    text.deallocate()
    memory.deallocate()
  }

  /// Takes the next lines of a text.
  /// - Returns: whether there are any; what cannot be taken is given up.
  func fill(_ source: inout TextSource) -> Bool {
    let found = source.nextPiece(into: text)
    isGivenUp = found == nil || source.problem != nil
    place = found ?? TextSource.Piece(count: 0, offset: 0)
    fileOffset = source.fileOffset
    return isGivenUp || place.count > 0
  }

  /// Reads the lines.
  func read(by hand: TextHand) {
    self.hand = hand
    names.removeAll(keepingCapacity: true)
    hand.packer.pointee.begin(memory)
    forEachLine { line in
      let kind = hand.parser.pointee.read(line, into: hand.packer)
      if kind == .event, !hand.parser.pointee.names.new.isEmpty {
        hand.parser.pointee.names.moveNew(to: &names, at: hand.packer.pointee.count - 1)
      }
      if line.bytes.count > TextSource.longestLine || hand.survey.needsFullScan(kind, line.bytes) { isGivenUp = true }
      return !isGivenUp
    }
    batch = hand.packer.pointee.finished
    newEvents = hand.takeNewEvents()
    if hand.parser.pointee.events.isFull { isGivenUp = true }
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

  // MARK: Once it was read

  /// Gives events the numbers that they have in the whole text.
  func renumber() {
    guard let batch, let hand, !hand.isNumberedAsText else { return }
    for place in batch.indices { memory.setEventID(hand.numbers[Int(batch.events[place].eventID) - 1], at: place) }
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

/// Who reads pieces of a text, one at a time.
final class TextHand {
  /// Both owned here alone, freed with this; not looked at for other accesses, as properties of a class would be.
  let parser: UnsafeMutablePointer<TextParser>
  let packer: UnsafeMutablePointer<EventPacker>
  private let noMemory = BatchMemory.allocate(1)
  /// Of the text; a hasty one.
  let survey: TextSurvey
  private var knownEvents = 0

  /// What the parser's numbers of events are in the whole text, where they count from 1 too. Not for the hand's own use.
  private(set) var numbers: [UInt16] = []
  private(set) var isNumberedAsText = true

  init(_ parser: TextParser, _ survey: TextSurvey) {
    self.parser = .placed(parser)
    packer = .placed(EventPacker(noMemory))
    self.survey = survey
  }

  deinit {
    parser.discard()
    packer.discard()
    noMemory.deallocate()
  }

  /// Names that the parser has numbered since the last call.
  func takeNewEvents() -> [[UInt8]] {
    let new = parser.pointee.events.names(from: knownEvents)
    knownEvents += new.count
    return new
  }

  /// The number in the whole text of the next of the hand's.
  func add(number: UInt16) {
    numbers.append(number)
    if Int(number) != numbers.count { isNumberedAsText = false }
  }
}
