import Foundation
import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// What cannot be read: an error that says where and what to do, or damage that is reported; never a crash.
struct FailureTests {
  private func error(opening path: String, instance: String? = nil) -> TraceError? {
    do throws(TraceError) {
      _ = try CaptureReader(path: path, instance: instance)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatIsNoFile() throws {
    let missing = try #require(error(opening: "/nonexistent/trace.dat"))
    #expect(missing.reason == .cannotOpen && missing.problem.contains("No such file"))
    #expect(error(opening: NSTemporaryDirectory())?.problem == "is a directory")
    #expect(error(opening: "/dev/null")?.problem == "is empty")
    #expect(error(opening: "")?.reason == .cannotOpen)
  }

  @Test(.enabled(if: getuid() != 0)) func withoutPermission() throws {
    let file = try ScratchFile([0x17])
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
    #expect(error(opening: file.path)?.problem.contains("Permission denied") == true)
  }

  @Test func whatIsNoTrace() throws {
    #expect(try MadeCapture.failure([])?.problem == "is empty")
    let text = try #require(try MadeCapture.failure(Array("tracer: nop\n".utf8)))
    #expect(
      text.reason == .notATrace
        && text.problem == "is neither a trace.dat nor ftrace text: it begins with \"tracer: no\"")
    let elf = try #require(try MadeCapture.failure([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0]))
    #expect(elf.problem == "is neither a trace.dat nor ftrace text: it begins with 7f 45 4c 46 02 01 01 00 00 00")
    #expect(elf.offset == 0 && !elf.advice.isEmpty)
  }

  @Test func whatIsNotSupported() throws {
    let good = try MadeCapture.bytes(.init(compression: .zstd), MadeCapture.events(4))
    var version = good
    version[10] = UInt8(ascii: "8")
    #expect(try MadeCapture.failure(version)?.problem == "has the file version \"8\"; 6 and 7 are known")
    var codec = good
    let name = try #require(codec[...].firstRange(ofText: "zstd"))
    codec.replaceSubrange(name, with: Array("lz4!".utf8))
    #expect(try MadeCapture.failure(codec)?.problem == "is compressed with \"lz4!\"; zstd and zlib are known")
    var order = good
    order[12] = 7
    #expect(try MadeCapture.failure(order)?.reason == .damaged)
    var latency = try MadeCapture.bytes(.init(version: 6), [])
    let tag = try #require(latency[...].firstRange(ofText: "flyrecord"))
    latency.replaceSubrange(tag, with: Array("latency  ".utf8))
    let error = try #require(try MadeCapture.failure(latency))
    #expect(error.reason == .unsupported && error.problem.contains("latency"))
  }

  @Test(arguments: [6, 7]) func instanceThatIsNotThere(_ version: Int) throws {
    var writer = try TraceDatWriter(.init(version: version))
    for name in ["one", "two"] {
      let instance = try writer.addInstance(named: name)
      for event in MadeCapture.events(4) { try writer.append(event, to: instance) }
    }
    let bytes = try writer.finish()
    let error = try #require(try MadeCapture.failure(bytes, instance: "three"))
    #expect(error.reason == .noSuchInstance && error.advice == "it has one, two")
    #expect(try MadeCapture.failure(bytes, instance: "two") == nil)
  }

  /// Cut at any place: before the data it is an error with an offset, within the data it is damage.
  @Test(arguments: MadeCapture.layouts.indices) func cutShort(_ index: Int) throws {
    let whole = try MadeCapture.bytes(MadeCapture.layouts[index], MadeCapture.events(400))
    let all = try MadeCapture.read(whole).records.count
    for length in Array(stride(from: 1, to: whole.count, by: 997)) + Array(whole.count - 40..<whole.count) {
      do {
        let content = try MadeCapture.read(Array(whole[..<length]))
        #expect(content.records.count <= all)
        let isComplete = content.records.count == all
        #expect(isComplete || content.diagnostics.hasDamage, "cut at \(length)")
      } catch let error as TraceError {
        #expect(error.reason == .damaged && error.offset != nil, "cut at \(length): \(error)")
      }
    }
  }

  @Test func cutWithinThePages() throws {
    let events = MadeCapture.events(400, cpus: [0])
    let whole = try MadeCapture.bytes(.init(version: 6), events)
    let content = try MadeCapture.read(Array(whole.dropLast(4096 + 1000)))
    #expect(content.diagnostics.all.map(\.kind) == [.truncatedFile])
    #expect(content.records.count > 200 && content.records.count < 400)
    guard case .lost(let loss)? = content.losses.last?.body else {
      Issue.record("no loss at the end")
      return
    }
    #expect(loss == LostEvents(until: nil, count: nil))
    #expect(content.losses.last?.timestamp == content.records.last?.timestamp)
  }

  /// Bytes turned at random, many files: whatever comes of it, it comes to an end.
  @Test(arguments: MadeCapture.layouts.indices) func damagedAnywhere(_ index: Int) throws {
    let whole = try MadeCapture.bytes(MadeCapture.layouts[index], MadeCapture.events(150))
    var random = SeededGenerator(seed: UInt64(index) + 1)
    for _ in 0..<120 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 10..<bytes.count, using: &random)
        bytes[place] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : 0xff
      }
      do {
        let content = try MadeCapture.read(bytes)
        // At least 8 bytes a record, a page at most for each chunk's few bytes of zeros.
        #expect(content.records.count < 2_000_000)
      } catch is TraceError {}
    }
  }

  @Test func optionsThatGoRoundInCircles() throws {
    var bytes = try MadeCapture.bytes(.init(), MadeCapture.events(4))
    let scratch = try ScratchFile(bytes)
    let file = try CaptureFile(path: scratch.path)
    let first = Int(try FileHead(file.view, path: scratch.path).optionsOffset)
    // The last section of options says that the first one follows.
    var link = try #require(nextSection(bytes, from: first))
    let second = link.next
    link = try #require(nextSection(bytes, from: second))
    #expect(link.next == 0)
    withUnsafeBytes(of: UInt64(first).littleEndian) { bytes.replaceSubrange(link.place..<link.place + 8, with: $0) }
    let content = try MadeCapture.read(bytes)
    #expect(content.records.count == 4)
    #expect(content.diagnostics.all.map(\.detail) == ["the options: has options that refer to themselves"])
    // Before the buffers are known, that is the end.
    link = try #require(nextSection(bytes, from: first))
    withUnsafeBytes(of: UInt64(first).littleEndian) { bytes.replaceSubrange(link.place..<link.place + 8, with: $0) }
    #expect(try MadeCapture.failure(bytes)?.reason == .damaged)
  }

  /// Where a section of options says where the next one is, and what it says.
  private func nextSection(_ bytes: [UInt8], from start: Int) -> (place: Int, next: Int)? {
    func number(_ place: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
    var place = start + 16
    while place + 14 <= bytes.count {
      if number(place, 2) == 0 { return (place + 6, number(place + 6, 8)) }
      place += 6 + number(place + 2, 4)
    }
    return nil
  }

  /// A block of a few bytes that claims to be very large is not believed.
  @Test func bombs() {
    #expect(!Codec.isPlausible(compressed: 20, uncompressed: Codec.largestBlock))
    #expect(!Codec.isPlausible(compressed: 1 << 30, uncompressed: Codec.largestBlock + 1))
    #expect(!Codec.isPlausible(compressed: 0, uncompressed: 0))
    #expect(Codec.isPlausible(compressed: 40, uncompressed: 655_360))
    for codec in [Codec.zstd, .zlib] { #expect(codec.decompress([1, 2, 3, 4], size: 100) == nil) }
  }
}
