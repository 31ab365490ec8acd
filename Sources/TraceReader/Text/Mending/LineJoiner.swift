import TraceCore

/// Joins what mailers and terminals have wrapped: a line that is nothing by itself continues the one before it, if that makes an event
/// of it whose fields can be read.
final class LineJoiner {
  private enum State {
    /// Not an event, or one whose name is cut.
    case none
    /// An event whose fields cannot be read.
    case incomplete
    /// An event of which nothing is read.
    case unjudged
    case complete
  }

  /// An event is wrapped into no more pieces.
  private static let mostPieces = 12
  /// With more pieces not every way to separate them is tried.
  private static let mostFreePieces = 6

  private let width: Int
  private let isHardWrapped: Bool
  private let fields: FieldCheck

  init(_ map: EventMap, _ wrap: WrapSurvey) {
    (width, isHardWrapped) = (wrap.width, wrap.isHardWrapped)
    fields = FieldCheck(map)
  }

  /// - Returns: Whether the line was joined.
  func join(_ line: MendedLine, to first: inout MendedLine) -> Bool {
    guard !line.bytes.isEmpty, !first.isTooLong, first.pieces.count < Self.mostPieces,
      first.bytes.count + line.bytes.count < TextSource.longestLine
    else { return false }
    // `==` at a line's end and `> ` at the next one's beginning is an arrow.
    if !line.unquoted.isEmpty, first.bytes.last == UInt8(ascii: "="), join(line, as: line.unquoted, to: &first) {
      return true
    }
    // Indentation is not the line's own; a line has more than one blank only where columns begin.
    let indentation = line.bytes.prefix { $0 <= 0x20 }.count
    if indentation < line.bytes.count, indentation > 1 || line.bytes.first == UInt8(ascii: "\t") {
      let bare = Array(line.bytes[indentation...])
      return join(line, as: first.isContinued ? bare : [UInt8(ascii: " ")] + bare, to: &first)
    }
    // A terminal leaves blanks where they are, and fills its lines: this one has lost its end.
    if isHardWrapped, !isFull(first), indentation > 0 { return false }
    return join(line, as: line.bytes, to: &first)
  }

  private func join(_ line: MendedLine, as piece: [UInt8], to first: inout MendedLine) -> Bool {
    let joined: [UInt8]?
    switch first.kind {
    case .event: joined = joinFields(piece, first)
    case .foreign, .torn: joined = joinHead(piece, first)
    case .loss, .remark, .cut: joined = nil
    }
    guard let joined else { return false }
    first.extend(by: piece, of: line, to: joined)
    return true
  }

  private func joinFields(_ piece: [UInt8], _ first: MendedLine) -> [UInt8]? {
    let isFull = isFull(first)
    switch state(first.bytes) {
    case .none: return joinHead(piece, first)
    case .complete:
      // A number may have been cut in two.
      if isFull, state(first.bytes + piece) == .complete { return first.bytes + piece }
      return joinRest(piece, first)
    case .unjudged: return joinRest(piece, first)
    case .incomplete:
      let pieces = (first.pieces.isEmpty ? [first.bytes] : first.pieces) + [piece]
      if let joined = ways(pieces, isFull: isFull).first(where: { state($0) == .complete }) { return joined }
      // Another line may be missing.
      guard isFull || Self.isContinuation(piece) || first.lastLength + 24 > width else { return nil }
      let joined = isFull ? first.bytes + piece : Self.together([first.bytes, piece], [UInt8(ascii: " ")])
      return state(joined) == .incomplete ? joined : nil
    }
  }

  /// What an event says more than is needed of it.
  private func joinRest(_ piece: [UInt8], _ first: MendedLine) -> [UInt8]? {
    guard Self.isContinuation(piece), first.lastLength + 24 > width, width > 40, case let state = state(first.bytes),
      !Self.isOfAnother(piece, isComplete: state == .complete), state != .complete || !Self.isTorn(piece)
    else { return nil }
    let joined = Self.together([first.bytes, piece], [UInt8(ascii: " ")])
    return self.state(joined) == state ? joined : nil
  }

  /// An event that was cut before its name's end.
  private func joinHead(_ piece: [UInt8], _ first: MendedLine) -> [UInt8]? {
    guard Self.looksLikeHead(first.bytes) else { return nil }
    let pieces = (first.pieces.isEmpty ? [first.bytes] : first.pieces) + [piece]
    guard pieces.count <= Self.mostFreePieces else { return nil }
    let tries = ways(pieces, isFull: isFull(first))
    // Of a name that was cut in two the part before the cut is none that is known.
    return tries.first { state($0) == .complete } ?? tries.first { state($0) == .incomplete }
      ?? tries.first { state($0) == .unjudged }
      ?? tries.first { Self.looksLikeHead($0) && isShort($0) && kind($0) != .event }
  }

  /// Whether its last line ends where a terminal wraps, or says that it goes on.
  private func isFull(_ line: MendedLine) -> Bool { line.isContinued || isHardWrapped && line.lastLength == width }

  private func isShort(_ bytes: [UInt8]) -> Bool { bytes.count < 64 }

  /// `comm-pid`, and nothing after it or the column of the CPU.
  private static func looksLikeHead(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { line in
      for dash in line.indices.dropFirst().prefix(24) where line[dash] == UInt8(ascii: "-") {
        var scanner = TextScanner(line, from: dash + 1)
        guard scanner.decimal() != nil else { continue }
        scanner.skipBlanks()
        if scanner.isAtEnd || scanner.byte() == UInt8(ascii: "[") || scanner.byte() == UInt8(ascii: "(") { return true }
      }
      return false
    }
  }

  /// A field, an arrow, flags: what prose does not begin with.
  private static func isContinuation(_ bytes: [UInt8]) -> Bool {
    let word = bytes.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") }
    return word.dropFirst().contains(UInt8(ascii: "=")) || word.first == UInt8(ascii: "(")
      || word.first == UInt8(ascii: "[")
  }

  /// Whether a piece is another event's, whose other pieces are lost: it says what an event that is complete has said already, or what
  /// only an event of the scheduler or of a lock says.
  private static func isOfAnother(_ piece: [UInt8], isComplete: Bool) -> Bool {
    piece.split(separator: UInt8(ascii: " ")).contains { word in
      guard let sign = word.firstIndex(of: UInt8(ascii: "=")) else { return false }
      // Without a key it is an arrow's.
      return sign == word.startIndex || TornFields.isKey(word[..<sign], onlyOwn: !isComplete)
    }
  }

  /// Whether it is a piece of an event: one that is complete has nothing like it left to say.
  private static func isTorn(_ piece: [UInt8]) -> Bool { piece.withUnsafeBytes { TornLine($0) != nil } }

  // MARK: Ways to join

  /// The likeliest first. A mailer wraps at a blank, and takes it away; a terminal wraps anywhere.
  private func ways(_ pieces: [[UInt8]], isFull: Bool) -> [[UInt8]] {
    let blank = [UInt8(ascii: " ")]
    var ways = [Self.together(pieces, blank), Self.together(pieces, [])]
    if isFull { ways.reverse() }
    if (3...Self.mostFreePieces).contains(pieces.count) {
      for mask in 1..<(1 << (pieces.count - 1)) - 1 {
        var joined = pieces[0]
        for index in 1..<pieces.count {
          if mask >> (index - 1) & 1 == 1 { joined += blank }
          joined += pieces[index]
        }
        ways.append(joined)
      }
    }
    return ways
  }

  private static func together(_ pieces: [[UInt8]], _ separator: [UInt8]) -> [UInt8] {
    // A blank that is there already is the separator.
    var joined = pieces[0]
    for piece in pieces.dropFirst() {
      let hasBlank = joined.last == UInt8(ascii: " ") || piece.first == UInt8(ascii: " ")
      joined += hasBlank ? [] : separator
      joined += piece
    }
    return joined
  }

  private func kind(_ bytes: [UInt8]) -> TextLine.Kind { read(bytes).kind }

  private func read(_ bytes: [UInt8]) -> (kind: TextLine.Kind, hasFields: Bool) {
    bytes.withUnsafeBytes { fields.read(TextSource.Line(bytes: $0, offset: 0, isTooLong: false)) }
  }

  private func state(_ bytes: [UInt8]) -> State {
    let (kind, hasFields) = read(bytes)
    guard kind == .event else { return .none }
    if !hasFields { return .incomplete }
    if !fields.hasName { return .none }
    guard let event = fields.event else { return .complete }
    switch event.body {
    case .other: return .unjudged
    // The task that leaves writes the record, and is not the one that comes: pieces of two events make none.
    case .switched(let record) where record.previous.pid != event.pid || record.previous.pid == record.next.pid:
      return .none
    default: return .complete
    }
  }
}
