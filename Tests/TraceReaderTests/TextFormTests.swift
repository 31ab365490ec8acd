import Foundation
import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// One event in every form in which it travels: whatever stands before it, however it is wrapped, it is the same event.
struct TextFormTests {
  static let event =
    "           donor-61      [001] d..2.     1.000100: sched_switch: prev_comm=donor prev_pid=61 prev_prio=97 prev_state=D ==> next_comm=my task next_pid=7 next_prio=120"
  /// As `ftrace_dump()` prints it.
  static let dumped = "   donor-61        1d..2.   1000100us : " + event.drop { $0 != "s" }.dropFirst(0)

  func read(_ text: String) throws -> (events: [SchedEvent], diagnostics: DiagnosticLog) {
    let file = try ScratchFile(Array(text.utf8))
    var reader = try CaptureReader(path: file.path)
    var events: [SchedEvent] = []
    while let event = reader.next() { if !event.isQuietEnd { events.append(event) } }
    return (events, reader.diagnostics)
  }

  func expectSame(_ text: String, count: Int = 1, _ comment: Comment? = nil) throws {
    let found = try read(text)
    try #require(found.events.count == count, comment)
    for event in found.events {
      guard event.pid == 61, event.cpu == 1, event.timestamp == Timestamp(1_000_100_000),
        case .switched(let record) = event.body
      else {
        Issue.record("\(event)")
        continue
      }
      #expect(record.previous == TaskSnapshot(pid: 61, priority: Priority(97), comm: "donor"), comment)
      #expect(record.next == TaskSnapshot(pid: 7, priority: Priority(120), comm: "my task"), comment)
      #expect(record.previousState.letter == "D", comment)
    }
    #expect(!found.diagnostics.all.contains { $0.kind == .badLine || $0.kind == .foreignLine }, comment)
  }

  // MARK: Prefixes

  static let prefixes = [
    "> ", "> > ", ">> >", "| ", "    > ", "\t", "      ", "- ", "* ", "+", "12:", "12: ", "123|", "[   61.835048] ",
    "[   61.835048][   T59] ",
    "[   61.835048][    C1] ", "<4>[   61.835048] ", "<4>[   61.835048][   T59] ", "[Fri Nov 27 10:00:00 2026] ",
    "[2026-11-27 10:00:00.123] ", "[10:00:00] ", "10:00:00.123 ", "2026-11-27 10:00:00,123 ",
    "2026-11-27T10:00:00.123456+00:00 box kernel: ",
    "2026-11-27T10:00:00,123456+00:00 ", "2026-11-27T10:00:00.123456Z box kernel: [   61.835048] ",
    "Nov 27 10:00:00 box kernel: ",
    "Nov  7 10:00:00 box kernel: [   61.835048] ", "Nov 27 10:00:00 box kernel: [   61.835048][   T59] ",
    "kern  :warn  : [   61.835048] ",
    "[   61.835048] box kernel: ", "> [   61.835048] ", "JL> ", "> JL> ", "jl>> ",
    "<4>1 2026-11-27T10:00:00.123456+00:00 box kernel - - - ", "2026-11-27T10:00:00.123456789Z stderr F ",
    "kernel_1  | ", "6,1234,12345678,-;", "6.12.0,6,1234,12345678,-,caller=T59;", "1795773600.123456 ",
    "11-27 10:00:00.123  root     0     0 W kernel  : ", "11-27 10:00:00.123     0     0 W         : ",
    "<4>[   12.345678] -(0)[0:swapper/0]", "../logs/dmesg-3.log:123:", "trace.txt:123: ",
  ]

  @Test(arguments: prefixes) func whatStandsBeforeALine(prefix: String) throws {
    try expectSame(prefix + Self.event)
    try expectSame(prefix + Self.dumped)
    // Some lines with it, some without; remarks and losses too.
    try expectSame([Self.event, prefix + Self.event, Self.event].joined(separator: "\n"), count: 3)
    let lost = try read(
      [prefix + Self.event, prefix + "CPU:1 [LOST 5 EVENTS]", prefix + Self.event].joined(separator: "\n"))
    #expect(lost.events.count == 3)
    guard case .lost(let loss)? = lost.events.dropFirst().first?.body else {
      Issue.record("no loss")
      return
    }
    #expect(loss.count == 5)
  }

  // MARK: Wrapped lines

  /// As mailers do: at blanks, which are gone then.
  @Test(arguments: 20...110, ["", "> ", ">> "]) func wrappedAtBlanks(width: Int, quote: String) throws {
    var lines: [String] = []
    for number in 1...10 {
      // Lines of one length would look as if a terminal had wrapped them.
      let name = String(repeating: "x", count: number)
      lines.append(Self.event)
      lines.append(
        "           donor-61      [001] d..2.     1.000100: sched_waking: comm=\(name) pid=7 prio=120 target_cpu=003")
    }
    let found = try read(MailText.wrapped(lines, width, quote: quote).joined(separator: "\n"))
    #expect(
      found.events.count == 20 && !found.diagnostics.all.contains { $0.kind == .badLine || $0.kind == .foreignLine })
    for (number, event) in found.events.enumerated() {
      switch event.body {
      case .switched(let record): #expect(record.next.comm == "my task" && record.next.priority == Priority(120))
      case .waking(let record): #expect(record.task.comm.bytes.count == number / 2 + 1 && record.targetCPU == 3)
      default: Issue.record("\(event)")
      }
    }
  }

  /// As terminals do: anywhere, in the middle of names and numbers.
  @Test(arguments: 40...140) func wrappedAnywhere(width: Int) throws {
    let pieces = MailText.cut(Array(repeating: Self.event, count: 4), width)
    try expectSame(pieces.joined(separator: "\n"), count: 4, "\(width)")
  }

  @Test func proseIsNotJoined() throws {
    let found = try read(
      ["Here the owner is preempted:", Self.event, "This is the", "- interesting part", Self.event, "", "Bye"].joined(
        separator: "\n"))
    #expect(found.events.count == 2)
    #expect(found.diagnostics.all.first { $0.kind == .foreignLine }?.count == 4)
    #expect(!found.diagnostics.hasDamage)
  }

  /// What cannot be put together is counted, with its place.
  @Test func whatCannotBePutTogetherIsNamed() throws {
    let cut = String(Self.event.dropLast(15))
    let found = try read([Self.event, cut, Self.event].joined(separator: "\n"))
    #expect(found.events.count == 4 && found.events[2].loss == LostEvents(until: found.events[3].timestamp, count: 1))
    let bad = found.diagnostics.all.first { $0.kind == .badLine }
    #expect(bad?.count == 1 && bad?.offset == UInt64(Self.event.utf8.count + 1))
  }

  // MARK: Encodings

  @Test func quotedPrintable() throws {
    var encoded = ""
    for line in [Self.event, Self.event] {
      var rest = line.replacing("=", with: "=3D")[...]
      while rest.count > 75 {
        var piece = rest.prefix(75)
        while piece.hasSuffix("=") || piece.dropLast().hasSuffix("=") { piece = piece.dropLast() }
        encoded += piece + "=\n"
        rest = rest.dropFirst(piece.count)
      }
      encoded += rest + "\n"
    }
    try expectSame(encoded, count: 2)
    try expectSame(encoded.replacing("\n", with: "\r\n"), count: 2)
    try expectSame(encoded.replacing("=3D", with: "=3d"), count: 2)
    // Wrapped first, then encoded.
    let wrapped = MailText.wrapped([Self.event, Self.event], 74, quote: "").map { $0.replacing("=", with: "=3D") }
    try expectSame(wrapped.joined(separator: "\n"), count: 2)
  }

  /// Code, elements of lists, records of logs.
  @Test(arguments: [
    ("`", "`"), ("  \"", "\","), ("'", "'"), ("> `", "`"),
    ("{\"_HOSTNAME\":\"box\",\"MESSAGE\":\"", "\",\"PRIORITY\":\"4\"}"),
    ("{ \"log\" : \"", "\\n\",\"stream\":\"stdout\"}"),
    ("{\"time\": 1, \"message\": \"[   12.345678] ", "\"}"),
  ]) func quotedLines(before: String, after: String) throws {
    try expectSame(before + Self.event + after)
    if before.contains("\"") { try expectSame(before + Self.event.replacing("==>", with: "==\\u003e") + after) }
  }

  @Test func strings() throws {
    let lines = [Self.event, Self.event, Self.event]
    let escaped = lines.map { $0.replacing("\"", with: "\\\"").replacing("==>", with: "==\\u003e") }
    try expectSame("# tracer: nop\\n\\\n" + escaped.map { $0 + "\\n\\\n" }.joined(), count: 3)
    // The last line has no end of its own.
    try expectSame("{\"output\":\"" + escaped.joined(separator: "\\n") + "\"}", count: 3)
    // One line of JSON, longer than any line of a trace.
    let many = (0..<800).map { _ in escaped[0] }.joined(separator: "\\n")
    let found = try read("{\"traceEvents\":[],\"systemTraceEvents\":\"# tracer: nop\\n#\\n\(many)\\n\"}")
    #expect(found.events.count == 800)
    #expect(!found.diagnostics.hasDamage)
  }

  @Test func pages() throws {
    let page = Self.event.replacing("==>", with: "==&gt;")
    try expectSame(page)
    try expectSame("<pre>\(page)</pre>")
    try expectSame(
      ["<pre>", "\(page)<br>", "<span class=\"x\">\(page)</span>", "</pre>"].joined(separator: "\n"), count: 2)
    try expectSame(Self.event.replacing("  ", with: "\u{a0} "))
    try expectSame(Self.event.replacing(" ", with: "\u{a0}"))
    let idle = try read(
      "          &lt;idle&gt;-0     [001]     1.000100: sched_wakeup: comm=a pid=7 prio=120 target_cpu=001")
    #expect(idle.events.first?.pid == 0)
  }

  /// `grep --color=always`, `less -R`.
  @Test func coloursAreTakenAway() throws {
    let coloured = Self.event.replacing("donor", with: "\u{1b}[01;31m\u{1b}[Kdonor\u{1b}[m\u{1b}[K")
    try expectSame(coloured)
    try expectSame([Self.event, "\u{1b}[32m\(Self.event)\u{1b}[0m", coloured].joined(separator: "\n"), count: 3)
  }

  /// A mailer that wraps what was quoted gives the rest of a line one quotation mark less.
  @Test func wrappedAfterItWasQuoted() throws {
    let words = Self.event.split(separator: " ").map(String.init)
    for cut in 4..<words.count - 1 {
      let text = "> > " + words[..<cut].joined(separator: " ") + "\n> " + words[cut...].joined(separator: " ") + "\n> >"
      try expectSame(text, "\(cut)")
    }
  }

  /// A line that a backslash continues, cut anywhere or between words; the rest of one, moved to the right.
  @Test(arguments: 40...140) func continuedLines(width: Int) throws {
    func continued(_ pieces: [String], _ mark: String) -> [String] {
      pieces.dropLast().map { $0 + mark } + pieces.suffix(1)
    }
    let cut = continued(MailText.cut([Self.event], width), "\\")
    try expectSame((cut + cut).joined(separator: "\n"), count: 2, "cut at \(width)")
    let wrapped = MailText.wrapped([Self.event], width, quote: "")
    try expectSame((continued(wrapped, " \\") + [Self.event]).joined(separator: "\n"), count: 2, "wrapped at \(width)")
    for indentation in ["\t", "    ", "> \t"] {
      let moved = wrapped.prefix(1) + wrapped.dropFirst().map { indentation + $0 }
      try expectSame((moved + moved).joined(separator: "\n"), count: 2, "moved at \(width)")
    }
  }

  /// A probe that has an event's name, in another group, which the kernel does not print (Documentation/trace/fprobetrace.rst).
  @Test func probesOfTheSameName() throws {
    let probe =
      "           donor-61      [001] d..3.     1.000101: sched_switch: (__probestub_sched_switch+0x4/0x10) preempt=0 prev=0xffff88800664e100 prev_state=1"
    let found = try read([Self.event, probe, Self.event].joined(separator: "\n"))
    #expect(found.events.count == 3 && !found.diagnostics.hasDamage)
    guard case .other = found.events[1].body else {
      Issue.record("\(found.events)")
      return
    }
  }

  // MARK: Other printed forms

  @Test func differencesOfTimes() throws {
    let parts = Self.event.split(separator: "sched_switch", maxSplits: 1)
    for difference in ["(+0) ", "(+686)  ", "(+10000000) ", "(+-5) "] {
      try expectSame(parts[0] + difference + "sched_switch" + parts[1])
    }
  }

  @Test func functionGraphWithTimesAndTasks() throws {
    let comment = "/* sched_switch: \(Self.perfFields) */"
    let found = try read(
      [
        "# tracer: function_graph", "#", " 1.000099 |   1)  donor-61    |               |  mutex_lock() {",
        " 1.000100 |   1)  donor-61    |               |  \(comment)",
        " 1.000100 |   1)  donor-61    |  d..2. |   0.318 us    |    \(comment)",
      ].joined(separator: "\n"))
    #expect(found.events.count == 2 && !found.diagnostics.all.contains { $0.kind == .foreignLine })
    #expect(found.events.map(\.context) == [.unknown, [.irqsOff]])
    for event in found.events {
      #expect(event.pid == 61 && event.cpu == 1 && event.timestamp == Timestamp(1_000_100_000))
      guard case .switched(let record) = event.body else {
        Issue.record("\(event)")
        continue
      }
      #expect(record.next.comm == "my task")
    }
  }

  @Test func stacksAreNoForeignLines() throws {
    let stack = "           donor-61      [001] d..2.     1.000100: <stack trace>"
    let text = [
      Self.event, stack, " => __schedule", "=> schedule (ffffffff8100abcd)", " =>  <00007f1234567890>", Self.event,
    ].joined(separator: "\n")
    let file = try ScratchFile(Array(text.utf8))
    var reader = try CaptureReader(path: file.path)
    var count = 0
    while reader.next() != nil { count += 1 }
    #expect(count == 3 && reader.info.events.map(\.name) == ["sched_switch", "kernel_stack"])
    #expect(!reader.diagnostics.all.contains { $0.kind == .foreignLine })
  }

  @Test(
    arguments: [
      ("d..2.", [.irqsOff]), ("d..2", [.irqsOff]), ("dNh3.", [.irqsOff, .needResched, .hardirq]),
      ("d...2.", [.irqsOff]),
      ("d..h2.", [.irqsOff, .hardirq]), ("dN.h213", [.irqsOff, .needResched, .hardirq]),
      ("d.Ls213", [.irqsOff, .softirq]),
      ("d.L.213", [.irqsOff]), ("d.h2.1", [.irqsOff, .hardirq]), ("d.h1..1", [.irqsOff, .hardirq]),
      ("..s.1..", [.softirq]),
      ("D.H31", [.irqsOff, .hardirq, .softirq]), ("bnZ..", [.needResched, .nmi]), ("..z...", [.nmi]),
    ] as [(String, EventContext)]) func columnsOfFlags(flags: String, context: EventContext) throws
  {
    #expect(try read(Self.event.replacing("d..2.", with: flags)).events.first?.context == context)
  }

  @Test(
    arguments: [
      ("(flags=)", []), ("(flags=MUTEX)", .mutex), ("(flags=SPIN|MUTEX)", [.spin, .mutex]),
      ("(flags=MUTEX|NEWFLAG)", .mutex),
      ("(flags=NEWFLAG|MUTEX)", .mutex), ("(flags=0x0)", []),
    ] as [(String, ContentionFlags)]) func flagsOfLocks(flags: String, expected: ContentionFlags) throws
  {
    let found = try read("           donor-61      [001] .....     1.000000: contention_begin: 00000000aaaa \(flags)")
    guard case .contentionBegan(let lock, let read)? = found.events.first?.body else {
      Issue.record("\(found.events)")
      return
    }
    #expect(lock == LockAddress(0xaaaa) && read == expected)
    #expect(!found.diagnostics.hasDamage)
  }

  @Test(arguments: ["(____ptrval____)", "(null)", "(efault)"]) func addressesThatAreNone(address: String) throws {
    let found = try read(
      "           donor-61      [001] .....     1.000000: contention_begin: \(address) (flags=MUTEX)\n" + Self.event)
    #expect(found.diagnostics.all.first { $0.kind == .lockWithoutAddress }?.count == 1 && !found.diagnostics.hasDamage)
    #expect(found.events.count == 2)
  }

  // MARK: Where bytes come from

  @Test func aFIFOIsReadToItsEnd() throws {
    let path = NSTemporaryDirectory() + "/proxytrace-fifo-\(getpid())"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let text = (0..<5000).map { _ in Self.event }.joined(separator: "\n")
    // Opening waits for the other side: a thread of its own, which no other test can keep from running.
    Thread.detachNewThread {
      guard let file = fopen(path, "w") else { return }
      fputs(text, file)
      fclose(file)
    }
    var reader = try CaptureReader(path: path)
    var count = 0
    while reader.next() != nil { count += 1 }
    #expect(count == 5000)
  }

  /// Files of procfs have the size 0, as those of tracefs do.
  @Test func aFileWithoutASizeIsRead() throws {
    let error = #expect(throws: TraceError.self) { _ = try CaptureReader(path: "/proc/self/status") }
    #expect(error?.problem.contains("begins with") == true, "not empty")
  }
}
