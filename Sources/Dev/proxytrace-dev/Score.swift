import ArgumentParser
import Foundation
import ProxyScore

/// The developer's tool behind the tables of docs/inference.md.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores the reconstruction against captures whose workload measured the truth.",
    discussion: """
      Prints the tables that docs/inference.md holds. A capture is FOLDER/NAME.dat with FOLDER/NAME.truth.csv. Examples: \
      proxytrace-dev score Fixtures/captures; proxytrace-dev score --splits Fixtures/captures
      """)

  @Argument(help: "The directory with the captures' folders.", completion: .directory)
  var directory = "Fixtures/captures"

  @Flag(help: "Only what the inference of donors is worth, by rule: over all folders with captures that have probes.")
  var splits = false

  func run() throws {
    let url = URL(filePath: directory)
    if splits { return try calibrate(url) }
    let captures = try ScoreTable.captures(below: url, folders: ScoreTable.folders)
    let scores = captures.map { CaptureScore($0) }
    print(ScoreTable.markdown(scores))
    print(ScoreTable.rules(scores), terminator: "")
  }

  private func calibrate(_ url: URL) throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted().filter {
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: url.appending(path: $0).path, isDirectory: &isDirectory)
        && isDirectory.boolValue
    }
    var calibration = SplitCalibration()
    for folder in folders {
      calibration.add(try ScoreTable.captures(below: url, folders: [folder]).map { CaptureScore($0) })
    }
    print(calibration.captures())
    print(calibration.rules(), terminator: "")
  }
}
