import Testing

@testable import TraceCapture
@testable import TraceTestKit

struct WaitWatchTests {
  private static func watch(_ threshold: UInt64) throws -> WaitWatch {
    let formats = EventCatalog(.linux7).formats
    let text = { (name: String) in formats.first { $0.name == name }?.text(longSize: 8) ?? "" }
    let layout = try #require(WaitWatch.Layout(begin: text("contention_begin"), end: text("contention_end")))
    return WaitWatch(layout, threshold: threshold)
  }

  private static func pages() throws -> [[UInt8]] {
    var writer = try TraceDatWriter(CaptureLayout(version: 7))
    for event in CannedEvents.all { try writer.append(event) }
    for index in writer.buffers.indices { writer.buffers[index].finish() }
    return writer.buffers[0].data.flatMap { cpu in
      stride(from: 0, to: cpu.pages.count, by: 4096).map { Array(cpu.pages[$0..<$0 + 4096]) }
    }
  }

  private static let wait = WaitWatch.LongWait(pid: 21, lock: 0xffff_8881_00, wait: 9_000_000)

  @Test func aWaitBeginsWithItsFirstContention() throws {
    for (threshold, expected) in [(UInt64(8_999_999), [Self.wait]), (9_000_000, [])] {
      let watch = try Self.watch(threshold)
      for var page in try Self.pages() { watch.take(&page) }
      #expect(watch.follow(until: .max / 2) == expected)
      #expect(watch.follow(until: .max / 2) == [])
    }
  }

  /// CPU 1's pages come first: the order of CPUs does not matter as long as all were read.
  @Test func theOrderOfCPUsDoesNotMatter() throws {
    let watch = try Self.watch(5_000_000)
    for var page in try Self.pages().reversed() { watch.take(&page) }
    #expect(watch.follow(until: .max / 2) == [Self.wait])
  }

  @Test func anOpenWaitCountsWhileItGoesOnAndOnlyOnce() throws {
    let watch = try Self.watch(1_000_000)
    for var page in try Self.pages() { watch.take(&page) }
    #expect(watch.follow(until: 1_000_900_000) == [])
    #expect(watch.follow(until: 1_001_500_000).map(\.wait) == [1_500_000])
    #expect(watch.follow(until: 1_010_000_000) == [])
  }

  @Test(arguments: [
    ("5ms=stop", UInt64(5_000_000), RecordOptions.Action.stop), ("250us=signal", 250_000, .signal),
    ("0.5s=echo a=b", 500_000_000, .run("echo a=b")), ("10ns=stop", 10, .stop),
  ])
  func thresholdsAreRead(_ text: String, _ nanoseconds: UInt64, _ action: RecordOptions.Action) {
    let threshold = RecordOptions.Threshold(text)
    #expect(threshold?.nanoseconds == nanoseconds && threshold?.action == action)
  }

  @Test(arguments: ["", "5ms", "5ms=", "=stop", "5=stop", "-5ms=stop", "0ms=stop", "nans=stop", "infs=stop"])
  func otherThresholdsAreNot(_ text: String) { #expect(RecordOptions.Threshold(text) == nil) }
}

struct BufferSizerTests {
  @Test func theBusiestCPUFillsAQuarterBetweenTwoVisits() {
    var sizer = BufferSizer(fixed: nil, cpus: 2, memory: 1 << 20)
    #expect(sizer.size == 4096)
    // The last two: an eighth of the memory for both is the most.
    let sizes = [1 << 20, 3 << 20, 1000, 1 << 30, 1 << 30].map { sizer.see(bytes: $0) }
    #expect(sizes == [nil, 16384, nil, 65536, nil])
  }

  @Test func whatTheUserWantsStays() {
    var sizer = BufferSizer(fixed: 100, cpus: 2, memory: 1 << 20)
    let sizes = [sizer.see(bytes: 1 << 30), sizer.see(kept: 0.1, wanted: 5)]
    #expect(sizer.size == 100 && sizes == [nil, nil])
  }

  @Test func aFlightRecorderGrowsUntilItKeepsEnough() {
    var sizer = BufferSizer(fixed: nil, cpus: 2, memory: 1 << 20)
    let sizes = [6.0, 2].map { sizer.see(kept: $0, wanted: 5) }
    #expect(sizes == [nil, 8192])
  }

  @Test func littleMemoryMeansSmallBuffers() {
    #expect(BufferSizer(fixed: nil, cpus: 64, memory: 1 << 20).size == 2048)
    #expect(BufferSizer(fixed: nil, cpus: 4096, memory: 1 << 20).size == 256)
  }

  @Test func masksAreWordsOf32Bits() {
    #expect(CPUMask.text([0, 2, 3]) == "0000000d")
    #expect(CPUMask.text([0, 33]) == "00000002,00000001")
    #expect(RecordOptions.cpus("0,2-3") == [0, 2, 3])
    #expect(RecordOptions.cpus("3-1") == nil && RecordOptions.cpus("x") == nil && RecordOptions.cpus("") == nil)
  }
}
