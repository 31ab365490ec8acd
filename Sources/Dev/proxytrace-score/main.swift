import Foundation
import ProxyScore

// Scores the reconstruction against captures whose workload measured the truth:
//
//     swift run -c release proxytrace-score [DIRECTORY]
//
// prints the tables that docs/inference.md holds. The directory is Fixtures/captures unless another is named.

let directory = CommandLine.arguments.dropFirst().first ?? "Fixtures/captures"
do {
  let captures = try ScoreTable.captures(below: URL(filePath: directory), folders: ScoreTable.folders)
  let scores = captures.map { CaptureScore($0) }
  print(ScoreTable.markdown(scores))
  print(ScoreTable.rules(scores), terminator: "")
} catch {
  FileHandle.standardError.write(Data("proxytrace-score: \(directory): \(error)\n".utf8))
  exit(1)
}
