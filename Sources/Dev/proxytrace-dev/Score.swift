import ArgumentParser
import Foundation
import ProxyScore

/// The developer's tool behind the tables of docs/inference.md.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores the reconstruction against captures whose workload measured the truth.",
    discussion: """
      Prints the tables that docs/inference.md holds. A capture is FOLDER/NAME.dat with FOLDER/NAME.truth.csv. Example: \
      proxytrace-dev score Fixtures/captures
      """)

  @Argument(help: "The directory with the captures' folders.", completion: .directory)
  var directory = "Fixtures/captures"

  func run() throws {
    let captures = try ScoreTable.captures(below: URL(filePath: directory), folders: ScoreTable.folders)
    let scores = captures.map { CaptureScore($0) }
    print(ScoreTable.markdown(scores))
    print(ScoreTable.rules(scores), terminator: "")
    let unseen = try ScoreTable.captures(below: URL(filePath: directory), folders: ScoreTable.unseenFolders)
    guard !unseen.isEmpty else { return }
    print("\nCaptures that no rule was made with:\n")
    let unseenScores = unseen.map { CaptureScore($0) }
    print(ScoreTable.markdown(unseenScores))
    print(ScoreTable.rules(unseenScores), terminator: "")
  }
}
