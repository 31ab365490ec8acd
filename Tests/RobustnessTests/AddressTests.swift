import Foundation
import Testing
import TraceTestKit

/// Where the kernel's locks are stays on the machine, unless somebody asks for it.
struct AddressTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "addresses-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func csv(_ name: String, _ choice: String, _ capture: String) throws -> String {
    String(
      decoding: try Program.run(["report", "--table", name, "--csv-raw", "--addresses", choice, capture]).output,
      as: UTF8.self)
  }

  /// All lock addresses of a capture: words of a table that begin with 0x.
  private func addresses(_ capture: String) throws -> Set<String> {
    var found: Set<String> = []
    for table in ["waits", "locks", "chains", "inversions", "handoffs", "holds"] {
      let words = try csv(table, "raw", capture).split { !$0.isHexDigit && $0 != "x" }
      found.formUnion(words.filter { $0.hasPrefix("0x") && $0.count > 6 }.map(String.init))
    }
    return found
  }

  /// Which addresses a file or an output has, in hexadecimal, in decimal or as eight bytes of either order.
  private func leaks(_ bytes: [UInt8], _ addresses: Set<String>) -> [String] {
    let data = Data(bytes)
    return addresses.sorted().filter { address in
      guard let value = UInt64(address.dropFirst(2), radix: 16) else { return false }
      let forms = [
        Data(address.dropFirst(2).utf8), Data(String(value).utf8), Data(String(Int64(bitPattern: value)).utf8),
        withUnsafeBytes(of: value.littleEndian) { Data($0) }, withUnsafeBytes(of: value.bigEndian) { Data($0) },
      ]
      return forms.contains { data.range(of: $0) != nil }
    }
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
    return try FileManager.default.subpathsOfDirectory(atPath: path).sorted().flatMap { name -> [UInt8] in
      let inner = "\(path)/\(name)"
      var isInner: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: inner, isDirectory: &isInner)
      return isInner.boolValue ? [] : [UInt8](try Data(contentsOf: URL(filePath: inner)))
    }
  }

  /// What writes a file, by its arguments before the file's name; a capture follows.
  private static let exports = [
    ["export", "--html"], ["report", "--html"], ["export", "--perfetto"], ["export", "--sqlite"],
    ["explain", "1", "--svg"], ["report", "--addresses", "hash", "--csv"],
  ]

  @Test(arguments: ["captures/lost/overrun.dat", "donors/other-workloads/linux72-probed-fpos.dat"])
  func whatLeavesTheMachineHasNone(_ name: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let capture = Fixture.path(name)
    let addresses = try addresses(capture)
    try #require(!addresses.isEmpty)
    for (number, arguments) in Self.exports.enumerated() {
      let file = folder.appending(path: "\(number)").path
      let run = try Program.run(arguments + [file, capture])
      #expect(run.status == 0, "\(arguments): \(run.errors)")
      #expect(try leaks(bytes(file) + run.output, addresses).isEmpty, "\(arguments)")
    }
    for arguments in [["report", "--json"], ["report"], ["report", "--table", "findings"]] {
      let run = try Program.run(arguments + ["--addresses", "hash", capture])
      #expect(run.status == 0 && leaks(run.output, addresses).isEmpty, "\(arguments)")
      #expect(try !leaks(Program.run(arguments + [capture]).output, addresses).isEmpty, "\(arguments)")
    }
  }

  /// Who asks for them gets them. Pages and Parquet are packed: that they are asked the same way shows in their length.
  @Test func whoAsksGetsThem() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let capture = Fixture.path("donors/other-workloads/linux72-probed-fpos.dat")
    let addresses = try addresses(capture)
    for (number, arguments) in Self.exports.dropLast().enumerated() {
      let file = folder.appending(path: "\(number)").path
      let run = try Program.run(arguments + [file, "--addresses", "raw", capture])
      #expect(run.status == 0, "\(arguments): \(run.errors)")
      #expect(try !leaks(bytes(file), addresses).isEmpty, "\(arguments)")
    }
    #expect(try Program.run(["explain", "1", "--addresses", "hash", capture]).status == 64)
  }
}
