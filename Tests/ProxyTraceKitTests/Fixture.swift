import Foundation
import ProxyTraceKit
import TraceCore

/// Captures of `Fixtures/captures`.
enum Fixture {
  private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  static func path(_ name: String) -> String { directory.appending(path: name).path }

  static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path(name)))) }

  /// A text whose only sign of a loss stands at its end: a reading notices it late, and begins again.
  static func textWithLateLoss(_ name: String = "text/kernel-text.trace.txt") throws -> [UInt8] {
    let lines = String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n")
    var records = lines.filter { !$0.hasPrefix("#") && !$0.hasPrefix("CPU:") }
    records.insert("CPU:1 [LOST 5 EVENTS]", at: records.count - 20)
    return Array(records.joined(separator: "\n").utf8)
  }
}
