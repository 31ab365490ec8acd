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
      let violations = target.run([UInt8](try Data(contentsOf: file)))
      #expect(violations.isEmpty, "\(file.lastPathComponent): \(violations)")
    }
  }

  /// A folder that no target has would never be replayed.
  @Test func everyFolderIsATargets() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    #expect(!folders.isEmpty)
    #expect(folders.allSatisfy { FuzzTarget(rawValue: $0) != nil }, "\(folders)")
  }

  @Test(arguments: FuzzTarget.allCases) func seedsAreWell(target: FuzzTarget) throws {
    let seeds = try target.seeds(from: [Fixture.bytes("captures/formats/v7-none.dat")])
    #expect(seeds.count >= 3)
    for (index, seed) in seeds.enumerated() { #expect(target.run(seed).isEmpty, "seed \(index)") }
  }
}
