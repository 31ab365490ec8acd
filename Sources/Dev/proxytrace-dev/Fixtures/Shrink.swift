import ArgumentParser
import Foundation
import TraceTestKit

/// Makes what is in `Fixtures/`: see `Fixtures/README.md`.
struct Shrink: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copies a trace.dat without most of its kernel symbols.",
    discussion: "The records stay byte for byte. Example: proxytrace-dev shrink trace.dat small.dat")

  @Argument(help: "The capture.", completion: .file()) var input: String
  @Argument(help: "The file to write.", completion: .file()) var output: String

  func run() throws {
    let capture = try Data(contentsOf: URL(fileURLWithPath: input))
    let small = try CaptureShrinker.shrink([UInt8](capture))
    try Data(small).write(to: URL(fileURLWithPath: output))
  }
}
