import ProxyAnalysis
import ProxyReport
import ProxyTraceKit
import Testing
import TraceCore

/// Kernel stacks of `contention_begin`: in text, in a `trace.dat`, of perf; and where `explain` shows them.
struct StackTests {
  /// The stacks that follow the waiters' `contention_begin`, without the names' offsets.
  private func stacks(_ session: CaptureSession) throws -> [KernelStack] {
    var (stacks, isNext): ([KernelStack], Bool) = ([], false)
    try session.forEachEventWithStack { event, stack in
      if case .contentionBegan(_, let flags) = event.body {
        isNext = flags.contains(.mutex)
        if isNext, let stack { stacks.append(stack) }
      } else {
        if isNext, case .other = event.body, let stack { stacks.append(stack) }
        isNext = false
      }
      return true
    }
    return stacks
  }

  private func session(_ name: String) throws -> CaptureSession {
    try CaptureSession(path: Fixture.path("../forms/\(name)"))
  }

  private func story(_ session: CaptureSession, wait: Int = 0) throws -> String {
    let context = try session.load().context()
    var builder = StoryBuilder(of: wait, in: context.timeline)
    try session.forEachEventWithStack { event, stack in
      builder.apply(event, stack)
      return true
    }
    let sink = ByteSink()
    try StoryText(showsAll: true).write(builder.finish(), of: context, to: sink)
    return sink.text
  }

  /// The kernel's text, and the `trace.dat` that trace-cmd extract made of the same buffer.
  @Test func theSameStacksInTextAndFile() throws {
    let text = try stacks(session("kernel-stacks/contention.txt"))
    let file = try stacks(session("kernel-stacks/contention.dat"))
    try #require(text.count >= 2 && file.count >= text.count)
    var named = 0
    for (a, b) in zip(text, file) {
      #expect(a.frames.count == 7 && b.frames.count == 7)
      for (name, other) in zip(a.frames, b.frames) where !other.hasPrefix("0x") {
        // Most of the file's symbols were taken out.
        named += other.split(separator: "+")[0] == name ? 1 : 0
      }
    }
    #expect(named >= 2 * text.count)
  }

  @Test func explainShowsTheStackOnce() throws {
    for name in ["contention.txt", "contention.dat"] {
      let lines = try story(session("kernel-stacks/\(name)")).split(separator: "\n")
      let frame = try #require(lines.firstIndex { $0.contains("<- __mutex_lock.constprop.0") })
      #expect(lines[frame - 1].contains("donor:91 spins for"), "the tracepoint's own frames are left out")
      #expect(lines[frame + 1].contains("<- ptlab_ioctl"))
      if name.hasSuffix("txt") {
        #expect(lines.count { $0.contains("<- __mutex_lock.constprop.0") } == 1)
        #expect(lines[frame + 4].contains("<- entry_SYSCALL_64_after_hwframe"))
      }
    }
  }

  @Test func perfsStacksAreStacks() throws {
    let session = try session("perf-script/stack.txt")
    #expect(try stacks(session).map(\.frames) == [["schedule+0x2a"]])
    #expect(try story(session).contains("<- schedule+0x2a\n"))
  }

  private static let schedule = [
    "          <idle>-0       [000] d..2.     0.900000: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=owner next_pid=60 next_prio=139",
    "          <idle>-0       [001] d..2.     0.950000: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=donor next_pid=61 next_prio=97",
    "           donor-61      [001] .....     1.000000: contention_begin: 0xaaaa (flags=MUTEX)",
    "           donor-61      [001] d..2.     1.000100: sched_switch: prev_comm=donor prev_pid=61 prev_prio=97 prev_state=D ==> next_comm=swapper/1 next_pid=0 next_prio=120",
    "           owner-60      [000] .....     1.016000: contended_release: 0xaaaa",
    "          <idle>-0       [001] d..2.     1.016100: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=donor next_pid=61 next_prio=97",
    "           donor-61      [001] .....     1.016200: contention_end: 0xaaaa (ret=0)",
  ]

  private func story(_ below: [String], after place: Int = 2) throws -> String {
    var lines = Self.schedule
    lines.insert(contentsOf: below, at: place + 1)
    return try story(CaptureSession(bytes: Array((lines.joined(separator: "\n") + "\n").utf8)))
  }

  /// Below its event itself, or below a record of its own; not below another event's.
  @Test func whoseStackItIs() throws {
    let header = "           donor-61      [001] .....     1.000001: <stack trace>"
    #expect(try story([" => mutex_lock"]).contains("<- mutex_lock\n"))
    #expect(try story([header, " => mutex_lock <ffffffff81000000>"]).contains("<- mutex_lock\n"))
    #expect(
      try story([
        "           donor-61      [001] .....     1.000001: kernel_stack:         <stack trace >",
        "=> mutex_lock (ffffffff81000000)",
      ]).contains("<- mutex_lock\n"))
    #expect(try story([header, " => mutex_lock"], after: 3).contains("<-") == false)
    let interrupt = "           donor-61      [001] d.h..     1.000001: irq_handler_entry: irq=1 name=x"
    #expect(try story([interrupt, header, " => mutex_lock"]).contains("<-") == false)
    let elsewhere = "           owner-60      [000] d.h..     1.000001: irq_handler_entry: irq=1 name=x"
    #expect(try story([elsewhere, header, " => mutex_lock"]).contains("<- mutex_lock\n"))
    #expect(
      try story([header.replacing("<stack", with: "<user stack"), " =>  <00007f1234567890>"]).contains("<-") == false)
  }

  @Test func namesInStacksAreHostile() throws {
    let trap = " => \u{1b}]0;x\u{7}\u{202e}" + String(repeating: "y", count: 500)
    let text = try story([trap] + (0..<600).map { " => caller_\($0)" })
    #expect(
      !text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" } && !text.unicodeScalars.contains("\u{202e}"))
    #expect(text.contains("and 480 more callers"))
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }
}
