import Foundation
import ProxyAnalysis
import ProxyTraceKit

/// The fixtures' captures.
enum FixtureCapture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  /// `proxy-on-plain/crowd.dat` and so on.
  static let names: [String] = {
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".dat") || $0.hasSuffix(".trace.txt") }.sorted()
  }()

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  static func report(_ name: String) throws -> Report {
    var options = CaptureSession.Options()
    options.rows = .all
    return Report(try CaptureSession(path: path(name), options).load().context())
  }
}
