import Foundation
import Testing
import TraceCore
import TraceReader
import TraceTestKit

/// Text in the forms in which people send it.
struct TextTests {
  private func read(_ text: String) throws -> (events: [SchedEvent], diagnostics: DiagnosticLog, info: CaptureInfo) {
    try read(Array(text.utf8))
  }

  private func read(_ bytes: [UInt8]) throws -> (events: [SchedEvent], diagnostics: DiagnosticLog, info: CaptureInfo) {
    let file = try ScratchFile(bytes)
    var reader = try CaptureReader(path: file.path)
    var (events, names): ([SchedEvent], [String]) = ([], [])
    while let event = reader.next() {
      names += reader.takeNames().map { "\(events.count) \($0.pid) \($0.comm)" }
      events.append(event)
    }
    for chunkSize in [200, 1000, 128 << 10] {
      let unscanned = try readUnscanned(file.path, chunkSize: chunkSize)
      #expect(unscanned.events == events)
      #expect(unscanned.names == names)
      #expect("\(unscanned.reader.diagnostics.all)" == "\(reader.diagnostics.all)")
      #expect(
        unscanned.reader.info.cpuCount == reader.info.cpuCount && unscanned.reader.info.events == reader.info.events)
      #expect(unscanned.reader.progress == 1)
    }
    return (events.filter { !$0.isQuietEnd }, reader.diagnostics, reader.info)
  }

  private struct Unscanned: ~Copyable {
    var reader: CaptureReader
    var events: [SchedEvent] = []
    var names: [String] = []
    var begins = 0
  }

  /// Without a look for losses beforehand, and by two threads: it must come to the same.
  private func readUnscanned(_ path: String, chunkSize: Int = 128 << 10) throws -> Unscanned {
    var reader = try CaptureReader(path: path, skipsLossScan: true)
    var (events, names, begins): ([SchedEvent], [String], Int) = ([], [], 0)
    repeat {
      (events, names) = ([], [])
      begins += 1
      var ahead = ReadAhead(reader, jobs: 2, chunkSize: chunkSize)
      while let batch = ahead.nextBatch() {
        names += ahead.names.map { "\(events.count + $0.place) \($0.pid) \($0.comm)" }
        events += batch
      }
      reader = ahead.finish()
    } while try reader.restart()
    return Unscanned(reader: reader, events: events, names: names, begins: begins)
  }

  @Test(arguments: [
    ("CPU:0 [LOST 5 EVENTS]", 2), ("# entries-in-buffer/entries-written: 9/9   #P:4", 2), ("cpus=4", 2),
    ("# a comment", 1), ("nothing", 2),
  ])
  func restartsWhereItMust(line: String, begins: Int) throws {
    let event = "          <idle>-0       [000] d..2.    12.000345: sched_wakeup: comm=a pid=7 prio=120 target_cpu=003"
    let late = try ScratchFile(Array([event, line, event, ""].joined(separator: "\n").utf8))
    let lateBegins = try readUnscanned(late.path).begins
    #expect(lateBegins == begins)
    // What stands before the first event is looked at in any case, but for lines that may belong to an event.
    let early = try ScratchFile(Array([line, event, event, ""].joined(separator: "\n").utf8))
    let earlyBegins = try readUnscanned(early.path).begins
    #expect(earlyBegins == (line == "nothing" ? 2 : 1))
    _ = try read([event, line, event, ""].joined(separator: "\n"))
  }

  /// What cannot be read in pieces is read again in one, and comes to the same.
  @Test(arguments: 0..<12 as Range<UInt64>) func piecesMakeOneText(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var lines: [String] = []
    var time = 12_000_345
    for number in 0..<400 {
      time += random.number(-1...40)
      let stamp = "\(time / 1_000_000)." + String(String(time % 1_000_000 + 1_000_000).dropFirst())
      let pid = random.number(1...(seed % 2 == 0 ? 3 : 60))
      let name = String(repeating: " ", count: 10) + "task-\(pid) "
      // Events of other names turn up late, some of them in one hand's pieces alone.
      let kinds = 1 + number / 40
      let kind = random.number(0...kinds)
      let body =
        kind == 0
        ? "sched_wakeup: comm=a\(pid) pid=\(pid) prio=120 target_cpu=003"
        : kind == 1 ? "sched_switch: a:1 [120] S ==> b:2 [120]" : "event\(kind): x=1"
      lines.append("\(name)[00\(random.number(0...3))] d..2. \(stamp): \(body)")
      if random.oneIn(60) { lines.append("not a line of a trace") }
      if random.oneIn(90) { lines.append("# a remark") }
    }
    switch seed {
    case 2: lines.insert("CPU:1 [LOST 7 EVENTS]", at: 300)
    case 3: lines.insert("cpus=8", at: 300)
    case 4: lines.insert(String(repeating: "x", count: 70_000), at: 300)
    case 5: lines.insert(String(repeating: "y", count: 300_000), at: 300)
    case 6: lines += (0..<1100).map { "          task-7       [000]    99.000001: odd\($0): x" }
    case 7: lines.insert("##### CPU 2 buffer started ####", at: 200)
    default: break
    }
    let ending = seed % 3 == 0 ? "" : "\n"
    let found = try read(lines.joined(separator: "\n") + ending)
    // Where another capture begins, the first one ends.
    #expect(found.events.count >= (seed == 3 ? 280 : 400))
  }

  // MARK: Columns

  @Test(arguments: [
    "          <idle>-0       [003] d..2.    12.000345: sched_wakeup: comm=a b pid=7 prio=120 target_cpu=003",
    "          <idle>-0     [003]    12.000345000: sched_wakeup:         a b:7 [120] CPU:003",
    "  <idle>-0       3d..2.    12.000345: sched_wakeup:         a b:7 [120] CPU:003",
    "  <idle>-0       3d..2. 12000345us+: sched_wakeup: comm=a b pid=7 prio=120 success=1 target_cpu=003",
    "          <idle>-0       (-------) [003] d..2.    12.000345: sched_wakeup: comm=a b pid=7 prio=120 target_cpu=3",
    "<idle>-0 (    0) [003] 12.000345: sched:sched_wakeup: comm=a b pid=7 prio=120 target_cpu=003\r",
    "> >           <idle>-0       [003]    12.000345: sched_wakeup: comm=a b pid=7 prio=120 target_cpu=003",
  ])
  func aLineInEveryForm(line: String) throws {
    let found = try read(line)
    let event = try #require(found.events.first)
    #expect(found.events.count == 1 && event.cpu == 3 && event.pid == 0)
    #expect(event.timestamp == Timestamp(12_000_345_000))
    guard case .wakeup(let record) = event.body else {
      Issue.record("\(event)")
      return
    }
    #expect(record.task == TaskSnapshot(pid: 7, priority: Priority(120), comm: "a b") && record.targetCPU == 3)
    #expect(!found.diagnostics.all.contains { $0.kind == .badLine || $0.kind == .foreignLine })
  }

  @Test func flagsTellTheContext() throws {
    func context(_ flags: String) throws -> EventContext? {
      try read("           a-1       [000] \(flags) 1.5: sched_process_exit: comm=a pid=1 prio=120").events.first?
        .context
    }
    #expect(try context("d..2.") == [.irqsOff])
    #expect(try context("dNh3.") == [.irqsOff, .needResched, .hardirq])
    #expect(try context("..s1") == [.softirq])
    #expect(try context("d.H..")?.isTask == false)
    #expect(try context("d.Z..") == [.irqsOff, .nmi])
    #expect(try context("")?.isTask == false, "not told is not known")
  }

  /// The last of five columns counts `migrate_disable()`; other columns, and forms with more or fewer, say nothing of it.
  @Test(arguments: [("....1", true), (".n.21", true), (".....", false), ("...1", false), ("....1.", false)])
  func migrationDisabled(flags: String, isDisabled: Bool) throws {
    let line = "           a-1       [000] \(flags) 1.5: contention_begin: 0xffff888000002000 (flags=MUTEX)"
    let event = try #require(try read(line).events.first)
    #expect(event.context.contains(.migrationDisabled) == isDisabled)
  }

  @Test(arguments: [
    ("1.5", UInt64(1_500_000_000), UInt64(100_000_000)), ("0.000001", 1000, 1000), ("7.123456789", 7_123_456_789, 1),
    ("8999999999.000001", 8_999_999_999_000_001_000, 1000), ("123456789", 123_456_789, 0), ("3us", 3000, 1000),
  ])
  func timesAreIntegers(text: String, time: UInt64, resolution: UInt64) throws {
    let found = try read("           a-1       [000] \(text): sched_process_exit: comm=a pid=1 prio=120")
    #expect(found.events.first?.timestamp == Timestamp(time))
    #expect(found.info.format.textResolution == resolution)
    #expect(found.info.clock.unit == (resolution == 0 ? .ticks : .nanoseconds))
  }

  /// Names of tasks hold what separates fields; every line that is printed is read as what it was made of.
  @Test func hostileNames() throws {
    let pieces = [
      " ", "-1", " [000] ", ": ", ":2 [3]", " ==> ", " prev_pid=1", " pid=5", "=", "[", "]", "(", "#", "x", "CPU:1",
      ">",
      " next_pid=9", " prio=1",
    ]
    var random = SeededGenerator(seed: 5)
    var lines: [String] = []
    for _ in 0..<3000 {
      func name() -> String {
        let text = (0...random.number(1...4)).map { _ in random.element(pieces) }.joined().prefix(15)
        return text.allSatisfy { $0 == " " } ? "x" : String(text.reversed().drop { $0 == " " }.reversed())
      }
      let (a, b) = (name(), name())
      let head = String(repeating: " ", count: 16 - a.count) + a + "-11      [001] d..2. 5.000001: "
      let previous = "prev_comm=\(a) prev_pid=11 prev_prio=120 prev_state=R+"
      lines += [
        "\(head)sched_switch: \(previous) ==> next_comm=\(b) next_pid=12 next_prio=98",
        "\(head)sched_switch: \(a):11 [120] R+ ==> \(b):12 [98]",
      ]
    }
    let events = try read(lines.joined(separator: "\n")).events
    #expect(events.count == lines.count)
    for (event, line) in zip(events, lines) {
      guard event.pid == 11, case .switched(let record) = event.body else {
        Issue.record("\(line) is \(event)")
        continue
      }
      #expect(record.previous.pid == 11 && record.next.pid == 12, "\(line)")
      #expect(record.previousState == .preempted && record.next.priority == Priority(98), "\(line)")
    }
  }

  /// By fields nothing is ambiguous: each name comes back byte for byte, printed for people and raw.
  @Test func hostileNamesComeBackWhole() throws {
    let pieces = [
      " ", "-1", " [000] ", ": ", ":2 [3]", " ==> ", " prev_pid=1", " pid=5", "=", "]", "(", "#", "x", "comm=", "CPU:1",
      " next_pid=9", " prio=1", " pid=5 prio=1", " child_pid=1", "\\", "\"", "\t", "é",
    ]
    var random = SeededGenerator(seed: 8)
    func name() -> Comm {
      let text = (0...random.number(1...4)).map { _ in random.element(pieces) }.joined()
      return Comm(Array(text.utf8.prefix(15)))
    }
    var (lines, expected): ([UInt8], [(Comm, Comm)]) = ([], [])
    for _ in 0..<2000 {
      let (a, b) = (name(), name())
      let head = Array("               t-11      [001] d..2. 5.000001: ".utf8)
      for (state, arrow) in [("D", " ==>"), ("64", ""), ("x", " ==>")] {
        lines += head + Array("sched_switch: prev_comm=".utf8) + a.bytes
        lines += Array(" prev_pid=11 prev_prio=120 prev_state=\(state)\(arrow) next_comm=".utf8) + b.bytes
        lines += Array(" next_pid=12 next_prio=98\n".utf8)
      }
      lines += head + Array("sched_waking: comm=".utf8) + a.bytes + Array(" pid=11 prio=120 target_cpu=001\n".utf8)
      lines += head + Array("sched_migrate_task: comm=".utf8) + a.bytes
      lines += Array(" pid=11 prio=120 orig_cpu=0 dest_cpu=1\n".utf8)
      lines += head + Array("sched_process_fork: comm=".utf8) + a.bytes + Array(" pid=11 child_comm=".utf8) + b.bytes
      lines += Array(" child_pid=12\n".utf8)
      expected += [(a, b), (a, b), (a, b), (a, a), (a, a), (b, b)]
    }
    let found = try read(lines)
    #expect(found.events.count == expected.count && !found.diagnostics.all.contains { $0.kind == .badLine })
    for (event, names) in zip(found.events, expected) {
      switch event.body {
      case .switched(let record):
        #expect(record.previous == TaskSnapshot(pid: 11, priority: Priority(120), comm: names.0))
        #expect(record.next == TaskSnapshot(pid: 12, priority: Priority(98), comm: names.1))
      case .waking(let record):
        #expect(record.task == TaskSnapshot(pid: 11, priority: Priority(120), comm: names.0) && record.targetCPU == 1)
      case .migrated(let task, let from, let to):
        #expect(task == TaskSnapshot(pid: 11, priority: Priority(120), comm: names.0) && from == 0 && to == 1)
      case .forked(let parent, let child, let comm): #expect(parent == 11 && child == 12 && comm == names.0)
      default: Issue.record("\(event)")
      }
    }
  }

  /// Found by fuzzing: each text that was opened left the input buffer of a decompressor that it had no use for.
  @Test func whatIsOpenedIsFreed() throws {
    let line = "          <idle>-0       [000] d..2.    12.000345: sched_wakeup: comm=a pid=7 prio=120 target_cpu=003"
    let file = try ScratchFile(Array(line.utf8))
    // In pages; of the whole process, in which other tests run beside this one.
    func memory() throws -> Int {
      let sizes = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(sizes.split(separator: " ").first.flatMap { Int($0) }) * Int(getpagesize())
    }
    let before = try memory()
    for _ in 0..<8000 { _ = try CaptureReader(path: file.path) }
    // A gigabyte then.
    #expect(try memory() - before < 512 << 20)
  }

  // MARK: Losses

  @Test func lossesStandWhereTheyBegin() throws {
    let found = try read(
      """
      # entries-in-buffer/entries-written: 6/11   #P:2
      ##### CPU 1 buffer started ####
                   a-1       [001] d..2. 1.000001: sched_process_exit: comm=a pid=1 prio=120
                   a-2       [000] d..2. 1.000002: sched_process_exit: comm=a pid=2 prio=120
                   a-1       [001] d..2. 1.000003: sched_process_exit: comm=a pid=1 prio=120
      CPU:0 [LOST 5 EVENTS]
                   a-2       [000] d..2. 1.000004: sched_process_exit: comm=a pid=2 prio=120
      CPU:1 [7 EVENTS DROPPED]
      """)
    let losses = found.events.enumerated().compactMap { place, event -> (Int, SchedEvent, LostEvents)? in
      if case .lost(let loss) = event.body { (place, event, loss) } else { nil }
    }
    // The head says that the buffer was overwritten: CPU 0 begins with its first line.
    #expect(found.events.count == 8 && losses.map(\.0) == [0, 1, 4, 6])
    #expect(losses.map { $0.1.cpu } == [0, 1, 0, 1])
    #expect(losses.map { $0.1.timestamp.rawValue } == [1_000_001_000, 1_000_001_000, 1_000_002_000, 1_000_003_000])
    #expect(losses.map { $0.2.count } == [nil, nil, 5, 7])
    #expect(losses.map { $0.2.isAtStart } == [true, true, false, false])
    #expect(losses.map { $0.2.until?.rawValue } == [1_000_002_000, 1_000_001_000, 1_000_004_000, nil])
    #expect(found.info.cpuCount == 2)
  }

  // MARK: Event maps

  /// A map's fields are looked for by their names; a role that its events have in a text is theirs alone.
  @Test func mapsNameEventsAndFields() throws {
    let map = EventMap(own: [
      EventMap.Entry(
        system: "vendor", name: "mutex_wait", role: .contentionBegan,
        sources: ["lock": .field("mutex"), "flags": .constant(32)]),
      EventMap.Entry(
        system: "vendor", name: "pick", role: .donor,
        sources: ["donor": .field("blocked"), "owner": .field("common_pid")]),
    ])
    let file = try ScratchFile(
      Array(
        """
                       a-1       [000] d..2. 1.000001: mutex_wait: mutex=0xffff888000001000 nr=3
                       a-1       [000] d..2. 1.000002: vendor:pick: prio=3 (blocked=7)
                       a-1       [000] d..2. 1.000003: contention_begin: 0xffff888000002000 (flags=MUTEX)
                       a-1       [000] d..2. 1.000004: mutex_wait: nr=3
        """.utf8))
    var reader = try CaptureReader(path: file.path, events: map)
    var bodies: [EventBody] = []
    while let event = reader.next() { bodies.append(event.body) }
    let expected: [EventBody] = [
      .contentionBegan(lock: LockAddress(0xffff_8880_0000_1000), flags: .mutex), .donorNamed(donor: 7, owner: 1),
      .other,
      .other,
    ]
    #expect(bodies == expected)
    #expect(reader.diagnostics.all.first { $0.kind == .badLine }?.count == 1)
  }

  // MARK: Probes

  /// Lines of a Linux 7.3, by `trace-cmd report` and by the kernel.
  @Test func theExitProbeIsReadByItsKeys() throws {
    let found = try read(
      """
           rcu_preempt-14    [001]    27.855259: exit:                 (ffffffff810838e0) is_switch=1 donor=14 dprio=120 curr=14
                <idle>-0     [001] d..2.    27.855338: proxytrace:exit: (__schedule+0x120/0x9c0) is_switch=0 donor=7 dprio=-1 curr=9
                <idle>-0     [001] d..2.    27.855339: exit: (__schedule+0x120/0x9c0) is_switch=0 donor=7 dprio=-1
      """)
    let expected: [EventBody] = [
      .probedExit(isSwitch: true, donor: 14, donorPriority: Priority(120), curr: 14),
      .probedExit(isSwitch: false, donor: 7, donorPriority: Priority(-1), curr: 9), .other,
    ]
    #expect(found.events.map(\.body) == expected)
    #expect(found.diagnostics.all.first { $0.kind == .badLine }?.count == 1)
    #expect(found.info.events.map(\.role) == [.probedExit, .probedExit])
  }

  // MARK: Marks

  /// `nil`: an event that is no mark.
  private func marks(_ lines: [String]) throws -> [MarkRecord?] {
    let found = try read(
      lines.map { "               a-1       [000] d..2. 1.000001: \($0)" }.joined(separator: "\n"))
    #expect(found.diagnostics.all.map(\.kind) == [.clockUnknown])
    return found.events.map { if case .mark(let mark) = $0.body { mark } else { nil } }
  }

  /// As in a `trace.dat`: a callback with events of its own is not searched for in messages, wherever in the text either is.
  @Test func callbacksWithOwnEventsAreNotSearchedForInMessages() throws {
    let own = "running: (bpf_prog_1+0x10/0x20) pid=7"
    let message = "bpf_trace_printk: running pid=8"
    let stop = "bpf_trace_printk: my_sched: stopping pid=7 runnable=1"
    let (run, other) = (MarkRecord(.running, pid: 7), MarkRecord(.stopping, pid: 7, isRunnable: true))
    #expect(try marks([message, stop]) == [MarkRecord(.running, pid: 8), other])
    #expect(try marks([own, message, stop]) == [run, nil, other])
    #expect(try marks([message, stop, own]) == [nil, other, run])
    #expect(
      try marks([message, own, message, "proxytrace:stopping: pid=7 runnable=0", stop]) == [
        nil, run, nil, MarkRecord(.stopping, pid: 7, isRunnable: false), nil,
      ])
  }

  /// Only the whole text tells which callbacks have events of their own: where it was not scanned, reading starts over.
  @Test func mixedMarksRestartTheReading() throws {
    let event = "               a-1       [000] d..2. 1.000001: "
    let filler = Array(repeating: event + "sched_process_exit: comm=a pid=1 prio=120", count: 100)
    let (own, message) = (event + "running: (0) pid=7", event + "bpf_trace_printk: running pid=8")
    for (lines, begins) in [
      ([message] + filler, 1), ([own] + filler, 1), ([message] + filler + [own], 2), ([own] + filler + [message], 2),
      ([own] + filler + [event + "bpf_trace_printk: stopping pid=8"], 1),
    ] {
      let file = try ScratchFile(Array(lines.joined(separator: "\n").utf8))
      for chunkSize in [500, 128 << 10] {
        let found = try readUnscanned(file.path, chunkSize: chunkSize).begins
        #expect(found == begins)
      }
    }
  }

  // MARK: Damage

  @Test func damagedLinesAreCounted() throws {
    let good = "           a-1       [000] d..2. 1.000001: sched_process_exit: comm=a pid=1 prio=120"
    let found = try read(
      [
        good, "hello, I see this here:", good, "           a-1       [000] d..2. 1.0000",
        "           a-1       [000] d..2. 1.000002: sched_switch: prev_comm=a prev_pid=1 prev_pr", "", "# comment",
        String(repeating: "x", count: 200_000), good,
      ].joined(separator: "\n"))
    // What is not known for want of the two that cannot be read is a loss each, of their CPU.
    #expect(found.events.count == 6 && found.events.count { $0.loss != nil } == 2)
    #expect(found.diagnostics.all.first { $0.kind == .foreignLine }?.count == 2)
    #expect(found.diagnostics.all.first { $0.kind == .tornLine }?.count == 1)
    #expect(found.diagnostics.all.first { $0.kind == .foreignLine }?.offset == UInt64(good.utf8.count + 1))
    #expect(found.diagnostics.all.first { $0.kind == .badLine }?.count == 1)
  }

  @Test(arguments: ["", "hello\n", "\0\0\0\0", "# tracer: nop\n#\n"])
  func whatHasNoEventIsNoTrace(text: String) {
    #expect {
      _ = try read(text)
    } throws: {
      ($0 as? TraceError)?.reason == .notATrace
    }
  }

  // MARK: Compressed

  @Test(arguments: ["gzip", "zstd"])
  func compressedTextIsTheSame(program: String) throws {
    let path = RecordedCapture.fixture("text/kernel-text.trace.txt")
    let plain = try read(Array(try Data(contentsOf: URL(filePath: path))))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program, "-c", path]
    let output = try ScratchFile([])
    process.standardOutput = FileHandle(forWritingAtPath: output.path)
    try process.run()
    process.waitUntilExit()
    let bytes = try output.content()
    let packed = try read(bytes)
    #expect(packed.events == plain.events && plain.events.count == 2037)
    #expect(packed.info.format.compression == program)
    // A cut one gives what it has.
    let cut = try read(Array(bytes.prefix(bytes.count / 2)))
    #expect(!cut.events.isEmpty && cut.events.count < plain.events.count)
    #expect(cut.diagnostics.all.contains { $0.kind == .unreadableChunk })
  }
}
