import Foundation
import Testing
import TraceTestKit

/// A real capture that tests read.
struct RecordedCapture: Sendable, CustomTestStringConvertible {
  var path: String
  /// `folder/name`.
  var testDescription: String {
    let parts = path.split(separator: "/").suffix(2)
    return parts.joined(separator: "/")
  }

  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path

  /// The fixtures that this run reads, and everything below the directory that `PROXYTRACE_CAPTURES` names, if it does.
  static let all: [RecordedCapture] = {
    let more = ProcessInfo.processInfo.environment["PROXYTRACE_CAPTURES"].map { [$0] } ?? []
    return below(fixtures).filter { TestEffort.reads($0.path) } + more.flatMap(below)
  }()

  /// Those that nobody has damaged: what trace-cmd prints of a record that is cut off is not what is in it.
  static let sound = all.filter { !$0.path.hasPrefix("\(fixtures)/losses/") }

  private static func below(_ directory: String) -> [RecordedCapture] {
    let names = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dat") }.sorted().map { RecordedCapture(path: "\(directory)/\($0)") }
  }

  static func fixture(_ name: String) -> String { "\(fixtures)/captures/\(name)" }
}

/// A file that goes when its owner does.
final class ScratchFile {
  let path: String

  init(_ content: [UInt8]) throws {
    path = NSTemporaryDirectory() + "reader-\(UUID().uuidString)"
    try Data(content).write(to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func content() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
}
