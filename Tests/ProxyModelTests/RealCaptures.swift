import Foundation
import ProxyModel
import ProxyScore
import Testing
import TraceCore
import TraceTestKit

/// The fixtures whose workload measured the truth, read once.
enum RealCaptures {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  /// Whole collections to test besides the fixtures.
  static let directories: [URL] =
    [directory] + (ProcessInfo.processInfo.environment["PROXYTRACE_CAPTURES"].map { [URL(filePath: $0)] } ?? [])

  static let all: Result<[ScoredCapture], any Error> = Result {
    try directories.flatMap { try ScoreTable.captures(below: $0, folders: ScoreTable.folders) }
  }

  /// Captures of other make, with the truth of one run each: only the traces' clock decides whether it compares.
  static let others: Result<[ScoredCapture], any Error> = Result {
    try directories.flatMap { try ScoreTable.captures(below: $0, folders: ["formats", "sched-ext"]) }
      .filter { $0.clock.name == "mono" }
  }

  /// Captures with the exact probe of Linux 7.3.
  static let exact: Result<[ScoredCapture], any Error> = Result {
    try directories.flatMap { try ScoreTable.captures(below: $0, folders: ["proxy-on-exact"]) }
  }

  /// Every capture with truth of the whole collections, of whatever kernel and workload.
  static var collected: [ScoredCapture] {
    get throws {
      try directories.dropFirst().flatMap {
        try ScoreTable.captures(below: $0, folders: ScoreTable.folders(of: $0)).filter(\.comparesWithTruth)
      }
    }
  }

  static func folder(_ name: String) throws -> [ScoredCapture] {
    let found = try all.get().filter { $0.folder == name }
    #expect(!found.isEmpty, "no capture in \(name)")
    return found
  }

  static func named(_ name: String) throws -> ScoredCapture {
    try #require(try all.get().first { $0.name == name })
  }

  /// Every capture's score, computed once for all tests.
  private static let scores: Result<[CaptureScore], any Error> = all.map { $0.map { CaptureScore($0) } }

  /// The score of a folder's captures together.
  static func score(_ folder: String) throws -> CaptureScore {
    let found = try scores.get().filter { $0.folder == folder }
    #expect(!found.isEmpty, "no capture in \(folder)")
    return found.reduce(into: CaptureScore()) { $0 += $1 }
  }
}
