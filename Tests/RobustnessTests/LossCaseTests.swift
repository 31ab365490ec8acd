import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// Captures with losses of which it is known what must not be claimed. Each stands for its kind.
struct LossCaseTests {
  private static func load(_ name: String) throws -> LoadedCapture {
    try CaptureSession(path: Fixture.path("losses/\(name).dat")).load()
  }

  /// Ring buffers that overwrite: each CPU's records begin at another time, with the missed-events flag on its first page. And a
  /// CPU whose first pages are zeros.
  @Test(arguments: ["late-flag", "zeroed-first-half"]) func aCPUThatBeginsLaterIsInAGapUntilThen(name: String) throws {
    let timeline = try Self.load(name).timeline
    let gap = try #require(timeline.gaps.first { $0.cpu == 3 })
    #expect(gap.begin == timeline.begin && gap.end > timeline.begin && !gap.isQuiet)
    let holds = timeline.holds.filter { $0.begin < gap.end }
    let chains = timeline.chains.filter { $0.begin < gap.end && $0.path.count > 1 }
    #expect(!holds.isEmpty && !chains.isEmpty)
    for hold in holds { #expect(hold.evidence.rule != nil, "hold from \(hold.begin.rawValue)") }
    for chain in chains { #expect(![.event, .probe].contains(chain.evidence), "chain from \(chain.begin.rawValue)") }
    // Behind it things are known again.
    #expect(timeline.chains.contains { $0.begin > gap.end && $0.evidence == .event })
  }

  /// Kernels that do not proxy: Linux 6.12, and one with `sched_proxy_exec=0`. In the lost records stand the
  /// `sched_migrate_task` without which a waiter seems to have moved silently.
  @Test(arguments: ["late-flag", "zeroed-first-half", "late-flag-verdict", "late-all-verdict", "middle-verdict"])
  func noSignRestsOnWhatAGapHasSwallowed(name: String) throws {
    let verdict = try Self.load(name).timeline.verdict
    #expect(verdict.answer == .off, "\(verdict)")
    #expect(verdict.evidence.rule == .stayedHome)
  }

  /// Losses in the middle of a CPU, flagged: who had the lock behind them, and what its waiters' time was, is not known.
  @Test(arguments: [
    ("mid-flag-123", [66_803_776_690], 0), ("mid-flag-75", [21_242_293_631, 21_243_542_281], 0), ("mid-flag-35", [], 4),
  ])
  func whatALossInTheMiddleHidesIsNotKnown(name: String, releases: [UInt64], wait id: Int) throws {
    let timeline = try Self.load(name).timeline
    for release in releases {
      let handoff = try #require(timeline.handoffs.first { $0.kind == .release && $0.begin == Timestamp(release) })
      #expect(handoff.evidence.rule == .besideGap, "handoff from \(release)")
      let chains = timeline.chains.filter { $0.begin == Timestamp(release) && $0.path.count == 1 }
      #expect(chains.allSatisfy { $0.evidence.rule == .besideGap })
    }
    if id > 0 {
      let wait = timeline.waits[id - 1]
      #expect(wait.begin == Timestamp(47_925_986_687) && wait.touchesGap && wait.ownerEvidence.rule == .besideGap)
    }
    #expect(timeline.gaps.contains { !$0.isQuiet && $0.begin > timeline.begin })
  }

  /// Records of one event that are too short for its format: what they said is lost.
  @Test(arguments: [("short-contention-end", 26), ("short-switch", 96)])
  func aRecordThatIsTooShortIsALoss(name: String, count: UInt64) throws {
    let capture = try Self.load(name)
    let gaps = capture.timeline.gaps.filter { !$0.isQuiet }
    #expect(gaps.compactMap(\.lostEvents).reduce(0, +) == count && gaps.count <= Int(count))
    #expect(capture.timeline.cpus.compactMap(\.lostEvents).reduce(0, +) == count)
    #expect(capture.diagnostics.hasDamage)
    #expect(capture.timeline.waits.contains { $0.touchesGap })
    for gap in gaps {
      for hold in capture.timeline.holds where hold.begin < gap.end && hold.end > gap.begin {
        #expect(hold.evidence != .event, "hold from \(hold.begin.rawValue)")
      }
    }
  }

  /// A CPU without records at an end may have been idle: the table says so, and the losses do not count it.
  @Test func whereNothingSaysThatRecordsAreMissingNoneAreCounted() throws {
    let capture = try CaptureSession(path: Fixture.path("captures/proxy-on-plain/chain4-cross.dat")).load()
    let timeline = capture.timeline
    #expect(!timeline.gaps.isEmpty)
    for gap in timeline.gaps {
      #expect(gap.isQuiet && gap.end > gap.begin && (gap.begin == timeline.begin || gap.end == timeline.end))
    }
    for cpu in timeline.cpus {
      #expect(cpu.lostEvents == 0 && cpu.lost == cpu.quiet && cpu.busy + cpu.idle + cpu.lost == timeline.span)
    }
    #expect(!capture.diagnostics.all.contains { $0.kind == .lostEvents })
  }
}

/// Tables of CPUs and formats that are damaged: what cannot be read is missing, and said to be.
struct UnreadableDataTests {
  private static func capture(_ name: String = "formats/v6-mono") throws -> [UInt8] {
    try Fixture.bytes("captures/\(name).dat")
  }

  private static func load(_ bytes: [UInt8]) throws -> LoadedCapture {
    try CaptureSession(bytes: bytes, name: "it").load()
  }

  private static func put(_ value: UInt64, _ bytes: inout [UInt8], at place: Int) {
    for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }

  /// Nothing is known of the CPU from beginning to end, and what the other one's records say is not stated as seen.
  private func expectGap(of cpu: CPU, in loaded: LoadedCapture, _ way: String) throws {
    let timeline = loaded.timeline
    #expect(loaded.diagnostics.hasDamage, "\(way)")
    let gap = try #require(timeline.gaps.first { $0.cpu == cpu && !$0.isQuiet }, "\(way): \(timeline.gaps)")
    #expect(gap.begin == timeline.begin && gap.end == timeline.end && gap.lostEvents == nil, "\(way)")
    #expect(!timeline.chains.contains { $0.evidence == .event || $0.evidence == .probe }, "\(way)")
    #expect(!timeline.holds.contains { $0.evidence == .event || $0.evidence == .probe }, "\(way)")
    if case .on = timeline.verdict.answer { #expect(timeline.verdict.evidence.rule == nil, "\(way)") }
  }

  @Test func aCPUWhoseTableEntryIsWrongIsInAGap() throws {
    let whole = try Self.capture()
    let map = try CaptureMap(whole)
    try #require(map.extents.count == 2)
    let ways: [(String, (inout [UInt8]) -> Void)] = [
      ("no size", { Self.put(0, &$0, at: map.extents[1].sizeField) }),
      ("beyond any file", { Self.put(.max - 5000, &$0, at: map.extents[1].offsetField) }),
    ]
    for (way, damage) in ways {
      var bytes = whole
      damage(&bytes)
      try expectGap(of: 1, in: Self.load(bytes), way)
    }
  }

  /// Whose it is does not show, so it is nobody's.
  @Test func dataThatTwoCPUsHaveIsNotRead() throws {
    var bytes = try Self.capture()
    let map = try CaptureMap(bytes)
    for index in 0..<16 { bytes[map.extents[1].offsetField + index] = bytes[map.extents[0].offsetField + index] }
    let loaded = try Self.load(bytes)
    #expect(loaded.diagnostics.hasDamage && loaded.timeline.eventCount == 0)
    #expect(loaded.diagnostics.all.contains { $0.kind == .unreadableSection })
  }

  /// A page of the size that the file names would hold two.
  @Test func aPageSizeThatDoesNotFitIsTold() throws {
    var bytes = try Self.capture()
    // Behind the magic, the version, the byte order and the size of long: the second byte of the page size.
    try #require(bytes[15] == 0x10)
    bytes[15] = 0x20
    let loaded = try Self.load(bytes)
    #expect(loaded.diagnostics.hasDamage)
    #expect(loaded.diagnostics.all.contains { $0.kind == .badPage })
    #expect(loaded.timeline.gaps.contains { !$0.isQuiet })
  }

  /// The second capture is not read, and not taken for records of the first.
  @Test(arguments: ["formats/v6-mono", "formats/v7-zstd", "formats/v7-none"])
  func capturesThatWerePutTogetherAreTold(name: String) throws {
    let (one, other) = (try Self.capture(name), try Self.capture("linux-6.12/crowd"))
    let loaded = try Self.load(one + other)
    let found = try #require(loaded.diagnostics.all.first { $0.kind == .anotherCapture })
    #expect(found.offset == UInt64(one.count) && loaded.diagnostics.hasDamage)
    #expect(loaded.timeline.differences(from: try Self.load(one).timeline).filter { !$0.hasPrefix("diag") }.isEmpty)
  }

  /// Records of the same few bytes a thousand times over are not what a kernel writes.
  @Test func whatCompressesTooWellIsNotReadToItsEnd() throws {
    var writer = try TraceDatWriter(CaptureLayout(version: 6))
    for index in 0..<16_000 {
      let child = EventBody.forked(parent: 5, child: 7, childComm: "child")
      try writer.append(SchedEvent(timestamp: Timestamp(UInt64(1000 + index)), cpu: 0, pid: 5, body: child))
    }
    let file = try writer.finish()
    let pages = try CaptureMap(file).extents[0]
    let chunk = try Bomb.chunk(.zstd, content: Array(file[pages.offset..<pages.offset + pages.size]))
    let bytes = try Bomb.capture(.zstd, events: HostileFile.events, cpus: [Array(repeating: chunk, count: 64)])
    let loaded = try Self.load(bytes)
    #expect(loaded.diagnostics.all.contains { $0.kind == .unreadableChunk })
    #expect(loaded.timeline.eventCount < 16_000 * 32)
  }
}
