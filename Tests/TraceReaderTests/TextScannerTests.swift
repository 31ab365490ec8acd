import Testing
import TraceCore

@testable import TraceReader

/// What the scanner does eight bytes at a time, against the same byte by byte.
struct TextScannerTests {
  /// Lines of what matters to it: digits, blanks, tabs, letters, bytes above 127, and long runs of each.
  private static func line(_ random: inout SeededGenerator) -> [UInt8] {
    let alphabets: [[UInt8]] = [
      Array("0123456789".utf8), Array(" ".utf8), Array(" \t".utf8), Array("abc_XYZ".utf8), Array(":/.0-;=".utf8),
      [0, 0x2f, 0x3a, 0x7f, 0x80, 0xb0, 0xb9, 0xff],
    ]
    var bytes: [UInt8] = []
    for _ in 0..<random.number(0...6) {
      let alphabet = random.element(alphabets)
      for _ in 0..<random.number(0...24) { bytes.append(random.element(alphabet)) }
    }
    return bytes
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  @Test func wordsAreReadAsBytesAre() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20_000 {
      let line = Self.line(&random)
      let start = random.number(0...line.count)
      let rest = line[start...]
      line.withUnsafeBytes { bytes in
        var scanner = TextScanner(bytes, from: start)
        let digits = rest.prefix(while: Self.isDigit)
        let expected = UInt64(String(decoding: digits, as: UTF8.self))
        #expect(scanner.decimal() == expected)
        if expected != nil { #expect(scanner.position == start + digits.count) }

        scanner.position = start
        scanner.skipBlanks()
        #expect(scanner.position == start + rest.prefix { $0 == 0x20 || $0 == 0x09 }.count)

        scanner.position = start
        scanner.skipLetters()
        #expect(scanner.position == start + rest.prefix { $0 > 0x3a }.count)

        let wanted = random.element([0x20, 0x3a, 0xff, 0x80, 0x00, 0x61] as [UInt8])
        let last = min(start + 15, line.count - 1)
        #expect(
          scanner.firstPlace(of: wanted, from: start, through: last)
            == (start <= last ? line[start...last].firstIndex(of: wanted) : nil))
      }
    }
  }

  @Test(arguments: [
    "a", "ab", "abc", "abcd", "abcde", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopq",
  ])
  func aTextIsFoundWhole(text: String) {
    // Of literals of each length: every byte counts, and nothing behind the end is looked at.
    for changed in -1..<text.utf8.count {
      var bytes = Array(text.utf8)
      if changed >= 0 { bytes[changed] ^= 1 }
      let isSame = bytes.withUnsafeBytes { Self.has(TextScanner($0), text) }
      #expect(isSame == (changed < 0))
    }
    let short = Array(text.utf8.dropLast()).withUnsafeBytes { Self.has(TextScanner($0), text) }
    #expect(!short)
  }

  private static func has(_ scanner: TextScanner, _ text: String) -> Bool {
    switch text.utf8.count {
    case 1: scanner.has("a")
    case 2: scanner.has("ab")
    case 3: scanner.has("abc")
    case 4: scanner.has("abcd")
    case 5: scanner.has("abcde")
    case 7: scanner.has("abcdefg")
    case 8: scanner.has("abcdefgh")
    case 9: scanner.has("abcdefghi")
    case 16: scanner.has("abcdefghijklmnop")
    default: scanner.has("abcdefghijklmnopq")
    }
  }
}
