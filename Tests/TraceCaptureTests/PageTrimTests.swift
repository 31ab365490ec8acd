import Testing
import TraceCore
import TraceReader

@testable import TraceCapture
@testable import TraceTestKit

/// A flight recorder's buffer is cut at a time, record by record.
struct PageTrimTests {
  private static let pageSize = 4096

  /// The pages of a CPU of the canned events.
  private static func pages(of cpu: CPU) throws -> [UInt8] {
    var writer = try TraceDatWriter(CaptureLayout(version: 7))
    for event in CannedEvents.all { try writer.append(event) }
    for index in writer.buffers.indices { writer.buffers[index].finish() }
    return try #require(writer.buffers[0].data.first { $0.cpu == cpu }).pages
  }

  /// Times of the records of pages, by libtraceevent's reader.
  private static func times(_ pages: [UInt8]) -> [UInt64] {
    let reader = PageRecords()
    var times: [UInt64] = []
    for start in stride(from: 0, to: pages.count, by: pageSize) {
      var page = Array(pages[start..<start + pageSize])
      page.withUnsafeMutableBytes { bytes in _ = reader.forEach(in: bytes) { _, time, _ in times.append(time) } }
    }
    return times
  }

  @Test(arguments: [CPU(0), 1])
  func exactlyTheRecordsFromThatTimeOnAreKept(cpu: CPU) throws {
    let pages = try Self.pages(of: cpu)
    let all = Self.times(pages)
    #expect(all == CannedEvents.all.filter { $0.cpu == cpu }.map(\.timestamp.rawValue))
    for index in all.indices {
      for begin in [all[index], all[index] + 1] {
        var trim = PageTrim(from: begin)
        var kept: [UInt8] = []
        for start in stride(from: 0, to: pages.count, by: Self.pageSize) {
          var page = Array(pages[start..<start + Self.pageSize])
          if trim.keeps(&page) { kept += page }
        }
        #expect(Self.times(kept) == all.filter { $0 >= begin })
      }
    }
  }

  /// The first page says that events were overwritten before it: they lie outside of what is kept.
  @Test func whatWasOverwrittenIsNoLoss() throws {
    var page = Array(try Self.pages(of: 1)[..<Self.pageSize])
    page[11] |= 0xc0
    page[12...15] = [0xff, 0xff, 0xff, 0xff]
    var trim = PageTrim(from: 0)
    let isKept = trim.keeps(&page)
    #expect(isKept)
    #expect(page[11] & 0xc0 == 0 && page[12...15].allSatisfy { $0 == 0 })
  }
}
