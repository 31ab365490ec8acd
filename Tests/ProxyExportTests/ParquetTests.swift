import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

@testable import ProxyExport

/// What goes into the writer comes out of the reader.
struct ParquetTests {
  private static func file(
    _ columns: [(type: ParquetType, cells: [Cell])], rowsPerGroup: Int = 1 << 16
  ) throws -> ParquetFile {
    let sink = ByteSink()
    let described = columns.indices.map { ParquetWriter.Column(name: "c\($0)", type: columns[$0].type) }
    var writer = try ParquetWriter(described, to: sink, rowsPerGroup: rowsPerGroup)
    for row in columns[0].cells.indices {
      try writer.appendRow { buffers in
        for place in columns.indices { buffers[place].append(columns[place].cells[row]) }
      }
    }
    try writer.finish([("key", "value \u{1f642}")], createdBy: "test")
    return try ParquetFile(sink.bytes)
  }

  private static func value(_ cell: Cell, _ type: ParquetType) -> ParquetFile.Value {
    switch (cell, type) {
    case (.integer(let value), .integer), (.secondsFromStart(let value), .billionths): .integer(value)
    case (.word(let word), .boolean): .boolean(word == "yes")
    case (.text(let text), .text): .text(Array(text.utf8))
    default: .null
    }
  }

  /// Kinds of sequences that the encodings treat differently.
  private static func integers(_ kind: Int, _ random: inout SeededGenerator, count: Int) -> [Cell] {
    var last: Int64 = 0
    return (0..<count).map { row in
      switch kind {
      case 0: return .integer(Int64(bitPattern: random.next()))
      case 1: return .integer(7)
      case 2: return .empty
      case 3: return random.oneIn(3) ? .empty : .integer(Int64(random.number(0...3)))
      case 4:
        last += Int64(random.number(0...100_000))
        return .integer(last)
      case 5: return .integer(row % 2 == 0 ? .min : .max)
      case 6: return .integer(Int64(row / 9))
      default: return random.oneIn(40) ? .empty : .integer(Int64(random.number(-5...5)) << Int64(random.number(0...60)))
      }
    }
  }

  @Test(arguments: [0, 1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 130, 1000, 5000])
  func integersOfEveryKind(count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    let columns = (0...7).map { (type: ParquetType.integer, cells: Self.integers($0, &random, count: count)) }
    for rows in [1 << 16, 100] {
      let file = try Self.file(columns, rowsPerGroup: rows)
      #expect(file.rowCount == Int64(count) && file.groups.count == (count + rows - 1) / rows)
      for (number, column) in columns.enumerated() {
        #expect(try file.column("c\(number)") == column.cells.map { Self.value($0, .integer) }, "kind \(number)")
      }
      for group in file.groups {
        for chunk in group {
          let values = chunk.values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
          #expect(chunk.nulls == Int64(chunk.values.count - values.count))
          #expect(chunk.min.map { Int64(bitPattern: ParquetFile.littleEndian($0)) } == values.min())
          #expect(chunk.max.map { Int64(bitPattern: ParquetFile.littleEndian($0)) } == values.max())
        }
      }
    }
  }

  /// Differences for what grows, a dictionary for what repeats.
  @Test func theSmallerEncodingIsTaken() throws {
    var random = SeededGenerator(seed: 1)
    let growing = Self.integers(4, &random, count: 4000)
    // Far apart, in no order: differences would take eight bytes each.
    let few = (0..<4).map { _ in Int64(bitPattern: random.next()) }
    let repeating = (0..<4000).map { _ in Cell.integer(random.element(few)) }
    let file = try Self.file([(.integer, growing), (.integer, repeating)])
    #expect(file.groups[0][0].encodings.contains(5) && !file.groups[0][0].encodings.contains(8))
    #expect(file.groups[0][1].encodings.contains(8) && !file.groups[0][1].encodings.contains(5))
  }

  @Test func textsAreKeptByteByByte() throws {
    // The first two are equal as Swift's strings, and are other bytes.
    let names = [
      "caf\u{e9}", "cafe\u{301}", "", "a\u{0}b", "=cmd()", "\u{1f642}", "kworker/0:1",
      String(repeating: "\u{1f9ff}", count: 75),
    ]
    var random = SeededGenerator(seed: 2)
    let cells = (0..<1000).map { _ in random.oneIn(5) ? Cell.empty : .text(random.element(names)) }
    let distinct = (0..<1000).map { Cell.text("path \($0)") }
    let file = try Self.file([(.text, cells), (.text, distinct)], rowsPerGroup: 300)
    #expect(try file.column("c0") == cells.map { Self.value($0, .text) })
    #expect(try file.column("c1") == distinct.map { Self.value($0, .text) })
    // Bounds in the order of bytes: `path 0` to `path 99`, of the first 300.
    #expect(file.groups[0][1].min == Array("path 0".utf8) && file.groups[0][1].max == Array("path 99".utf8))
    #expect(file.groups[0][0].min == nil, "a bound of 300 bytes")
  }

  @Test func namesAndAddresses() throws {
    let cells: [Cell] = [
      .comm("swapper"), .address(0xffff_8880_1234_5678), .comm(Comm([0x61, 0xff])), .address(0), .comm("swapper"),
      .evidence(.inferred(.ranByDonorsWeight)), .address(.max),
    ]
    let texts = [
      "swapper", "0xffff888012345678", "a\u{fffd}", "0x0", "swapper", "inferred", "0xffffffffffffffff",
    ]
    #expect(try Self.file([(.text, cells)]).column("c0") == texts.map { .text(Array($0.utf8)) })
  }

  @Test func truthValuesAndDecimals() throws {
    var random = SeededGenerator(seed: 3)
    let flags = (0..<77).map { _ in random.element([Cell.word("yes"), .word("no"), .empty]) }
    let seconds = (0..<77).map { _ in Cell.secondsFromStart(Int64(random.number(-5_000_000_000...9_000_000_000))) }
    let file = try Self.file([(.boolean, flags), (.billionths, seconds)])
    #expect(
      try file.column("c0")
        == flags.map { $0 == .empty ? .null : Self.value($0, .boolean) })
    #expect(try file.column("c1") == seconds.map { Self.value($0, .billionths) })
    #expect(file.types[0].physical == 0 && file.types[1].physical == 2 && file.types[1].converted == 5)
  }

  /// Figures that only a damaged file can claim are not known, rather than wrong.
  @Test func whatDoesNotFitIsNull() throws {
    let file = try Self.file([
      (.integer, [.count(.max), .instant(Timestamp(1 << 63)), .count(1 << 62)]),
      (.billionths, [.secondsFromStart(.max), .secondsFromStart(.min), .secondsFromStart(999_999_999_999_999_999)]),
    ])
    #expect(try file.column("c0") == [.null, .null, .integer(1 << 62)])
    #expect(try file.column("c1") == [.null, .null, .integer(999_999_999_999_999_999)])
  }

  @Test func metadata() throws {
    let file = try Self.file([(.integer, [])])
    #expect(file.metadata == ["key": "value \u{1f642}"])
    #expect(file.rowCount == 0 && file.groups.isEmpty && file.names == ["c0"])
  }

  /// The example of the format's document Encodings.md: 0 to 7 in three bits each.
  @Test func bitsArePackedAsTheDocumentSays() {
    var packer = BitPacker()
    for value in 0..<8 { packer.append(UInt64(value), width: 3) }
    #expect(packer.finish() == [0b1000_1000, 0b1100_0110, 0b1111_1010])
  }
}
