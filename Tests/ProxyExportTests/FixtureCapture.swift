import Foundation
import ProxyAnalysis
import ProxyTraceKit
import TraceTestKit

/// The fixtures' captures.
enum FixtureCapture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  /// `proxy-on-plain/crowd.dat` and so on.
  static let names: [String] = {
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".dat") || $0.hasSuffix(".trace.txt") }.sorted()
  }()

  /// Those whose tables this run makes.
  static let analysed = names.filter { TestEffort.analyses($0) }

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  /// A capture's report with all rows. Those of a quick run are made once for all tests; all fixtures' would take too much memory.
  static func report(_ name: String) throws -> Report {
    if !TestEffort.isLong, let report = try kept.get()[name] { return report }
    return try make(name)
  }

  private static let kept: Result<[String: Report], any Error> = Result {
    try Dictionary(uniqueKeysWithValues: analysed.map { ($0, try make($0)) })
  }

  private static func make(_ name: String) throws -> Report {
    var options = CaptureSession.Options()
    options.rows = .all
    return Report(try CaptureSession(path: path(name), options).load().context())
  }
}
