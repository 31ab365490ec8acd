import Foundation
import Testing
import TraceCore

@testable import TraceTestKit

/// Every kind of file that Debian's trace-cmd can read, read by it.
@Suite(.enabled(if: TraceCommand.isInstalled)) struct TraceDatWriterTests {
  static let layouts: [CaptureLayout] = {
    var all: [CaptureLayout] = []
    for order in ByteOrder.allCases {
      for (kernel, head) in [(8, 8), (8, 4), (4, 4)] {
        for (version, compression) in [(6, Compression.none), (7, .none), (7, .zstd)] {
          all.append(
            CaptureLayout(
              version: version, compression: compression, order: order, kernelLongSize: kernel, headLongSize: head))
        }
      }
    }
    return all
  }()

  @Test(arguments: layouts, EventCatalog.Dialect.allCases)
  func readsBackWhatWasWritten(layout: CaptureLayout, dialect: EventCatalog.Dialect) throws {
    try check(layout, dialect: dialect, events: SampleEvents.make(count: 400, cpus: [0, 1], dialect: dialect))
  }

  @Test(arguments: [4096, 8192, 16384, 32768, 65536], [Compression.none, .zstd])
  func readsPagesOfAnySize(size: Int, compression: Compression) throws {
    let layout = CaptureLayout(compression: compression, subBufferSize: size)
    try check(layout, events: SampleEvents.make(count: 6000, cpus: [0, 1, 2, 3]))
  }

  @Test(arguments: [6, 7]) func readsSparseCPUs(version: Int) throws {
    try check(CaptureLayout(version: version), events: SampleEvents.make(count: 300, cpus: [1, 5, 63]))
  }

  @Test(arguments: ByteOrder.allCases, [4, 8]) func readsUnusualRings(order: ByteOrder, long: Int) throws {
    var style = RingBufferStyle()
    let layout = CaptureLayout(order: order, kernelLongSize: long)
    let events = SampleEvents.make(count: 700, cpus: [0, 1])
    style.absoluteStampInterval = 3
    style.discardInterval = 5
    try check(layout, style: style, events: events)
    style = RingBufferStyle()
    style.pagePadding = .sized
    style.usesLongForm = true
    style.pageStampLead = 1 << 28
    try check(layout, style: style, events: events)
  }

  /// Writes, has trace-cmd print, and compares record by record.
  private func check(
    _ layout: CaptureLayout, dialect: EventCatalog.Dialect = .linux7, style: RingBufferStyle = RingBufferStyle(),
    events: [SchedEvent]
  ) throws {
    var options = CaptureOptions()
    options.savedComms = SampleEvents.comms
    var writer = try TraceDatWriter(layout, dialect: dialect, options: options, style: style)
    for event in events { try writer.append(event) }
    let output = try TraceCommand.report(writer.finish())
    #expect(output.status == 0)
    #expect(output.complaints == "")
    #expect(output.remarks == [])
    #expect(output.lines.count == events.count)
    for (line, event) in zip(output.lines, events) {
      guard line == ExpectedLine.of(event, layout, dialect) else {
        #expect(line == ExpectedLine.of(event, layout, dialect))
        break
      }
    }
  }
}
