import Foundation
import ProxyModel
import ProxyScore
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Captures with damaged bytes: the analysis ends, nothing traps, and the sums still hold.
struct HostileTests {
  @Test(arguments: ["proxy-on-plain/crowd", "proxy-on-probed/crowd", "linux-6.12/crowd", "formats/v6-mono"])
  func flippedBytes(name: String) throws {
    let whole = [UInt8](try Data(contentsOf: RealCaptures.directory.appending(path: "\(name).dat")))
    var analysed = 0
    let seeds = TestEffort.count(25, quick: 8)
    for seed in 1...UInt64(seeds) {
      var random = SeededGenerator(seed: seed)
      var damaged = whole
      for _ in 0..<random.number(1...40) {
        damaged[random.number(0...(whole.count - 1))] = UInt8(truncatingIfNeeded: random.next())
      }
      // Damage beyond use leaves nothing to hold against the laws.
      guard let timeline = try? CaptureSession(bytes: damaged).load().timeline else { continue }
      analysed += 1
      for wait in timeline.waits { #expect(wait.times.total == wait.length, "seed \(seed)") }
      for cpu in timeline.cpus {
        #expect(cpu.busy &+ cpu.idle &+ cpu.lost == timeline.span, "seed \(seed), CPU \(cpu.cpu)")
        #expect(cpu.own &+ cpu.proxied &+ cpu.unknown == cpu.busy, "seed \(seed), CPU \(cpu.cpu)")
      }
    }
    #expect(analysed > seeds / 5, "most damage is to records, and leaves the rest readable")
  }

  @Test func impossibleNumbersInRecords() {
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 5)
    for cpu in [CPU.min, -1, 8192, CPU.max] {
      script.add(20, 0, .wakeup(WakeRecord(task: Script.snapshot(7), targetCPU: cpu)))
      script.add(21, 0, .waking(WakeRecord(task: Script.snapshot(7), targetCPU: cpu)))
      script.add(22, 0, .migrated(task: Script.snapshot(7), from: 0, to: cpu))
    }
    script.ticks(.max - 5, 0)
    script.ticks(3, 0)
    let timeline = script.timeline()
    #expect(timeline.diagnostics.all.map(\.kind) == [.cpuOutOfRange, .timestampOutOfRange, .outOfOrder])
    #expect(timeline.diagnostics.all.map(\.count) == [12, 1, 7])
    for cpu in timeline.cpus { #expect(cpu.busy &+ cpu.idle &+ cpu.lost == timeline.span) }
  }

  @Test func anOwnerMayBeNamedBeforeItsFirstEvent() {
    // t6 appears when t5 has been waiting for it for a while.
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 5, prio: 100)
    script.contends(20, 0, flags: [.mutex])
    script.switched(30, 0, to: 6, state: .uninterruptible, prio: 139)
    script.releases(50, 0)
    script.switched(60, 0, to: 5, prio: 100)
    script.acquires(70, 0)
    let wait = script.timeline().waits[0]
    #expect(wait.owner?.pid == 6)
    #expect(wait.owner?.comm == "t6")
  }
}
