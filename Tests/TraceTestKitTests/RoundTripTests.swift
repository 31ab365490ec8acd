import Foundation
import Testing
import TraceCore
import TraceReader

@testable import TraceTestKit

/// What the writer writes, the reader reads, in all the kinds that trace-cmd knows and those that it does not.
@Suite struct RoundTripTests {
  static let layouts: [CaptureLayout] = {
    var all: [CaptureLayout] = []
    for order in ByteOrder.allCases {
      for (kernel, head) in [(8, 8), (8, 4), (4, 4)] {
        all.append(
          CaptureLayout(version: 6, order: order, kernelLongSize: kernel, headLongSize: head))
        for compression in Compression.allCases {
          all.append(
            CaptureLayout(
              compression: compression, order: order, kernelLongSize: kernel, headLongSize: head))
        }
      }
    }
    return all
  }()

  @Test(arguments: layouts, EventCatalog.Dialect.allCases)
  func everyKindOfFile(layout: CaptureLayout, dialect: EventCatalog.Dialect) throws {
    let events = SampleEvents.make(count: TestEffort.count(500, quick: 200), cpus: [0, 1], dialect: dialect)
    try check(events, layout, dialect: dialect)
  }

  @Test(arguments: [4096, 8192, 16384, 32768, 65536], Compression.allCases)
  func pagesOfAnySize(size: Int, compression: Compression) throws {
    let events = SampleEvents.make(count: 6000, cpus: [0, 2, 5, 130])
    try check(events, CaptureLayout(compression: compression, subBufferSize: size))
  }

  @Test(arguments: ByteOrder.allCases, [4, 8]) func unusualRings(order: ByteOrder, long: Int) throws {
    let layout = CaptureLayout(order: order, kernelLongSize: long)
    let events = SampleEvents.make(count: 700, cpus: [0, 1])
    for padding in [PagePadding.none, .sized, .open] {
      for lead: UInt64 in [0, 1000, 1 << 28] {
        var style = RingBufferStyle()
        (style.pagePadding, style.pageStampLead) = (padding, lead)
        (style.absoluteStampInterval, style.discardInterval) = (3, 5)
        try check(events, layout, style: style)
        (style.absoluteStampInterval, style.discardInterval, style.usesLongForm) = (0, 0, true)
        try check(events, layout, style: style)
      }
    }
  }

  /// A loss stands behind the record before it, also where a page begins with an absolute stamp.
  @Test(arguments: layouts, [0, 1]) func losses(layout: CaptureLayout, absoluteStampInterval: Int)
    throws
  {
    let events = SampleEvents.make(count: 300, cpus: [0, 1])
    for (stores, extends) in [(true, true), (true, false), (false, true)] {
      var style = RingBufferStyle()
      style.absoluteStampInterval = absoluteStampInterval
      (style.storesLostCount, style.signExtendsCommit) = (stores, extends)
      var writer = try TraceDatWriter(layout, style: style)
      for (index, event) in events.enumerated() {
        if index == 0 || index == 151 { try writer.lose(UInt64(index) + 7, cpu: event.cpu) }
        try writer.append(event)
      }
      let read = try Self.read(writer.finish())
      let losses = read.compactMap { event in
        if case .lost(let hole) = event.body { (event, hole) } else { nil }
      }
      try #require(losses.count == 2)
      #expect(
        losses[0].0.timestamp == events[0].timestamp
          && losses[1].0.timestamp == events[149].timestamp)
      #expect(losses.map(\.1.count) == (stores ? [7, 158] : [nil, nil]))
      #expect(losses.map(\.1.isAtStart) == [true, false])
      #expect(losses.map(\.1.until) == [events[0].timestamp, events[151].timestamp])
      #expect(losses.map(\.0.cpu) == [0, 1])
      #expect(read.count == events.count + 2)
    }
  }

  @Test(arguments: [6, 7]) func instances(version: Int) throws {
    for (compression, size) in [(Compression.none, 4096), (.zstd, 16384), (.zlib, 65536)] {
      if version == 6, compression != .none { continue }
      let layout = CaptureLayout(version: version, compression: compression)
      var writer = try TraceDatWriter(layout, clock: "mono")
      let second = try writer.addInstance(named: "second", clock: "boot", subBufferSize: size)
      let events = SampleEvents.make(count: 3000, cpus: [0, 3])
      for event in events { try writer.append(event) }
      for event in events.prefix(2000) { try writer.append(event, to: second) }
      let capture = try writer.finish()
      #expect(try Self.read(capture).count == 3000)
      #expect(
        Self.differences(try Self.read(capture, instance: "second"), Array(events.prefix(2000)))
          == [])
    }
  }

  @Test func longTextsAndUnknownRecordsAreCounted() throws {
    var writer = try TraceDatWriter()
    try writer.append(mark: String(repeating: "x", count: 900), at: Timestamp(1000), cpu: 0, pid: 5)
    try writer.append(record: [0xff, 0xff, 0, 0, 1, 0, 0, 0], at: Timestamp(2000), cpu: 0)
    let read = try Self.read(writer.finish())
    #expect(read.map(\.timestamp.rawValue) == [1000, 2000])
    #expect(read.map(\.pid) == [5, 1])
  }

  @Test(arguments: 1...6) func schedules(seed: UInt64) throws {
    var plan = SchedulePlan.random(seed: seed, cpuCount: Int(seed), taskCount: 9, lockCount: 3)
    plan.emitsProbes = true
    try check(
      ScheduleGenerator.generate(plan, count: 5000).events, CaptureLayout(compression: .zstd))
  }

  /// The same corrections as trace-cmd's, which ``TraceDatOptionTests`` holds against the same numbers.
  @Test(arguments: [6, 7]) func correctedTimes(version: Int) throws {
    func first(_ clock: String, _ change: (inout CaptureOptions) -> Void) throws -> UInt64? {
      var options = CaptureOptions()
      change(&options)
      var writer = try TraceDatWriter(CaptureLayout(version: version), options: options, clock: clock)
      for event in SampleEvents.make(count: 10, cpus: [0, 1]) { try writer.append(event) }
      return try Self.read(writer.finish()).first { $0.cpu == 0 }?.timestamp.rawValue
    }
    #expect(try first("mono") { _ in } == 5_000_000_223)
    #expect(try first("mono") { $0.offset = 7 } == 5_000_000_230)
    #expect(try first("mono") { $0.date = "0x10" } == 5_000_016_223)
    #expect(
      try first("x86-tsc") { $0.tscConversion = TSCConversion(multiplier: 3, shift: 1, offset: 1000) } == 7_500_000_334)
    let samples = [TimeShift.Sample(time: 4_000_000_000, offset: 1000)]
    #expect(try first("mono") { $0.timeShift = TimeShift(peer: 1, samples: [samples, samples]) } == 5_000_001_223)
  }

  @Test(arguments: layouts) func information(layout: CaptureLayout) throws {
    var writer = try TraceDatWriter(layout, clock: "boot", cpuCount: 12)
    _ = try writer.addInstance(named: "second")
    for event in SampleEvents.make(count: 10, cpus: [3, 7]) { try writer.append(event) }
    let format = try #require(writer.format(for: .switched))
    let file = try TemporaryFile(writer.finish())
    let info = try CaptureReader(path: file.url.path).info
    let expected = CaptureFormat(
      version: layout.version, compression: layout.compression.rawValue, isBigEndian: layout.order == .big,
      longSize: layout.kernelLongSize)
    #expect(info.format == expected)
    #expect(info.clock == TraceClock(name: "boot", unit: .nanoseconds))
    #expect(info.cpus == [3, 7] && info.cpuCount == 12 && info.kernelRelease == "7.3.0-rc7")
    #expect(info.instances.map(\.name) == ["", "second"])
    #expect(info.events.contains(EventInfo(id: format.id, system: "sched", name: "sched_switch", role: .switched)))
  }

  // MARK: Comparing

  private func check(
    _ events: [SchedEvent], _ layout: CaptureLayout, dialect: EventCatalog.Dialect = .linux7,
    style: RingBufferStyle = RingBufferStyle()
  ) throws {
    var writer = try TraceDatWriter(layout, dialect: dialect, style: style)
    for event in events { try writer.append(event) }
    let read = try Self.read(writer.finish())
    #expect(read.count == events.count)
    #expect(Self.differences(read, events) == [])
  }

  private static func read(_ capture: [UInt8], instance: String = "") throws -> [SchedEvent] {
    let file = try TemporaryFile(capture)
    var reader = try CaptureReader(path: file.url.path, instance: instance)
    var events: [SchedEvent] = []
    while let event = reader.next() { events.append(event) }
    return EventLoss.withoutQuietEnds(events)
  }

  /// The first few events that are not as they were written. Ids are the file's own business.
  private static func differences(_ read: [SchedEvent], _ written: [SchedEvent]) -> [String] {
    func text(_ event: SchedEvent) -> String {
      "\(event.timestamp.rawValue) \(event.cpu) \(event.pid) \(event.context.rawValue) \(event.body)"
    }
    func isSame(_ a: SchedEvent, _ b: SchedEvent) -> Bool {
      a.timestamp == b.timestamp && a.cpu == b.cpu && a.pid == b.pid && a.context == b.context && a.body == b.body
    }
    return Array(
      zip(read, written).lazy.filter { !isSame($0, $1) }.map {
        "\(text($0)) is not \(text($1))"
      }.prefix(3))
  }
}
