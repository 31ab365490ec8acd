import Foundation
import ProxyAnalysis
import ProxyReport
import Testing

struct CSVDirectoryTests {
  private let root = FileManager.default.temporaryDirectory.appending(path: "csv-\(UUID().uuidString)")

  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func writesEveryTableAndNothingElse() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appending(path: "a/b")
    let report = Report(Sample.context())
    // Twice: the second run takes the place of the first.
    for _ in 1...2 { try CSVDirectory.write(report, to: folder.path, with: CSVWriter()) }
    #expect(try names(folder) == Report.tableNames.map { "\($0).csv" }.sorted())
    let sink = ByteSink()
    try CSVWriter().write(#require(report.table("waits")), to: sink)
    #expect(try String(decoding: Data(contentsOf: folder.appending(path: "waits.csv")), as: UTF8.self) == sink.text)
  }

  @Test func aNameThatIsTakenLeavesNoFileHalfWritten() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    // A directory in the place of the last file: it cannot take its name.
    try FileManager.default.createDirectory(
      at: root.appending(path: "gaps.csv/x"), withIntermediateDirectories: true)
    #expect(throws: OutputError.self) {
      try CSVDirectory.write(Report(Sample.context()), to: root.path, with: CSVWriter())
    }
    #expect(try names(root).allSatisfy { $0.hasSuffix(".csv") })
  }

  @Test func aFileIsNoDirectory() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    try Data().write(to: root)
    #expect(throws: OutputError.self) {
      try CSVDirectory.write(Report(Sample.context()), to: root.path, with: CSVWriter())
    }
  }
}
