import Testing

@testable import TraceReader

/// Lines that are put in order of time.
struct TextOrderTests {
  /// A larger text is refused: its lines would be kept in memory.
  @Test func onlySmallTextsAreSorted() throws {
    let bytes = Array("a-1 [000] 2.0: x: \nb-2 [001] 1.0: x: \n".utf8)
    let file = try bytes.withUnsafeBytes { try CaptureFile(bytes: $0, name: "it") }
    var source = TextSource(file.view)
    #expect(TextOrder.sorted(&source, size: 65 << 20, end: .max, name: "it") == nil)
    let sorted = try #require(TextOrder.sorted(&source, size: UInt64(bytes.count), end: .max, name: "it"))
    #expect(sorted.view.bytes(at: 0, count: 6) == Array("b-2 [0".utf8))
  }
}
