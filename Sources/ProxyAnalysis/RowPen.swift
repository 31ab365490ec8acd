import TraceCore

/// Writes values of a row on a ``RowPage``, each with what stands before it. At a row's beginning there is room for all values of a
/// limited size; others ask for it.
struct RowPen {
  /// Where the page begins, and where it is full.
  private var base, full: UnsafeMutablePointer<UInt8>
  /// Where the next byte goes.
  private var at: UnsafeMutablePointer<UInt8>
  /// The next column.
  private var place = 0

  // Of the page: where it is read for each cell it would be checked for changes.
  private let fixed: UnsafeMutablePointer<RowPage.Fixed>
  private let noTask: UnsafeMutablePointer<RowPage.Fixed>
  private let columnCount: Int
  private let caches: UnsafeMutablePointer<CellCache?>
  private let leads: UnsafeMutablePointer<NumberLead>
  private let isPlain: UnsafeMutablePointer<Bool>
  private let unknownWord: UInt64
  private let unknownCount: Int
  private let quote: UInt8
  private let quoteCount: Int
  private let page: RowPage

  init(_ page: RowPage) {
    self.page = page
    (fixed, caches, leads) = (page.fixed, page.caches, page.leads)
    (isPlain, columnCount, noTask) = (page.isPlain, page.columnCount, page.noTask)
    (quote, quoteCount) = (page.syntax.quote ?? 0, page.syntax.quote == nil ? 0 : 1)
    unknownCount = page.syntax.unknown.count
    unknownWord = page.syntax.unknown.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    page.makeRoom(for: 0, behind: page.count)
    (base, full) = (page.base, page.base + RowPage.fullSize)
    at = base + page.count
  }

  private var count: Int { at - base }

  /// Whether the text is enough for one piece.
  var isFull: Bool { at >= full }

  /// Gives the text to the page.
  func finish() { page.end(at: count) }

  // MARK: Rows

  @inline(__always)
  mutating func beginRow(isFirst: Bool) {
    place = 0
    if isFull { makeRoom(for: 0) }
    if isFirst { append(page.syntax.first) } else { put(columnCount) }
  }

  @inline(__always)
  mutating func endRow() { put(columnCount + 1) }

  // MARK: Values

  @inline(__always)
  private mutating func begin() {
    put(place)
    place += 1
  }

  /// Bytes that are the same in every row.
  @inline(__always)
  private mutating func put(_ place: Int) { put(fixed + place) }

  @inline(__always)
  private mutating func put(_ piece: UnsafeMutablePointer<RowPage.Fixed>) {
    // A copy of a fixed size is two moves.
    UnsafeMutableRawPointer(at).copyMemory(from: UnsafeRawPointer(piece), byteCount: 32)
    let count = piece.pointee.count
    if count > 32 { copy(piece) }
    at += count
  }

  @inline(never)
  private func copy(_ piece: UnsafeMutablePointer<RowPage.Fixed>) {
    at.update(from: piece.pointee.all, count: piece.pointee.count)
  }

  @inline(__always)
  private mutating func putQuote() {
    at[0] = quote
    at += quoteCount
  }

  @inline(__always)
  mutating func unknown() {
    begin()
    UnsafeMutableRawPointer(at).storeBytes(of: unknownWord.littleEndian, as: UInt64.self)
    at += unknownCount
  }

  /// Of a task that is not known, all columns.
  @inline(__always)
  mutating func unknownTask() {
    put(noTask + place)
    place += RowPage.taskColumns
  }

  @inline(__always)
  mutating func count(_ value: UInt64) {
    begin()
    if value < 10 { digit(value) } else { at += Digits.decimal(value, to: at) }
  }

  @inline(__always)
  mutating func integer(_ value: Int64) {
    begin()
    let bits = UInt64(bitPattern: value)
    if bits < 10 { digit(bits) } else { at += Digits.decimal(value, to: at) }
  }

  /// Many numbers are a CPU, a depth or zero.
  @inline(__always)
  private mutating func digit(_ value: UInt64) {
    at[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value)
    at += 1
  }

  /// A number that mostly is a little more than in the row before.
  @inline(__always)
  mutating func identifier(_ value: Int64) {
    let lead = leads + place
    begin()
    guard let rest = lead.pointee.rest(of: UInt64(bitPattern: value)) else { return wholeIdentifier(value, lead) }
    at += lead.pointee.copy(to: at)
    let tens = (rest &* 103) >> 10
    digit(tens)
    digit(rest &- tens &* 10)
  }

  /// A time, which mostly is a little later than in the row before.
  @inline(__always)
  mutating func instant(_ value: UInt64) {
    let lead = leads + place
    begin()
    if !putRest(of: value, lead) { wholeInstant(value, lead) }
  }

  /// The same in billionths.
  @inline(__always)
  mutating func seconds(_ value: Int64) {
    let lead = leads + place
    begin()
    if !putRest(of: UInt64(bitPattern: value), lead) { wholeSeconds(value, lead) }
  }

  /// Writes a number that begins as the column's last one, of which all but eight digits are kept.
  /// - Returns: whether it does.
  @inline(__always)
  private mutating func putRest(of value: UInt64, _ lead: UnsafeMutablePointer<NumberLead>) -> Bool {
    guard let rest = lead.pointee.rest(of: value) else { return false }
    at += lead.pointee.copy(to: at)
    Digits.putEight(rest, to: at)
    at += 8
    return true
  }

  @inline(never)
  private mutating func wholeIdentifier(_ value: Int64, _ lead: UnsafeMutablePointer<NumberLead>) {
    let count = Digits.decimal(value, to: at)
    if value >= 0 { lead.pointee.keep(UInt64(value), .two, at, count) }
    at += count
  }

  @inline(never)
  private mutating func wholeInstant(_ value: UInt64, _ lead: UnsafeMutablePointer<NumberLead>) {
    let count = Digits.decimal(value, to: at)
    lead.pointee.keep(value, .eight, at, count)
    at += count
  }

  @inline(never)
  private mutating func wholeSeconds(_ value: Int64, _ lead: UnsafeMutablePointer<NumberLead>) {
    let count = Digits.billionths(value, to: at)
    if value >= 0 { lead.pointee.keep(UInt64(value), .eight, at, count) }
    at += count
  }

  @inline(__always)
  mutating func billionths(_ value: Int64) {
    begin()
    at += Digits.billionths(value, to: at)
  }

  mutating func address(_ value: UInt64) {
    begin()
    putQuote()
    at += Digits.address(value, to: at)
    putQuote()
  }

  @inline(never)
  mutating func word(_ word: String) {
    // In quotes a word is text like any other; without it is safe as it is.
    if quoteCount > 0 { return text(word) }
    begin()
    var word = word
    word.withUTF8 { append($0) }
  }

  @inline(never)
  mutating func text(_ text: String) {
    begin()
    var text = text
    let isPlain = isPlain
    if text.withUTF8({ bytes in bytes.allSatisfy { isPlain[Int($0)] } }) {
      putQuote()
      text.withUTF8 { append($0) }
      putQuote()
    } else {
      append(page.syntax.text(text))
    }
  }

  /// Numbers with a character between them.
  @inline(__always)
  mutating func joined(_ separator: Unicode.Scalar, count: Int, _ add: (inout JoinedNumbers) -> Void) {
    begin()
    putQuote()
    // Two fit into what each row has.
    if count > 2 { makeRoom(for: count * JoinedNumbers.roomForOne) }
    var numbers = JoinedNumbers(separator, at: at)
    add(&numbers)
    at += numbers.count
    putQuote()
  }

  // MARK: Room

  private mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress else { return }
    if bytes.count > Digits.limit { makeRoom(for: bytes.count) }
    at.update(from: start, count: bytes.count)
    at += bytes.count
  }

  @inline(never)
  private mutating func makeRoom(for more: Int) {
    let used = count
    page.makeRoom(for: more, behind: used)
    (base, full) = (page.base, page.base + RowPage.fullSize)
    at = base + used
  }

  // MARK: What is kept

  /// Where the text and the columns are.
  struct Mark {
    fileprivate var count: Int
    fileprivate var place: Int
  }

  var mark: Mark { Mark(count: count, place: place) }

  /// Writes the next columns as they were kept for a key.
  /// - Returns: whether they were.
  @inline(__always)
  mutating func copyKept<Key: CellKey>(_ key: Key, columns: Int) -> Bool {
    guard let count = caches[place]?.copy(key, to: at), count > 0 else { return false }
    at += count
    place += columns
    return true
  }

  /// Keeps what was written since a mark, for a key.
  @inline(never)
  mutating func keep<Key: CellKey>(_ key: Key, since mark: Mark) {
    let cache = caches[mark.place] ?? CellCache()
    caches[mark.place] = cache
    cache.keep(key, UnsafeBufferPointer(start: base + mark.count, count: count - mark.count))
  }
}
