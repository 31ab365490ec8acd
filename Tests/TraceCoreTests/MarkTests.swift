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
