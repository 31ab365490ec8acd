import Foundation
import TraceCore
import TraceTestKit

// Damage that somebody means.
extension DamageClass {
  /// Names that drive terminals, break quoting, run as formulas or markup, or are no text at all; 15 bytes at most.
  static let names: [[UInt8]] = [
    Array("\u{1b}[2J\u{1b}]0;x\u{7}".utf8), Array("\u{9b}31m".utf8), Array("a\"b\"\",\"c".utf8), Array("=cmd()".utf8),
    Array("+1+cmd|' /C'!A".utf8), Array("-2+3".utf8), Array("@SUM(1)".utf8), Array("\t=1".utf8), Array("\r\n=1".utf8),
    Array("<script>x()//".utf8), Array("\u{202e}txt.exe".utf8), Array("\u{2066}a\u{200f}b".utf8), Array("a\nb\nc".utf8),
    [0xff, 0xfe, 0xc3, 0x28], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], Array("a\\u0000b".utf8),
    Array("\\".utf8), Array("'".utf8), Array("\u{2028}\u{2029}".utf8), Array("\u{feff}".utf8), Array("%s%n%x".utf8),
    Array("\u{1f468}\u{200d}\u{1f469}".utf8), [], [0, 0x41], Array("..................".utf8), Array("</table>".utf8),
    [UInt8](repeating: 0xe9, count: 15), Array("\u{e0001}\u{e0041}".utf8), Array("x\u{301}\u{301}\u{301}".utf8),
  ]

  /// Where tasks' names stand in a record by its event's number: `field:char comm[16];\toffset:8;`.
  private static func nameFields(_ map: CaptureMap) -> [UInt16: [Int]] {
    var fields: [UInt16: [Int]] = [:]
    for format in map.formats {
      let lines = map.text(of: format).split(separator: "\n")
      guard let line = lines.first(where: { $0.hasPrefix("ID: ") }), let id = UInt16(line.dropFirst(4)) else {
        continue
      }
      for line in lines where line.contains("comm[16];") {
        let parts = line.split(separator: ";")
        guard parts.count > 1, let offset = Int(parts[1].drop { $0 != ":" }.dropFirst()) else { continue }
        fields[id, default: []].append(offset)
      }
    }
    return fields
  }

  /// All tasks, or a third of them, have such a name.
  static let hostileNames = DamageClass("hostile name") { _ in
    2 * names.count
  } damage: { map, index in
    let name = names[index / 2]
    let fields = nameFields(map)
    var bytes = map.bytes
    for record in map.pages.flatMap(\.records) where record.range.count >= 8 {
      let start = record.range.lowerBound
      let id = UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
      for offset in fields[id, default: []] where offset + 16 <= record.range.count {
        // By the first letter, so that a task has the same name everywhere.
        guard index % 2 == 0 || bytes[start + offset] % 3 == 0 else { continue }
        for place in 0..<16 { bytes[start + offset + place] = place < min(name.count, 15) ? name[place] : 0 }
      }
    }
    return DamagedCapture(bytes, "tasks named \(name)", duty: .tellChanges, mayBeRefused: false, damagedCPUs: [])
  }

  private static let lies: [@Sendable (String) -> String] = [
    { $0.replacing("offset:", with: "offsex:") }, { $0.replacing("field:", with: "fielt:") },
    { digits(in: $0, after: "offset:", 9) }, { digits(in: $0, after: "offset:", 0) },
    { digits(in: $0, after: "size:", 9) },
    { digits(in: $0, after: "size:", 0) }, { digits(in: $0, after: "size:", 1) }, { digits(in: $0, after: "size:", 3) },
    { $0.replacing("signed:0", with: "signed:1") }, { $0.replacing("signed:1", with: "signed:0") },
    { digits(in: $0, after: "ID: ", 9) }, { digits(in: $0, after: "ID: ", 0) }, { $0.replacing("pid;", with: "pix;") },
    { $0.replacing("comm[16]", with: "comm[99]") }, { $0.replacing("comm[16]", with: "comm[00]") },
    { $0.replacing("comm[16]", with: "comm[[[]") }, { $0.replacing("print fmt:", with: "print fmx:") },
    { $0.replacing("REC", with: "((((") }, { $0.replacing("{", with: "(") }, { $0.replacing("\"", with: "\\") },
    { $0.replacing(";", with: " ") }, { $0.replacing("\t", with: "\n") }, { $0.replacing("common_", with: "commen_") },
    { String(repeating: "A", count: $0.utf8.count) }, { String(repeating: "\0", count: $0.utf8.count) },
    { String($0.reversed()) }, { $0.replacing("unsigned", with: "________") }, { $0.replacing("int ", with: "    ") },
    { $0.replacing("char ", with: "void ") }, { $0.replacing("long ", with: "****,") },
    { $0.replacing("name: ", with: "nome: ") },
  ]

  /// All digits of the numbers behind a word set to one digit.
  private static func digits(in text: String, after word: String, _ digit: Int) -> String {
    var parts = text.components(separatedBy: word)
    for index in parts.indices.dropFirst() {
      let count = parts[index].prefix { $0.isNumber }.count
      parts[index] = String(repeating: "\(digit)", count: count) + parts[index].dropFirst(count)
    }
    return parts.joined(separator: word)
  }

  /// Formats that are missing, lie or are no formats; of the events that the analysis uses and two others.
  static let lyingFormats = DamageClass("lying format") {
    $0.formats.count * lies.count
  } damage: { map, index in
    let format = map.formats[index / lies.count]
    guard format.system != "ftrace" || index / lies.count < 2 else { return nil }
    let text = map.text(of: format)
    let lie = Array(lies[index % lies.count](text).utf8)
    guard lie.count == format.range.count, lie != Array(text.utf8) else { return nil }
    var bytes = map.bytes
    bytes.replaceSubrange(format.range, with: lie)
    let name = text.split(separator: "\n").first ?? ""
    return DamagedCapture(bytes, "format \(format.system) \(name), lie \(index % lies.count)", duty: .none)
  }
}
