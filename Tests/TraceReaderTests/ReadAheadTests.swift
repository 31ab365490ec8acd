import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// A second thread reads the same events.
struct ReadAheadTests {
  private func described(_ event: SchedEvent) -> String {
    "\(event.timestamp.rawValue) \(event.cpu) \(event.pid) \(event.eventID) \(event.body)"
  }

  /// Around a batch's size, more batches than there are slots, and none at all.
  @Test(arguments: [0, 1, 8191, 8192, 8193, 70_000]) func sameEventsInTheSameOrder(count: Int) throws {
    let file = try ScratchFile(MadeCapture.bytes(.init(), MadeCapture.events(count, cpus: [0, 1, 5])))
    var reader = try CaptureReader(path: file.path)
    var expected: [String] = []
    while let event = reader.next() { expected.append(described(event)) }
    var ahead = ReadAhead(try CaptureReader(path: file.path))
    var found: [String] = []
    while let events = ahead.nextBatch() { found += events.map(described) }
    let isOver = ahead.nextBatch() == nil
    #expect(isOver)
    #expect(found == expected)
    #expect(found.count == count)
    let back = ahead.finish()
    #expect(back.info.path == file.path)
    #expect(back.progress == 1)
  }

  @Test func whoStopsEarlyGetsTheReaderBack() throws {
    let file = try ScratchFile(MadeCapture.bytes(.init(), MadeCapture.events(200_000, cpus: [0, 1])))
    var ahead = ReadAhead(try CaptureReader(path: file.path))
    let count = ahead.nextBatch()?.count
    #expect(count == 8192)
    let reader = ahead.finish()
    #expect(reader.progress < 1)
    // And one that nobody finishes ends its thread all the same.
    var forgotten = ReadAhead(try CaptureReader(path: file.path))
    let hasBatch = forgotten.nextBatch() != nil
    #expect(hasBatch)
  }
}
