import Foundation
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// A program may read as many captures as it likes: nothing of a reading stays behind.
struct ManyReadingsTests {
  /// Pages of this process, as the kernel counts them (proc(5), `statm`).
  private static func memory() throws -> (addressSpace: Int, resident: Int) {
    let counts = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    let pages = counts.prefix(2).compactMap { Int($0) }
    try #require(pages.count == 2)
    return (pages[0] * Int(getpagesize()), pages[1] * Int(getpagesize()))
  }

  private static func openFiles() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  /// Kinds of capture, each with the option that it is read with.
  private static func captures() throws -> [(bytes: [UInt8], options: CaptureSession.Options)] {
    let v6 = try Self.v6()
    let plain = CaptureSession.Options()
    var single = CaptureSession.Options()
    single.jobs = 1
    var withoutProbes = CaptureSession.Options()
    withoutProbes.ignoresProbes = true
    return [
      (try Fixture.bytes("proxy-on-plain/crowd.dat"), plain), (try Fixture.bytes("formats/v7-zstd.dat"), plain),
      (v6, single), (try Fixture.bytes("text/kernel-text.trace.txt"), plain),
      (try Fixture.textWithLateLoss(), plain), (try Fixture.textWithLateLoss(), single),
      (try Fixture.bytes("proxy-on-probed/crowd.dat"), plain),
      (try Fixture.bytes("proxy-on-probed/crowd.dat"), withoutProbes), (Array("no capture".utf8), plain),
    ]
  }

  private static func v6() throws -> [UInt8] {
    var writer = try TraceDatWriter(CaptureLayout(version: 6))
    for event in ScheduleGenerator.generate(.random(seed: 7), count: 2000).events { try writer.append(event) }
    return try writer.finish()
  }

  /// In a process of its own, in which no other test runs.
  @Test(.disabled(if: Sanitizer.isOn, "a sanitizer keeps memory that was freed"))
  func readingsLeaveNothing() async {
    await #expect(processExitsWith: .success) {
      let captures = try ManyReadingsTests.captures()
      func readAll() throws {
        for (bytes, options) in captures {
          guard let loaded = try? CaptureSession(bytes: bytes, options).load() else { continue }
          #expect(loaded.timeline.eventCount > 100)
        }
      }
      // More rows than stay in memory: they go to a file, which is to be closed.
      let dense = try Workload(contention: .dense, events: 10_000, cpus: 4).bytes(from: URL(filePath: "/"))
      for _ in 0..<3 { try readAll() }
      _ = try CaptureSession(bytes: dense).load()
      let (before, files) = (try ManyReadingsTests.memory(), try ManyReadingsTests.openFiles())
      for round in 0..<TestEffort.count(38, quick: 4) {
        try readAll()
        if round % 10 == 0 { _ = try CaptureSession(bytes: dense).load() }
      }
      let after = try ManyReadingsTests.memory()
      let (resident, addressSpace) = (after.resident - before.resident, after.addressSpace - before.addressSpace)
      // A machine that is left behind keeps 16 MiB of addresses and what it held: 300 of them 4.8 GB, the 32 of a quick run 512 MB.
      #expect(resident < 32 << 20, "\(resident >> 20) MB more are resident")
      #expect(addressSpace < 256 << 20, "\(addressSpace >> 20) MB more are mapped")
      #expect(try ManyReadingsTests.openFiles() == files)
    }
  }
}

/// Whether this build is watched by a sanitizer, which takes memory of its own.
enum Sanitizer {
  static let isOn: Bool = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
}
