import ArgumentParser
import Foundation
import ProxyScore

/// The developer's tool behind the tables of docs/inference.md.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores the reconstruction against captures whose workload measured the truth.",
    discussion: """
      Prints the tables that docs/inference.md holds. A capture is FOLDER/NAME.dat with FOLDER/NAME.truth.csv; those whose clock \
      is not the workload's (mono) are left out. Examples: \
      proxytrace-dev score Fixtures/captures; proxytrace-dev score --splits Fixtures/captures
      """)

  @Argument(help: "The directory with the captures' folders.", completion: .directory)
  var directory = "Fixtures/captures"

  @Flag(help: "Only what the inference of donors is worth, by rule: over all folders with captures that have probes.")
  var splits = false

  func run() throws {
    let url = URL(filePath: directory)
    if splits { return try calibrate(url) }
    let captures = try ScoreTable.captures(below: url, folders: ScoreTable.folders(of: url))
    let scores = captures.filter { $0.comparesWithTruth }.map { CaptureScore($0) }
    print(ScoreTable.markdown(scores))
    print(ScoreTable.rules(scores), terminator: "")
  }

  private func calibrate(_ url: URL) throws {
    var calibration = SplitCalibration()
    for folder in try ScoreTable.folders(of: url) {
      calibration.add(try ScoreTable.captures(below: url, folders: [folder]).map { CaptureScore($0) })
    }
    print(calibration.captures())
    print(calibration.rules(), terminator: "")
  }
}
