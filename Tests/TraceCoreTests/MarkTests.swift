import Testing
import TraceCore

/// What counts as a mark, byte for byte.
struct MarkTests {
  private func mark(_ message: [UInt8]) -> MarkRecord? { message.withUnsafeBytes { MarkRecord(message: $0) } }
  private func mark(_ message: String) -> MarkRecord? { mark(Array(message.utf8)) }

  @Test func plainMarks() {
    #expect(mark("running pid=61") == MarkRecord(.running, pid: 61))
    #expect(mark("stopping pid=61 runnable=0") == MarkRecord(.stopping, pid: 61, isRunnable: false))
    #expect(mark("stopping pid=61 runnable=1") == MarkRecord(.stopping, pid: 61, isRunnable: true))
    #expect(mark("stopping pid=61") == MarkRecord(.stopping, pid: 61))
    #expect(mark("enqueue pid=14 flags=100009") == MarkRecord(.enqueue, pid: 14))
  }

  @Test func enqueuesOfBlockedTasks() throws {
    let whole = try #require(
      mark("enqueue pid=92 blocked=1 cpu=3 owner=91 owner_cpu=1 steered=0 flags=0x40000040008 dsq=0xc000000000000001"))
    #expect(whole.isBlocked == true && whole.cpu == 3 && whole.owner == 91 && whole.isMoved)
    #expect(whole.dispatchQueue == 0xc000_0000_0000_0001)
    let flags = try #require(mark("enqueue pid=92 flags=0x40000000000"))
    #expect(flags.isBlocked == true && !flags.isMoved && flags.cpu == nil && flags.dispatchQueue == nil)
    let other = try #require(mark("enqueue pid=92 flags=0x9 owner=-1 dsq=5"))
    #expect(other.isBlocked == false && other.owner == nil && other.dispatchQueue == 5)
    // Decimal or hexadecimal: who knows.
    #expect(mark("enqueue pid=92 flags=40000000000")?.isBlocked == nil)
    #expect(mark("enqueue pid=92 owner_cpu=1 xcpu=2")?.cpu == nil)
    #expect(mark("enqueue pid=92 cpu=99999 dsq=0x1ffffffffffffffff")?.cpu == nil)
    #expect(mark("running pid=92 blocked=1 cpu=3") == MarkRecord(.running, pid: 92))
  }

  /// Lines of `sched_ext_dump`, of which only one says who starved.
  @Test(
    arguments: [
      ("  runnable task stall (stress-ng[4711] failed to run for 5.120s)", "stress-ng", 4711),
      ("a[b](c[7] failed to run for 0.003s", "c", 7), ("x[y][8] failed to run for 1.000s", "x[y]", 8),
    ] as [(String, String, Int64)])
  func stalledTasks(_ line: String, _ name: String, _ pid: Int64) {
    let record = Array(line.utf8).withUnsafeBytes { SchedExtRecord(dump: $0) }
    #expect(record == SchedExtRecord(.stalled, name: ShortName(name), value: pid))
  }

  @Test(arguments: [
    "", "CPU 0   : nr_run=3", "x failed to run for 1.000s", "x[] failed to run for 1s", "x[y] failed to run for 1s",
    "x[99999999999] failed to run for 1s", "] failed to run for ",
  ])
  func otherLinesOfADump(_ line: String) {
    #expect(Array(line.utf8).withUnsafeBytes { SchedExtRecord(dump: $0) } == nil)
  }

  @Test func theCPUOfADispatchQueue() {
    #expect(MarkRecord.cpu(ofQueue: 0xc000_0000_0000_0007, home: 1) == 7)
    #expect(MarkRecord.cpu(ofQueue: 0x8000_0000_0000_0002, home: 1) == 1)
    #expect(MarkRecord.cpu(ofQueue: 0x8000_0000_0000_0001, home: 1) == nil)
    #expect(MarkRecord.cpu(ofQueue: 5, home: 1) == nil)
  }

  @Test func whatStandsAroundIsFree() {
    #expect(mark("my_sched: running pid=61, cpu=2\n") == MarkRecord(.running, pid: 61))
    #expect(mark("[simple] simple_stopping  pid=7 x runnable=1") == MarkRecord(.stopping, pid: 7, isRunnable: true))
    #expect(mark("ppid=3 running pid=4") == MarkRecord(.running, pid: 4))
    #expect(mark("running tid=3 enqueue pid=4") == MarkRecord(.enqueue, pid: 4))
    #expect(mark(Array("running pid=61".utf8) + [0] + Array("9".utf8)) == MarkRecord(.running, pid: 61))
    #expect(mark("running pid=1 runnable=0") == MarkRecord(.running, pid: 1))
  }

  @Test(arguments: [
    "", "running", "running pid=", "running pid=x", "running pid=-1", "runningpid=4", "prerunning pid=4",
    "running pid=4x", "running pid=99999999999", "running pid=2147483648", "running: pid=4", "pid=4 running",
    "sleeping pid=4", "enqueued pid=4",
  ])
  func whatIsNoMark(_ message: String) { #expect(mark(message) == nil) }

  @Test func nothingBehindTheEndOfTheTextCounts() {
    #expect(mark(Array("stopping pid=4".utf8) + [0] + Array(" runnable=1".utf8)) == MarkRecord(.stopping, pid: 4))
    #expect(mark([0] + Array("running pid=4".utf8)) == nil)
    #expect(mark("stopping pid=4 runnable=") == MarkRecord(.stopping, pid: 4))
    #expect(mark("stopping pid=4 runnable=7") == MarkRecord(.stopping, pid: 4))
    #expect(mark("running pid=2147483647") == MarkRecord(.running, pid: .max))
  }
}
