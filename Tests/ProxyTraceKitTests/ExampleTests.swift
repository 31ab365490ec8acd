import Foundation
import ProxyReport
import Testing

/// The example of the article `UsingTheSession`: the code that it shows is compiled here, and prints what the program prints.
struct ExampleTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theArticleShowsTheCompiledCode() throws {
    let article = try String(
      contentsOf: Self.repository.appending(path: "Sources/ProxyTraceKit/ProxyTraceKit.docc/UsingTheSession.md"),
      encoding: .utf8)
    let code = try String(
      contentsOf: Self.repository.appending(path: "Tests/ProxyTraceKitTests/ExampleInversions.swift"), encoding: .utf8)
    let blocks = article.components(separatedBy: "```swift\n").dropFirst().map {
      $0.components(separatedBy: "```\n").first ?? ""
    }
    #expect(Array(blocks) == [code])
    #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count <= 20)
  }

  @Test(arguments: ["proxy-off-plain/same-cpu", "proxy-off-plain/fifo"])
  func itPrintsWhatTheProgramPrints(name: String) throws {
    let capture = Fixture.path("\(name).dat")
    let text = FileManager.default.temporaryDirectory.appending(path: "example-\(UUID().uuidString).txt")
    defer { try? FileManager.default.removeItem(at: text) }
    try Self.output("/usr/bin/trace-cmd", ["report", "-t", "-i", capture]).write(to: text)
    var longest: [[String]] = []
    for path in [capture, text.path] {
      let sink = ByteSink()
      try writeInversionsAndTasks(of: path, to: sink)
      let expected = try Self.longestInversions(path)
      #expect(expected.count == 3)
      let tasks = try Self.table("tasks", path)
      #expect(tasks.split(separator: "\n").count > 3)
      #expect(sink.text == expected.map { $0 + "\n" }.joined() + tasks)
      longest.append(expected)
    }
    #expect(longest.first == longest.last, "the text shows the same windows as the trace.dat")
  }

  /// The three longest rows of the program's own table, as the example prints them.
  private static func longestInversions(_ path: String) throws -> [String] {
    let rows = try table("inversions", path).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(rows.first)
    func column(_ name: String) throws -> Int { try #require(header.firstIndex(of: name)) }
    let (begin, length) = (try column("begin_ns"), try column("duration_ns"))
    let (waiter, owner) = (try column("waiter_comm"), try column("owner_comm"))
    return rows.dropFirst().sorted { Int($0[length]) ?? 0 > Int($1[length]) ?? 0 }.prefix(3).map {
      "\($0[begin]) \($0[length]) \($0[waiter]) waits for \($0[owner])"
    }
  }

  private static func table(_ name: String, _ path: String) throws -> String {
    let directory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let places = [directory, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    let program = try #require(
      places.map { $0.appending(path: "proxytrace").path }.first {
        FileManager.default.isExecutableFile(atPath: $0)
      })
    return String(
      decoding: try output(program, ["report", "--table", name, "--format", "csv", path]), as: UTF8.self)
  }

  private static func output(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return data
  }
}
