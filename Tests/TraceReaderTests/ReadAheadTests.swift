import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// A second thread reads the same events.
struct ReadAheadTests {
  /// Around a batch's size, more batches than there are slots, and none at all.
  @Test(arguments: [0, 1, 8191, 8192, 8193, 70_000]) func sameEventsInTheSameOrder(count: Int) throws {
    let file = try ScratchFile(MadeCapture.bytes(.init(), MadeCapture.events(count, cpus: [0, 1, 5])))
    var reader = try CaptureReader(path: file.path)
    var expected: [SchedEvent] = []
    while let event = reader.next() { expected.append(event) }
    var ahead = ReadAhead(try CaptureReader(path: file.path))
    var found: [SchedEvent] = []
    var quietEnds = 0
    while let events = ahead.nextBatch() {
      found += events
      quietEnds += events.filter(\.isQuietEnd).count
    }
    let isOver = ahead.nextBatch() == nil
    #expect(isOver)
    #expect(found == expected)
    #expect(found.count - quietEnds == count)
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

  /// Windows of any size, and CPUs one by one: the same events of each CPU.
  @Test(
    arguments: RecordedCapture.all.filter {
      $0.path.contains("captures/formats/") && $0.path.hasPrefix(RecordedCapture.fixtures)
    })
  func noEventDependsOnTheWay(capture: RecordedCapture) throws {
    func read(_ way: ReadingWay) throws -> (order: [SchedEvent], byCPU: [CPU: [SchedEvent]]) {
      var ahead = ReadAhead(try CaptureReader(path: capture.path, way: way), onThread: false)
      var (order, byCPU): ([SchedEvent], [CPU: [SchedEvent]]) = ([], [:])
      while let events = ahead.nextBatch() {
        for event in events {
          order.append(event)
          // Which CPU's end is the trace's own shows only where they are merged.
          if !event.isQuietEnd { byCPU[event.cpu, default: []].append(event) }
        }
      }
      return (order, byCPU)
    }
    let usual = try read(ReadingWay())
    #expect(usual.order.count > 0)
    for windowSize in [1, 3 * 4096, 40_000] {
      #expect(try read(ReadingWay(windowSize: windowSize)).order == usual.order)
    }
    #expect(try read(ReadingWay(isMerged: false)).byCPU == usual.byCPU)
  }
}
