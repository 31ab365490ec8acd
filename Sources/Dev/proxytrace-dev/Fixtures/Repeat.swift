import ArgumentParser
import Foundation
import TraceTestKit

struct Repeat: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a long trace.dat by playing a short one again and again.",
    discussion: """
      A long capture with the contention of a real one. Several captures of one machine are played one after the other; with \
      --cpus beside each other, as one of a larger machine: the first on some of its CPUs, the others on the rest. Example:
      proxytrace-dev repeat --events 10000000 --version 6 Fixtures/captures/proxy-on-plain/*.dat big.dat
      """)

  @Option(help: "How many events, at least.") var events = 1_000_000
  @Option(help: "CPUs of a larger machine.") var cpus: Int?
  @Option(help: "File version, 6 or 7.") var version = 7
  @Option(help: "none, zstd or zlib.", transform: compression(named:)) var compression = Compression.none
  @Argument(help: "The captures, and at last the file to write.", completion: .file()) var files: [String]

  func run() throws {
    let (captures, layout) = (Array(files.dropLast()), CaptureLayout(version: version, compression: compression))
    let bytes =
      try cpus.map { try RepeatedCapture.bytes(beside: captures, events: events, cpus: $0, layout: layout) }
      ?? RepeatedCapture.bytes(of: captures, events: events, layout: layout)
    try Data(bytes).write(to: URL(fileURLWithPath: files[files.count - 1]))
  }

  func validate() throws {
    guard files.count >= 2 else { throw ValidationError("say a capture and the file to write") }
  }
}
