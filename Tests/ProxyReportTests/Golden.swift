import Foundation
import Testing

/// Outputs that are compared with files under `Golden/`, byte for byte.
enum Golden {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  /// Compares; with `PROXYTRACE_RECORD_GOLDEN=1` in the environment writes the file instead, and fails all the same, so that
  /// nobody records by mistake.
  static func expect(_ text: String, equals name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = folder.appending(path: name)
    if ProcessInfo.processInfo.environment["PROXYTRACE_RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(name); read the difference before you keep it", sourceLocation: sourceLocation)
      return
    }
    let expected = try String(decoding: Data(contentsOf: file), as: UTF8.self)
    guard text != expected else { return }
    let (lines, wanted) = (text.split(separator: "\n"), expected.split(separator: "\n"))
    let place = zip(lines, wanted).enumerated().first { $1.0 != $1.1 }?.offset ?? min(lines.count, wanted.count)
    Issue.record(
      """
      \(name) differs in line \(place + 1):
      expected \(place < wanted.count ? wanted[place] : "nothing")
      found    \(place < lines.count ? lines[place] : "nothing")
      """, sourceLocation: sourceLocation)
  }
}
