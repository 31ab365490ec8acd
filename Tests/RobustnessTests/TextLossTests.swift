import ProxyAnalysis
import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// Losses in texts, told in words or by the order of lines. The texts hold one wait of 16.2 ms for an owner that runs 5.9 ms of it and
/// then is kept from its CPU for 10 ms.
struct TextLossTests {
  private static func load(_ name: String) throws -> LoadedCapture { try load(path: "losses/text/\(name).txt") }

  private static func load(path: String) throws -> LoadedCapture { try CaptureSession(path: Fixture.path(path)).load() }

  /// Both ways of reading say the same.
  private func expectOneResult(_ bytes: [UInt8]) throws {
    let session = try CaptureSession(bytes: bytes, name: "text")
    #expect(try session.load().timeline.differences(from: session.loadSingleEvents().timeline).isEmpty)
  }

  @Test(arguments: [("indent", nil), ("printk-time", 16_689)] as [(String, UInt64?)])
  func aLossBehindAPrefixIsALoss(prefix: String, count: UInt64?) throws {
    let path = "forms/loss-behind-\(prefix)/input.txt"
    let capture = try Self.load(path: path)
    let told = capture.timeline.gaps.filter { !$0.isQuiet }
    #expect(told.map(\.cpu) == [0])
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.touchesGap && wait.owner == nil && wait.times[.running] == 0 && wait.times[.unknown] >= 15_000_000)
    #expect(told.map(\.lostEvents) == [count])
    #expect(capture.diagnostics.all.contains { $0.kind == .lostEvents })
    try expectOneResult(Fixture.bytes(path))
  }

  @Test(arguments: [
    ("cut-dots", 1), ("cut-brackets", 1), ("cut-snip", 1), ("cut-comment", 1), ("cut-stars", 1), ("cut-vdots", 1),
    ("cut-vert", 3), ("cut-loss-without-cpu", 1),
  ])
  func aCutIsAGapOfAllCPUs(name: String, count: UInt64) throws {
    let capture = try Self.load(name)
    #expect(Set(capture.timeline.gaps.filter { !$0.isQuiet }.map(\.cpu)) == [0, 1])
    #expect(capture.timeline.gaps.allSatisfy { $0.isQuiet || $0.lostEvents == nil })
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.touchesGap && wait.times[.running] < 15_900_000)
    #expect(wait.ownerEvidence != .event && wait.ownerEvidence != .probe)
    #expect(
      capture.diagnostics.hasDamage && capture.diagnostics.all.contains { $0.kind == .cutByHand && $0.count == count })
    try expectOneResult(Fixture.bytes("losses/text/\(name).txt"))
  }

  @Test(arguments: ["order-input", "order-cpu1first"]) func linesOfOneCPUAfterTheOtherAreSorted(name: String) throws {
    let (capture, sorted) = (try Self.load(name), try Self.load("order-sorted"))
    #expect(capture.timeline.differences(from: sorted.timeline).isEmpty)
    #expect(capture.diagnostics.all.contains { $0.kind == .sortedLines })
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.length == 16_200_000 && wait.owner?.pid == 60)
    #expect(wait.times[.running] == 5_900_000 && wait.times[.inverted] == 10_000_000)
    #expect(capture.timeline.span == 120_000_000)
    try expectOneResult(Fixture.bytes("losses/text/\(name).txt"))
  }

  @Test func ofSeveralCapturesTheFirstIsRead() throws {
    let capture = try Self.load("two-captures")
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.result == .open && wait.length < 1_000_000_000)
    let other = try #require(capture.diagnostics.all.first { $0.kind == .anotherCapture })
    #expect(other.count == 1 && other.offset ?? 0 > 0 && capture.diagnostics.hasDamage)
    try expectOneResult(Fixture.bytes("losses/text/two-captures.txt"))
  }

  /// Without heads: times begin anew, and CPUs run other tasks than those that they ran.
  @Test(arguments: ["two-captures-without-heads", "two-captures-later-first"])
  func ofSeveralCapturesWithoutHeadsTheFirstIsRead(name: String) throws {
    let capture = try Self.load(name)
    #expect(capture.timeline.waits.map(\.length) == [16_200_000] && capture.timeline.span == 120_000_000)
    let other = try #require(capture.diagnostics.all.first { $0.kind == .anotherCapture })
    #expect(other.count == 1 && other.detail == "of 11 events" && capture.diagnostics.hasDamage)
    #expect(!capture.diagnostics.all.contains { $0.kind == .timestampBackwards })
    try expectOneResult(Fixture.bytes("losses/text/\(name).txt"))
  }

  /// The clocks of all CPUs step back by 0.49 s during the wait: events count at the time of the one before the step, so the wait
  /// seems to end there. That is no fact.
  @Test func whatAClockStepsBackInIsAGap() throws {
    let capture = try Self.load("step-back-of-all")
    let wait = try #require(capture.timeline.waits.first)
    #expect(wait.touchesGap && wait.ownerEvidence != .event && wait.times[.running] == 0)
    #expect(Set(capture.timeline.gaps.filter { !$0.isQuiet }.map(\.cpu)) == [0, 1])
    #expect(!capture.diagnostics.all.contains { $0.kind == .anotherCapture })
    let steps = capture.diagnostics.all.filter { $0.kind == .timestampBackwards }
    #expect(steps.map(\.cpu) == [0] && steps.map(\.time) == [Timestamp(512_000_000)])
    #expect(steps.map(\.detail) == ["by 490000000 ns"])
    try expectOneResult(Fixture.bytes("losses/text/step-back-of-all.txt"))
  }

  @Test(arguments: ["step-back", "step-back-of-all"]) func clocksThatStepBackMakeNoNegativeTimes(name: String) throws {
    let capture = try Self.load(name)
    for wait in capture.timeline.waits {
      #expect(wait.length >= 0 && wait.times.total == wait.length)
      for kind in WaitClass.allCases { #expect(wait.times[kind] >= 0, "\(kind.name)") }
    }
    for cpu in capture.timeline.cpus { #expect(cpu.busy + cpu.idle + cpu.lost == capture.timeline.span) }
  }

  /// What the kernel prints of every buffer that was overwritten.
  @Test func aBufferThatWasOverwrittenBeginsWithAGap() throws {
    let text = String(decoding: try Fixture.bytes("captures/text/kernel-text.trace.txt"), as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.contains("entries-in-buffer/entries-written:") })
    let there = try #require(UInt64(line.split(separator: ":")[1].split(separator: "/")[0].drop { $0 == " " }))
    let changed = text.replacing(line, with: "# entries-in-buffer/entries-written: \(there)/\(there + 96_223)   #P:4")
    let capture = try CaptureSession(bytes: Array(changed.utf8), name: "text").load()
    #expect(capture.diagnostics.all.first { $0.kind == .overwrittenBuffer }?.count == 96_223)
    #expect(capture.context().lostEvents == 96_223)
    let timeline = capture.timeline
    for cpu in timeline.cpus {
      let gap = try #require(timeline.gaps.first { $0.cpu == cpu.cpu })
      #expect(gap.begin == timeline.begin && !gap.isQuiet && cpu.lostEvents == nil)
    }
    let last = try #require(timeline.gaps.filter { $0.begin == timeline.begin }.map(\.end).max())
    #expect(!timeline.holds.contains { $0.begin < last && $0.evidence == .event })
    try expectOneResult(Array(changed.utf8))
  }

  /// The same text without a loss: CPUs begin and end at their own times, and the file says of no loss.
  @Test func aWholeTextHasQuietEndsAlone() throws {
    let capture = try CaptureSession(path: Fixture.path("captures/text/kernel-text.trace.txt")).load()
    let quiet = capture.timeline.gaps.filter { $0.begin == capture.timeline.begin || $0.end == capture.timeline.end }
    #expect(!quiet.isEmpty)
  }
}

/// Tasks that each own a lock and wait for the next one's.
struct DeepChainTests {
  /// 200 links, and 250 switches: every one of them bears on all waits.
  @Test(.enabled(if: TestEffort.isLong, "a debug build takes half a minute"))
  func costsNoMoreThanItsLinks() throws {
    let depth = 200
    var lines: [String] = []
    var time = 1_000_000
    func add(_ pid: Int, _ text: String) {
      lines.append("           t\(pid)-\(pid)   [000] d..2. \(time / 1_000_000).\(String(time).suffix(6)): \(text)")
      time += 1
    }
    func switched(_ from: Int, _ state: String, _ to: Int) {
      add(
        from,
        "sched_switch: prev_comm=t\(from) prev_pid=\(from) prev_prio=120 prev_state=\(state) ==> next_comm=t\(to) "
          + "next_pid=\(to) next_prio=120")
    }
    // Task i gets lock i, and then waits for lock i + 1.
    for pid in 1...depth {
      add(pid, "contention_begin: 0x\(String(0x1000 + pid, radix: 16)) (flags=MUTEX)")
      add(pid, "contention_end: 0x\(String(0x1000 + pid, radix: 16)) (ret=0)")
      switched(pid, "R", pid + 1)
    }
    switched(depth + 1, "R", 1)
    for pid in 1...depth {
      add(pid, "contention_begin: 0x\(String(0x1001 + pid, radix: 16)) (flags=MUTEX)")
      switched(pid, "D", pid + 1)
    }
    for _ in 0..<125 {
      switched(depth + 1, "R", depth + 2)
      switched(depth + 2, "R", depth + 1)
    }
    let start = ThreadTime()
    let capture = try CaptureSession(bytes: Array(lines.joined(separator: "\n").utf8), name: "deep").load()
    #expect(capture.timeline.waits.count >= depth)
    // A fifth of a second in a release build; it was more than a minute.
    #expect(start.elapsed < .seconds(60))
  }
}
