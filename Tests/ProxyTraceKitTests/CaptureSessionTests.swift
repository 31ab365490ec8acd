import Foundation
import ProxyModel
import ProxyTraceKit
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// A session reads every kind of capture, and forgets nothing of what a capture says beside its records.
struct CaptureSessionTests {
  /// In a quick run one of each kind but for the version 6, which `ReadAheadTests` read in both ways.
  static let captures = TestEffort.some(
    [
      "formats/v7-zstd.dat", "proxy-on-probed/crowd.dat", "proxy-on-plain/crowd.dat", "lost/overrun.dat",
      "sched-ext/scx-crowd.dat", "text/kernel-text.trace.txt",
      "formats/v6-mono.dat", "proxy-on-plain/chain4-cross.dat", "sched-ext/scx-both.dat",
    ], quick: 6)

  // MARK: No result depends on how it is read

  @Test(arguments: captures) func batchesAreTheSingleEvents(name: String) throws {
    let single = try CaptureSession(path: Fixture.path(name)).loadSingleEvents()
    #expect(single.timeline.eventCount > 500 && !single.timeline.waits.isEmpty)
    for jobs in [1, 2, 4] {
      for chunkSize in [700, 128 << 10] {
        var options = CaptureSession.Options()
        (options.jobs, options.chunkSize) = (jobs, chunkSize)
        let loaded = try CaptureSession(path: Fixture.path(name), options).load()
        let differences = loaded.timeline.differences(from: single.timeline)
        #expect(differences.isEmpty, "\(jobs) jobs, pieces of \(chunkSize)")
        #expect(loaded.info == single.info && loaded.symbols == single.symbols)
        #expect(loaded.diagnostics.all == single.diagnostics.all)
      }
    }
  }

  @Test(arguments: captures) func bytesInMemoryAreTheFile(name: String) throws {
    let file = try CaptureSession(path: Fixture.path(name)).load()
    let memory = try CaptureSession(bytes: Fixture.bytes(name), name: Fixture.path(name)).load()
    #expect(memory.timeline.differences(from: file.timeline).isEmpty)
    #expect(memory.info == file.info && memory.diagnostics.all == file.diagnostics.all)
  }

  @Test(arguments: captures) func aSessionCanBeReadAgain(name: String) throws {
    let session = try CaptureSession(path: Fixture.path(name))
    let first = try session.load()
    var (count, isStopped) = (0, false)
    try session.forEachEvent { event in
      if isStopped { Issue.record("an event that nobody wanted") }
      if case .lost = event.body { return true }
      count += 1
      isStopped = count == 100
      return !isStopped
    }
    #expect(count == 100)
    var all: UInt64 = 0
    try session.forEachBatch { batch in
      if batch.isFirst { all = 0 }
      for event in batch.events { if case .lost = event.body {} else { all += 1 } }
    }
    #expect(all == first.timeline.eventCount)
    #expect(try session.load().timeline.differences(from: first.timeline).isEmpty)
    let recorded = try session.record()
    for path in RecordedEvents.Path.allCases {
      #expect(recorded.timeline(path).differences(from: first.timeline).isEmpty, "\(path)")
    }
  }

  /// While a probe may stand beside each switch, the model leaves nothing to the fast path.
  @Test func theFastPathIsCounted() throws {
    #expect(try CaptureSession(path: Fixture.path("proxy-on-plain/crowd.dat")).load().calmPeriods > 0)
    #expect(try CaptureSession(path: Fixture.path("proxy-on-probed/crowd.dat")).load().calmPeriods == 0)
  }

  // MARK: Texts

  @Test func aLateLossBeginsTheReadingAgain() throws {
    let bytes = try Fixture.textWithLateLoss()
    for jobs in [1, 2] {
      var options = CaptureSession.Options()
      options.jobs = jobs
      let session = try CaptureSession(bytes: bytes, options)
      #expect(session.isText)
      var (beginnings, events) = (0, UInt64(0))
      let loaded = try session.load { batch in
        if batch.isFirst { (beginnings, events) = (beginnings + 1, 0) }
        events += UInt64(batch.events.filter { $0.loss == nil }.count)
      }
      #expect(beginnings == 2)
      #expect(loaded.timeline.gaps.filter { !$0.isQuiet }.map(\.lostEvents) == [5])
      // A loss is an item of the stream, and no event of the timeline.
      #expect(events == loaded.timeline.eventCount)
      let single = try session.loadSingleEvents()
      #expect(loaded.timeline.differences(from: single.timeline).isEmpty)
    }
  }

  /// The writer of a line is named in front of it, and nowhere else; `t9` waits for a lock before any event names it.
  @Test func namesOfATextsLinesReachTheModel() throws {
    let text = """
                t9-9       [000] d..2.     1.000100: contention_begin: 00000000aa000001 (flags=MUTEX)
                t9-9       [000] d..2.     1.000200: contention_end: 00000000aa000001 (ret=0)
                t9-9       [000] d..2.     1.000300: sched_switch: prev_comm=t9 prev_pid=9 prev_prio=120 prev_state=S ==> next_comm=t8 next_pid=8 next_prio=120
      """
    let loaded = try CaptureSession(bytes: Array(text.utf8)).load()
    #expect(loaded.timeline.waits.map(\.waiter.comm) == ["t9"])
    #expect(try CaptureSession(bytes: Array(text.utf8)).loadSingleEvents().timeline.waits.map(\.waiter.comm) == ["t9"])
  }

  // MARK: Options

  @Test func ignoredProbesAreAsIfNotRecorded() throws {
    var options = CaptureSession.Options()
    let whole = try CaptureSession(path: Fixture.path("proxy-on-probed/chain3.dat"), options)
    options.ignoresProbes = true
    let session = try CaptureSession(path: Fixture.path("proxy-on-probed/chain3.dat"), options)
    let (with, without) = (try whole.load(), try session.load())
    let probes: Set<EventRole> = [.probedSwitch, .probedWait, .probedSetNext]
    #expect(with.info.events.contains { $0.role.map(probes.contains) == true })
    #expect(!without.info.events.contains { $0.role.map(probes.contains) == true })
    #expect(session.info.events.count < whole.info.events.count)
    #expect(with.timeline.splits.contains { $0.evidence == .probe })
    #expect(!without.timeline.splits.isEmpty && !without.timeline.splits.contains { $0.evidence == .probe })
    var (all, kept) = (0, 0)
    try whole.forEachEvent { _ in
      all += 1
      return true
    }
    try session.forEachEvent { event in
      if case .probedSwitch = event.body { Issue.record("an ignored probe") }
      kept += 1
      return true
    }
    #expect(kept > 0 && kept < all)
  }

  @Test func whatTheUserSaysOfTheKernelHolds() throws {
    var options = CaptureSession.Options()
    for answer in [true, false] {
      options.proxyExecution = answer
      let loaded = try CaptureSession(path: Fixture.path("proxy-on-plain/same-cpu.dat"), options).load()
      #expect(loaded.timeline.verdict.answer == (answer ? .on : .off))
    }
  }

  /// Of two tasks that no event names, the capture saved a name of one; the caller knows both.
  @Test func savedNames() throws {
    var layout = CaptureOptions()
    layout.savedComms = [11: "saved"]
    var writer = try TraceDatWriter(CaptureLayout(version: 7), options: layout)
    for (time, pid) in [(1000, 11), (2000, 12)] as [(UInt64, Pid)] {
      let lock = LockAddress(0xffff_8880_0000_1000)
      try writer.append(
        SchedEvent(timestamp: Timestamp(time), cpu: 0, pid: pid, body: .contentionBegan(lock: lock, flags: .mutex)))
      try writer.append(
        SchedEvent(timestamp: Timestamp(time + 500), cpu: 0, pid: pid, body: .contentionEnded(lock: lock, result: 0)))
    }
    var options = CaptureSession.Options()
    options.savedComms = [11: "mine", 12: "mine"]
    let bytes = try writer.finish()
    #expect(try CaptureSession(bytes: bytes).load().timeline.waits.map(\.waiter.comm) == ["saved", ""])
    #expect(try CaptureSession(bytes: bytes, options).load().timeline.waits.map(\.waiter.comm) == ["saved", "mine"])
  }

  @Test func anInstance() throws {
    var options = CaptureSession.Options()
    options.instance = "second"
    #expect(try CaptureSession(path: Fixture.path("formats/two-instances.dat"), options).info.instance == "second")
    options.instance = "third"
    #expect(throws: TraceError.self) { try CaptureSession(path: Fixture.path("formats/two-instances.dat"), options) }
  }

  // MARK: What cannot be read

  @Test func errorsNameTheCapture() throws {
    for bytes in [[], Array("hello\n".utf8), [0x17, 0x08, 0x44]] as [[UInt8]] {
      do throws(TraceError) {
        _ = try CaptureSession(bytes: bytes, name: "my bytes")
        Issue.record("\(bytes) is no capture")
      } catch {
        #expect(error.path == "my bytes" && (error.reason == .notATrace || error.reason == .damaged), "\(error)")
      }
    }
    do throws(TraceError) {
      _ = try CaptureSession(path: "/no/such/file")
      Issue.record("there is no such file")
    } catch {
      #expect(error.path == "/no/such/file" && error.reason == .cannotOpen)
    }
  }

  /// A loss in the reader and a doubt of the model are both among a capture's diagnostics.
  @Test func diagnosticsOfReaderAndModel() throws {
    var damaged = try Fixture.bytes("formats/v6-mono.dat")
    damaged.removeLast(5000)
    let loaded = try CaptureSession(bytes: damaged).load()
    let model = loaded.timeline.diagnostics.all
    #expect(loaded.diagnostics.all.contains { $0.kind == .truncatedFile })
    #expect(!model.contains { $0.kind == .truncatedFile })
    #expect(model.allSatisfy(loaded.diagnostics.all.contains))
  }
}
