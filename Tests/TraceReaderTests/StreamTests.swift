import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// What reaches the reader's user: order, losses, instances, what is beside the records.
struct StreamTests {
  /// Without numbers of events, which are the file's own, and without flags.
  private func plain(_ events: [SchedEvent]) -> [SchedEvent] {
    events.map { SchedEvent(timestamp: $0.timestamp, cpu: $0.cpu, pid: $0.pid, body: $0.body) }
  }

  @Test(arguments: MadeCapture.layouts.indices) func everyLayout(_ index: Int) throws {
    var style = RingBufferStyle()
    (style.absoluteStampInterval, style.discardInterval, style.usesLongForm) = (7, 11, index % 2 == 1)
    style.pagePadding = .open
    let events = MadeCapture.events(2000, cpus: [0, 3, 9])
    let content = try MadeCapture.read(MadeCapture.bytes(MadeCapture.layouts[index], events, style: style))
    #expect(plain(content.records) == plain(events))
    #expect(content.losses.isEmpty && content.diagnostics.isEmpty && content.progress == 1)
  }

  /// In both byte orders; the field belongs to the events in which a wait begins, and is left out of others.
  @Test(arguments: MadeCapture.layouts.indices) func migrationDisabled(_ index: Int) throws {
    var events = MadeCapture.events(400)
    for place in events.indices where place % 3 == 0 { events[place].context = [.irqsOff, .migrationDisabled] }
    let content = try MadeCapture.read(MadeCapture.bytes(MadeCapture.layouts[index], events))
    let expected = events.map { event in
      guard case .contentionBegan = event.body else { return event.context.subtracting(.migrationDisabled) }
      return event.context
    }
    #expect(content.records.map(\.context) == expected)
    #expect(expected.contains([.irqsOff, .migrationDisabled]))
  }

  @Test func equalTimesGoByCPU() throws {
    var events = MadeCapture.events(6, cpus: [2, 0, 1])
    for index in events.indices { events[index].timestamp = Timestamp(5000) }
    let content = try MadeCapture.read(MadeCapture.bytes(.init(), events))
    #expect(content.records.map(\.cpu) == [0, 0, 1, 1, 2, 2])
  }

  /// Streams of any number, many of whose events are at the same time.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 40]) func manyStreamsMerge(count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    var events = MadeCapture.events(600, cpus: (0..<count).map { CPU($0) })
    for index in events.indices {
      events[index].cpu = CPU(Int.random(in: 0..<count, using: &random))
      events[index].timestamp = Timestamp(5000 + UInt64(index) / UInt64.random(in: 1...9, using: &random))
    }
    // A CPU's own events are in order.
    let times = events.map(\.timestamp).sorted()
    for index in events.indices { events[index].timestamp = Timestamp(times[index].rawValue / 4) }
    let content = try MadeCapture.read(MadeCapture.bytes(.init(), events))
    let order = events.indices.sorted { a, b in
      (events[a].timestamp, events[a].cpu, a) < (events[b].timestamp, events[b].cpu, b)
    }
    #expect(plain(content.records) == plain(order.map { events[$0] }))
  }

  @Test(arguments: [true, false]) func lossStandsBehindTheRecordBeforeIt(_ counts: Bool) throws {
    var style = RingBufferStyle()
    style.storesLostCount = counts
    // A page that begins with a TIME_EXTEND: trace-cmd forgets the loss there.
    style.pageStampLead = 1 << 28
    let events = MadeCapture.events(6)
    var writer = try TraceDatWriter(.init(version: 6), style: style)
    try writer.lose(3, cpu: 0)
    for event in events[..<3] { try writer.append(event) }
    try writer.lose(12, cpu: 0)
    for event in events[3...] { try writer.append(event) }
    let content = try MadeCapture.read(writer.finish())
    let losses = content.losses
    try #require(losses.count == 2)
    guard case .lost(let first) = losses[0].body, case .lost(let second) = losses[1].body else {
      Issue.record("\(losses) are no losses")
      return
    }
    #expect(first == LostEvents(until: events[0].timestamp, isAtStart: true, count: counts ? 3 : nil))
    #expect(losses[0].timestamp == events[0].timestamp && losses[0].cpu == 0)
    #expect(second == LostEvents(until: events[4].timestamp, count: counts ? 12 : nil))
    #expect(losses[1].timestamp == events[2].timestamp)
    #expect(plain(content.records) == plain(events))
  }

  @Test func damagedPageIsALoss() throws {
    let events = MadeCapture.events(300, cpus: [0])
    var bytes = try MadeCapture.bytes(.init(version: 6), events)
    // The second of the pages, which stand at the end of the file.
    let pages = bytes.count / 4096
    let start = bytes.count - 4096 * ((events.count * 60) / 4096 - 1)
    try #require(pages > 3 && start % 4096 == 0)
    for index in 8..<12 { bytes[start + index] = 0x3f }
    let content = try MadeCapture.read(bytes)
    #expect(content.diagnostics.all.map(\.kind) == [.badPage])
    #expect(content.diagnostics.all.first?.offset == UInt64(start))
    try #require(content.losses.count == 1)
    guard case .lost(let loss) = content.losses[0].body, let until = loss.until else {
      Issue.record("\(content.losses) is no loss that ends")
      return
    }
    #expect(loss.count == nil && !loss.isAtStart)
    let missing = events.filter { $0.timestamp > content.losses[0].timestamp && $0.timestamp < until }
    #expect(content.records.count + missing.count == events.count && !missing.isEmpty)
  }

  /// Found by flipping every byte of a capture: with pages of 17 * 4096 bytes one in seventeen was read, and nothing said.
  @Test(arguments: [6, 7]) func aPageSizeThatNoKernelHasIsDamage(version: Int) throws {
    let events = MadeCapture.events(30_000)
    var bytes = try MadeCapture.bytes(.init(version: version), events)
    // Behind the magic, the version, the byte order and the size of long (trace-cmd.dat(5)): the third byte of the page size.
    bytes[16] ^= 1
    let content = try MadeCapture.read(bytes)
    if version == 6 { #expect(content.diagnostics.all.map(\.kind) == [.unreadableSection]) }
    #expect(content.records.count == events.count)
  }

  /// trace-cmd 3.1.6 (and 3.4) takes the virtual offset of an instance's compressed data for aligned although it was
  /// aligned to the top buffer's page size (lib/trace-cmd/trace-input.c, `init_cpu_zpage` and `get_page`), complains
  /// about a "bad page offset" and leaves out what follows. The reader has no such offsets.
  @Test func instancesOfOtherPageSizes() throws {
    let layout = TraceTestKit.CaptureLayout(compression: .zstd)
    let (top, inner) = (MadeCapture.events(300), MadeCapture.events(20_000, cpus: [0, 1, 3], start: 77))
    var writer = try TraceDatWriter(layout)
    let instance = try writer.addInstance(named: "inner", subBufferSize: 16384)
    for event in top { try writer.append(event) }
    for event in inner { try writer.append(event, to: instance) }
    let file = try ScratchFile(writer.finish())
    #expect(try plain(StreamContent(file.path).records) == plain(top))
    let ours = try StreamContent(file.path, instance: "inner")
    #expect(plain(ours.records) == plain(inner) && ours.diagnostics.isEmpty)
    let theirs = try PeerReport(file.path, instances: ["inner"])
    #expect(theirs.complaints.contains("bad page offset") && theirs.lines.count < top.count + inner.count)
    let info = try CaptureReader(path: file.path, instance: "inner").info
    #expect(info.instance == "inner" && info.instances.map(\.name) == ["", "inner"] && info.cpus == [0, 1, 3])
    #expect(info.instances.map(\.subBufferSize) == [4096, 16384])
  }

  @Test func instancesOfVersion6() throws {
    let (top, inner) = (MadeCapture.events(300), MadeCapture.events(900, cpus: [0, 1, 3], start: 77))
    var writer = try TraceDatWriter(.init(version: 6))
    let instance = try writer.addInstance(named: "inner", clock: "counter")
    for event in top { try writer.append(event) }
    for event in inner { try writer.append(event, to: instance) }
    let file = try ScratchFile(writer.finish())
    #expect(try plain(StreamContent(file.path).records) == plain(top))
    #expect(try plain(StreamContent(file.path, instance: "inner").records) == plain(inner))
    #expect(try CaptureReader(path: file.path, instance: "inner").info.clock.unit == .ticks)
    #expect(try CaptureReader(path: file.path).info.clock.unit == .nanoseconds)
  }

  /// The option says how many CPUs the table has; what stands before the options may say something else.
  @Test func numberOfCPUsFromTheOption() throws {
    let events = MadeCapture.events(20, cpus: [0, 1, 2])
    var bytes = try MadeCapture.bytes(.init(version: 6), events)
    let tag = try #require(bytes[...].firstRange(ofText: "options  \0"))
    #expect(bytes[tag.lowerBound - 4] == 3)
    bytes[tag.lowerBound - 4] = 1
    #expect(try plain(MadeCapture.read(bytes).records) == plain(events))
  }

  @Test(arguments: [6, 7]) func correctedTimes(_ version: Int) throws {
    var options = CaptureOptions()
    options.tscConversion = TSCConversion(multiplier: 3, shift: 1, offset: 99)
    options.date = "0x10"
    options.offset = -7
    let samples = [TimeShift.Sample(time: 0, offset: 1000)]
    options.timeShift = TimeShift(peer: 1, samples: [samples])
    let events = MadeCapture.events(10)
    let bytes = try MadeCapture.bytes(.init(version: version), events, options: options, clock: "x86-tsc")
    let content = try MadeCapture.read(bytes)
    let expected = events.map { (event) -> UInt64 in
      // There are samples for CPU 0 alone.
      let shifted = event.timestamp.rawValue + (event.cpu == 0 ? 1000 : 0)
      return shifted * 3 / 2 + 16_000 - 7
    }
    #expect(content.records.map(\.timestamp.rawValue).sorted() == expected.sorted())
    let file = try ScratchFile(bytes)
    #expect(try CaptureReader(path: file.path).info.clock == TraceClock(name: "x86-tsc", unit: .nanoseconds))
    #expect(try PeerReport(file.path).lines.map(\.time) == content.records.map(\.timestamp.rawValue))
  }

  @Test(arguments: [6, 7]) func whatIsBesideTheRecords(_ version: Int) throws {
    var options = CaptureOptions()
    options.savedComms = [0: "<idle>", 11: "two words", 4_000_000: "x"]
    options.printkFormats = [0xffff_ffff_8123_4567: "a: \"b\" %d"]
    options.kallsyms = """
      0000000000000010 A per_cpu_thing
      ffffffff81000000 T _text
      ffffffff81000000 T _stext
      ffffffff81000100 t $x
      ffffffff81000200 t middle
      ffffffffa0201000 t inside\t[ptlab]

      """
    let events = MadeCapture.events(4)
    let layout = TraceTestKit.CaptureLayout(version: version, compression: version == 7 ? .zlib : .none)
    let file = try ScratchFile(MadeCapture.bytes(layout, events, options: options))
    var reader = try CaptureReader(path: file.path)
    #expect(reader.savedComms == [0: "<idle>", 11: "two words", 4_000_000: "x"])
    #expect(reader.printkFormats() == [0xffff_ffff_8123_4567: "a: \"b\" %d"])
    #expect(reader.symbol(for: 0x10) == nil)
    // Of two at one address libtraceevent finds the file's last when it comes from above, whichever it meets otherwise.
    #expect(reader.symbol(for: 0xffff_ffff_8100_0180)?.name == "_text")
    #expect(reader.symbol(for: 0xffff_ffff_8100_0201) == KernelSymbol(name: "middle", offset: 1))
    let inside = KernelSymbol(name: "inside", offset: 0, module: "ptlab")
    #expect(reader.symbol(for: 0xffff_ffff_a020_1000) == inside)
    #expect(reader.symbol(for: 0xffff_ffff_a020_1001) == nil)
    #expect(reader.info.kernelRelease == "7.3.0-rc7" && reader.info.recorderVersion.hasPrefix("3.1.6"))
    #expect(reader.info.cpuCount == 2 && reader.info.cpus == [0, 1])
    #expect(reader.progress == 0 || reader.progress == 1)
  }

  @Test func recordsWithoutAPlan() throws {
    var writer = try TraceDatWriter(.init())
    let known = MadeCapture.events(1, cpus: [0])[0]
    try writer.append(known)
    // An id that nothing describes, a known id without its fields, and not even a beginning.
    try writer.append(record: [0xfe, 0xff, 0, 0, 5, 0, 0, 0], at: Timestamp(2_000_000_000), cpu: 0)
    let id = try #require(writer.format(for: .switched)).id
    try writer.append(
      record: [UInt8(id & 0xff), UInt8(id >> 8), 0, 0, 6, 0, 0, 0], at: Timestamp(2_000_000_001), cpu: 0)
    try writer.append(record: [1, 0, 0, 0], at: Timestamp(2_000_000_002), cpu: 0)
    let content = try MadeCapture.read(writer.finish())
    #expect(content.records.map(\.pid) == [11, 5, 6, 0])
    #expect(content.records.dropFirst().allSatisfy { if case .other = $0.body { true } else { false } })
    let counts = content.diagnostics.all.map { "\($0.kind) \($0.count)" }
    #expect(counts == ["badRecord 2", "unknownEventID 1"])
  }

  @Test func emptyCapture() throws {
    let content = try MadeCapture.read(MadeCapture.bytes(.init(version: 6), []))
    #expect(content.records.isEmpty && content.losses.isEmpty && content.progress == 1)
  }
}
