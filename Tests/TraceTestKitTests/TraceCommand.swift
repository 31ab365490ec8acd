import Foundation

/// Debian's `trace-cmd report`, the judge of what the writer writes.
enum TraceCommand {
  /// A line of `trace-cmd report -t -R`.
  struct Line: Hashable {
    /// Name of the buffer instance; empty for the top one.
    var instance = ""
    var pid: Int32
    var cpu: Int32
    /// As printed: `seconds.nanoseconds`, or the number of a clock that counts something else.
    var time: String
    var event: String
    var fields: String
  }

  struct Output {
    var lines: [Line] = []
    /// `CPU:n [EVENTS DROPPED]` and what else is no record.
    var remarks: [String] = []
    var complaints: String
    var status: Int32
  }

  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/trace-cmd")

  static func report(_ capture: [UInt8]) throws -> Output {
    let file = try TemporaryFile(capture)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/trace-cmd")
    process.arguments = ["report", "-t", "-R", "-i", file.url.path]
    let (out, errors) = (try TemporaryFile([]), try TemporaryFile([]))
    process.standardOutput = try FileHandle(forWritingTo: out.url)
    process.standardError = try FileHandle(forWritingTo: errors.url)
    try process.run()
    process.waitUntilExit()
    var output = Output(complaints: try errors.text(), status: process.terminationStatus)
    for line in try out.text().split(separator: "\n") where !line.hasPrefix("cpus=") {
      if let record = parse(line) { output.lines.append(record) } else { output.remarks.append(String(line)) }
    }
    return output
  }

  /// `comm-pid [cpu] time: event: fields`, perhaps behind `instance:`; the comm of the tests has no spaces. By hand: a regular
  /// expression took most of these tests' time.
  static func parse(_ line: Substring) -> Line? {
    let bytes = line.utf8
    guard let open = bytes.firstIndex(of: UInt8(ascii: "[")),
      let close = bytes[open...].firstIndex(of: UInt8(ascii: "]")),
      let point = bytes[close...].firstIndex(of: UInt8(ascii: ":")),
      let colon = bytes[bytes.index(after: point)...].firstIndex(of: UInt8(ascii: ":")),
      let cpu = number(line[line.index(after: open)..<close])
    else { return nil }
    let words = line[..<open].split(separator: " ", omittingEmptySubsequences: false)
    // At least one space before the bracket, and none in the name.
    guard words.count > 1, words.last == "" else { return nil }
    var names = words.filter { !$0.isEmpty }
    var instance: Substring = ""
    if let first = words.first, let end = first.firstIndex(of: ":"), !first[..<end].isEmpty,
      first[..<end].allSatisfy(isWord)
    {
      instance = first[..<end]
      names[0] = first[first.index(after: end)...]
      if names[0].isEmpty { names.removeFirst() }
    }
    guard names.count == 1, let dash = names[0].lastIndex(of: "-"),
      let pid = number(names[0][names[0].index(after: dash)...])
    else { return nil }
    let time = line[line.index(after: close)..<point].drop { $0 == " " }
    let event = line[line.index(after: point)..<colon].drop { $0 == " " }
    guard !time.isEmpty, time.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }), !event.isEmpty,
      event.allSatisfy({ isWord($0) && !$0.isUppercase })
    else { return nil }
    var fields = String(line[line.index(after: colon)...].drop { $0 == " " })
    // What a probe finds behind a null pointer is not worth comparing.
    if event == "switch", let garbage = fields.range(of: "donor3=0x0 donor3_pid=") {
      let end = fields[garbage.upperBound...].firstIndex { $0 != "-" && !$0.isNumber } ?? fields.endIndex
      fields.replaceSubrange(garbage.upperBound..<end, with: "*")
    }
    return Line(
      instance: String(instance), pid: pid, cpu: cpu, time: String(time), event: String(event), fields: fields)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isWord(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber) || character == "_"
  }

  /// Digits alone.
  private static func number(_ text: Substring) -> Int32? {
    text.utf8.allSatisfy(isDigit) ? Int32(text) : nil
  }
}

/// A file that goes when its owner does.
final class TemporaryFile {
  let url: URL

  init(_ content: [UInt8]) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("testkit-\(UUID().uuidString)")
    try Data(content).write(to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }
}
