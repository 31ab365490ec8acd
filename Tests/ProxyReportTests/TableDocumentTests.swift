import Foundation
import ProxyAnalysis
import Testing
import TraceCore

/// `docs/tables.md` explains every column, in the words of the program.
struct TableDocumentTests {
  private static let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/tables.md")

  /// The reference at the document's end begins with this line. `PROXYTRACE_RECORD_GOLDEN=1` writes it.
  private static let title = "## Columns\n"

  private static var reference: String {
    var text = title
    for result in Report(Sample.context()).tables {
      text += "\n### \(result.name)\n\n| column | | meaning |\n|---|---|---|\n"
      for column in result.table.columns {
        text += "| \(column.name) | \(kind(column)) | \(column.doc.replacing("|", with: "\\|")) |\n"
      }
    }
    return text
  }

  private static func kind(_ column: Column) -> String {
    let unit = column.unit(of: Sample.context().capture.clock)
    return unit.isEmpty ? column.kind.rawValue : "\(column.kind.rawValue), \(unit)"
  }

  @Test func everyColumnIsExplained() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let begin = try #require(text.range(of: Self.title)?.lowerBound)
    if ProcessInfo.processInfo.environment["PROXYTRACE_RECORD_GOLDEN"] != nil {
      try (String(text[..<begin]) + Self.reference).write(to: Self.document, atomically: true, encoding: .utf8)
    }
    #expect(String(text[begin...]) == Self.reference)
  }

  /// Every table has a section of its own too, or is named in one.
  @Test func everyTableIsExplained() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let begin = try #require(text.range(of: Self.title)?.lowerBound)
    let titles = text[..<begin].split(separator: "\n").filter { $0.hasPrefix("## ") }.joined(separator: " ")
    let words = Set(titles.split { !$0.isLetter }.map(String.init))
    for name in Report.tableNames { #expect(words.contains(name), "\(name)") }
  }
}
