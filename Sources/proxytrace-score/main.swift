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
  print(ScoreTable.markdown(captures))
  print(ScoreTable.rules(captures), terminator: "")
} catch {
  FileHandle.standardError.write(Data("proxytrace-score: \(directory): \(error)\n".utf8))
  exit(1)
}
