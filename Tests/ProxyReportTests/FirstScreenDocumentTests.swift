import Foundation
import ProxyAnalysis
import ProxyReport
import ProxyTraceKit
import Testing

/// `docs/first-screens.md` shows first screens as they are printed.
struct FirstScreenDocumentTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let document = root.appending(path: "docs/first-screens.md")
  private static let command = "    $ proxytrace report "

  /// A command of the document, and the lines that stand under it.
  private struct Block {
    var capture: String
    var lines: Range<Int>
  }

  /// The lines under a command are indented as it is; blank lines between them belong to them.
  private static func blocks(_ lines: [String]) -> [Block] {
    lines.indices.filter { lines[$0].hasPrefix(command) }.map { first in
      let end = lines[(first + 1)...].firstIndex { !$0.isEmpty && !$0.hasPrefix("    ") } ?? lines.endIndex
      let last = lines[..<end].lastIndex { !$0.isEmpty } ?? first
      return Block(capture: String(lines[first].dropFirst(command.count)), lines: first + 1..<max(first, last) + 1)
    }
  }

  /// What is printed above the details, 80 columns wide.
  private static func screen(_ capture: String) throws -> [String] {
    var context = try CaptureSession(path: root.appending(path: capture).path).load().context()
    context.capture.path = capture
    let sink = ByteSink()
    try TextReport(width: 80).write(Report(context), to: sink)
    let lines = sink.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let end = try #require(lines.firstIndex { $0 == "More findings" || $0 == "Capture" })
    return lines[..<end].dropLast(while: \.isEmpty)
  }

  @Test func theScreensAreThoseOfTheProgram() throws {
    var lines = try String(contentsOf: Self.document, encoding: .utf8).components(separatedBy: "\n")
    let blocks = Self.blocks(lines)
    #expect(blocks.count >= 10)
    let isRecording = ProcessInfo.processInfo.environment["PROXYTRACE_RECORD_GOLDEN"] == "1"
    for block in blocks.reversed() {
      let screen = try Self.screen(block.capture)
      // A terminal of 24 lines has one for the next prompt.
      #expect(screen.count <= 23 && screen.allSatisfy { $0.count <= 80 }, "\(block.capture)")
      let shown = screen.map { $0.isEmpty ? "" : "    \($0)" }
      if isRecording {
        lines.replaceSubrange(block.lines, with: shown)
      } else {
        #expect(Array(lines[block.lines]) == shown, "\(block.capture)")
      }
    }
    if isRecording {
      try lines.joined(separator: "\n").write(to: Self.document, atomically: true, encoding: .utf8)
      Issue.record("recorded \(Self.document.lastPathComponent); read the difference before you keep it")
    }
  }
}

extension ArraySlice<String> {
  /// Without what is at the end and answers to a condition.
  fileprivate func dropLast(while condition: (String) -> Bool) -> [String] {
    Array(self[..<((lastIndex { !condition($0) } ?? startIndex - 1) + 1)])
  }
}
