import ArgumentParser
import Foundation
import TraceTestKit

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the trace.dat of a simulated machine.",
    discussion: """
      The same options make the same file. Example:
      proxytrace-dev generate --events 1000000 --cpus 8 --tasks 24 --compression zstd big.dat
      """)

  @Option(help: "What is left to chance follows from it.") var seed: UInt64 = 1
  @Option(help: "How many events, at least.") var events = 10_000
  @Option(help: "CPUs of the machine.") var cpus = 2
  @Option(help: "Tasks that run on it.") var tasks = 6
  @Option(help: "Locks that they take.") var locks = 2
  @Flag(inversion: .prefixedNo, help: "Whether the machine has proxy execution.") var proxy = true
  @Flag(help: "Add the exact probes.") var probes = false
  @Option(help: "File version, 6 or 7.") var version = 7
  @Option(help: "none, zstd or zlib.", transform: compression(named:)) var compression = Compression.none
  @Option(help: "Size of a ring-buffer page in bytes.") var subBuffer = 4096
  @Flag(help: "A 32-bit kernel.") var narrow = false
  @Flag(help: "A big-endian kernel.") var bigEndian = false
  @Argument(help: "The file to write.", completion: .file()) var output: String

  func run() throws {
    var plan = SchedulePlan.random(
      seed: seed, cpuCount: cpus, taskCount: tasks, lockCount: locks, proxyExecution: proxy)
    plan.emitsProbes = probes
    plan.recordsTruth = false
    var generator = ScheduleGenerator(plan)
    var options = CaptureOptions()
    options.savedComms = generator.savedComms
    let layout = CaptureLayout(
      version: version, compression: compression, order: bigEndian ? .big : .little, kernelLongSize: narrow ? 4 : 8,
      subBufferSize: subBuffer)
    var writer = try TraceDatWriter(layout, options: options, cpuCount: cpus)
    for _ in 0..<events {
      guard let event = generator.next() else { break }
      try writer.append(event)
    }
    try Data(writer.finish()).write(to: URL(fileURLWithPath: output))
  }

  func validate() throws {
    guard events >= 0, cpus > 0, tasks > 0, locks >= 0 else { throw ValidationError("a number is out of range") }
  }
}

func compression(named name: String) throws -> Compression {
  guard let known = Compression(rawValue: name) else { throw ValidationError("no compression \(name)") }
  return known
}
