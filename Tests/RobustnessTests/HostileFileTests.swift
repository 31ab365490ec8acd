import Foundation
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// Files made to exhaust time or memory: the program itself ends soon, small, and with what was in order.
@Suite(.serialized)
struct HostileFileTests {
  /// Seconds of CPU time, in a debug build on a busy machine; release builds take 4 at most.
  static let limit: UInt32 = 240
  /// What docs/reader.md promises for compressed data, and the program itself.
  static let memory = 1 << 30 + 512 << 20

  private func file(_ bytes: [UInt8]) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString).dat")
    try Data(bytes).write(to: url)
    return url
  }

  /// All of them in a long run. In a debug build most take minutes; those that claim more than they hold are refused at once.
  static let names = HostileFile.all.map(\.name).filter { TestEffort.isLong || $0.contains("claim") }

  @Test(arguments: names) func endsSoonAndSmall(name: String) throws {
    let hostile = try #require(HostileFile.all.first { $0.name == name })
    let url = try file(try hostile.make())
    defer { try? FileManager.default.removeItem(at: url) }
    let run = try Program.run(["report", "--table", "cpus", url.path], seconds: Self.limit)
    #expect(hostile.statuses.contains(run.status), "\(run.status): \(run.errors.prefix(500))")
    if !Sanitizer.isOn { #expect(run.memory < Self.memory) }
    // CPU 0 is as it would be alone: its switches are counted.
    let switches = HostileFile.events.count { if case .switched = $0.body { true } else { false } }
    let rows = String(decoding: run.output, as: UTF8.self).split(separator: "\n")
    let header = try #require(rows.first?.split(separator: ","))
    let column = try #require(header.firstIndex(of: "switches"))
    #expect(rows.dropFirst().first?.split(separator: ",", omittingEmptySubsequences: false)[column] == "\(switches)")
  }

  /// A terabyte of nothing, which takes no place on the disk.
  @Test func holesInAFileCostNothing() throws {
    var capture = try RawCapture()
    capture.cpus = [try HostileFile.pages()]
    capture.cpuCount = 2
    var bytes = capture.bytes()
    let map = try CaptureMap(bytes)
    let size = UInt64(1) << 40
    let start = (bytes.count + 4095) / 4096 * 4096
    for (place, value) in [(map.extents[1].offsetField, UInt64(start)), (map.extents[1].sizeField, size)] {
      for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
    let url = try file(bytes)
    defer { try? FileManager.default.removeItem(at: url) }
    try #require(truncate(url.path, off_t(UInt64(start) + size)) == 0)
    let run = try Program.run(["report", url.path], seconds: 20)
    #expect(run.status == 3, "\(run.status): \(run.errors)")
    let words = String(decoding: run.output, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("a hole of 1099511627776 bytes"))
  }
}

/// Whether this build is watched by a sanitizer, which takes memory of its own.
enum Sanitizer {
  static let isOn: Bool =
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
}
