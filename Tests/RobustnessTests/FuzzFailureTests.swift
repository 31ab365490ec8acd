import Foundation
import Robustness
import Testing

/// Everything that fuzzing has found once, and every target's first inputs.
struct FuzzFailureTests {
  private static let directory = Fixture.directory.appending(path: "fuzz/fail")

  private static func failures(of target: FuzzTarget) throws -> [URL] {
    let folder = directory.appending(path: target.rawValue)
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }
  }

  @Test(arguments: FuzzTarget.allCases) func oldFailuresAreBorne(target: FuzzTarget) throws {
    for file in try Self.failures(of: target) {
      let violations = target.run([UInt8](try Data(contentsOf: file))).violations
      #expect(violations.isEmpty, "\(file.lastPathComponent): \(violations)")
    }
  }

  /// A folder that no target has would never be run again.
  @Test func everyFolderIsATargets() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    #expect(!folders.isEmpty)
    #expect(folders.allSatisfy { FuzzTarget(rawValue: $0) != nil }, "\(folders)")
  }

  @Test(arguments: FuzzTarget.allCases) func seedsAreWell(target: FuzzTarget) throws {
    let seeds = try target.seeds(from: [Fixture.bytes("captures/formats/v7-none.dat")])
    #expect(seeds.count >= 3)
    var calm = 0
    for (index, seed) in seeds.enumerated() {
      let result = target.run(seed)
      #expect(result.violations.isEmpty, "seed \(index)")
      if result.calmPeriods > 0 { calm += 1 }
    }
    // Most seeds of maps are refused before a capture is read.
    if target.reachesModel, target != .maps {
      #expect(calm * 2 > seeds.count, "\(calm) of \(seeds.count) seeds enter the fast path")
    }
  }
}
