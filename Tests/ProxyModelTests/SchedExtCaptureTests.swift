import Foundation
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore

/// Captures of a sched_ext scheduler that marks its callbacks.
struct SchedExtCaptureTests {
  /// The fixtures, and whole captures beside them.
  static let places = RealCaptures.directories.map { $0.appending(path: "sched-ext") }
    .filter { FileManager.default.fileExists(atPath: $0.path) }

  private func timeline(_ place: URL, _ name: String) throws -> Timeline {
    try CaptureSession(path: place.appending(path: name + ".dat").path).load().timeline
  }

  /// sched_ext and proxy execution at once, on a kernel that does not keep the callbacks paired: an owner that runs on its
  /// donor's account goes to sleep, and the scheduler, which runs the donor, is told that the owner stops.
  @Test(arguments: places)
  func theUnpairedStopping(_ place: URL) throws {
    let timeline = try timeline(place, "scx-both")
    #expect(timeline.pairing.count == 1)
    let row = try #require(timeline.pairing.first)
    #expect(row.kind == .undispatchedOwner && row.callback == .stopping)
    #expect(row.task.pid == 66 && row.task.comm == "owner" && row.time == Timestamp(7_855_143_324) && row.cpu == 0)
    #expect(row.donor?.pid == 67 && row.donor?.comm == "donor" && row.owner?.pid == 66)
    let clash = try #require(row.clash)
    #expect(clash.what == .running && clash.task.pid == 67 && clash.time == Timestamp(7_853_161_605) && clash.cpu == 0)
    #expect(timeline.verdict.answer == .on && timeline.verdict.evidence == .inferred(.markedDonor))
    // One wait of 4 ms, as the workload measured it; while it lasted the owner ran on the donor's account.
    #expect(timeline.splits.map(\.donor.pid) == [67] && timeline.splits.map(\.curr.pid) == [66])
    #expect(timeline.splits.map(\.evidence) == [.event])
  }

  @Test(arguments: places)
  func withoutProxyExecutionAllIsPaired(_ place: URL) throws {
    for name in ["scx-same-cpu", "scx-crowd"] {
      let timeline = try timeline(place, name)
      #expect(timeline.pairing == [], "\(name)")
      #expect(timeline.verdict.answer == .off && timeline.verdict.evidence == .inferred(.markedDequeue), "\(name)")
      #expect(timeline.marks.total.blockedEnqueue == 0)
      #expect(timeline.splits.isEmpty)
    }
  }

  /// As `trace-cmd report | grep -c` counts them.
  @Test(arguments: places)
  func marksAreAllRead(_ place: URL) throws {
    let expected: [(String, running: UInt64, stopping: UInt64, enqueue: UInt64)] = [
      ("scx-both", 1074, 1074, 241), ("scx-same-cpu", 848, 849, 627), ("scx-crowd", 387, 388, 284),
    ]
    for (name, running, stopping, enqueue) in expected {
      let total = try timeline(place, name).marks.total
      #expect(total.running == running && total.stopping == stopping && total.enqueue == enqueue, "\(name)")
    }
  }
}
