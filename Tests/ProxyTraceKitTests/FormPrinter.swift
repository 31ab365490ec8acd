import TraceCore
import TraceTestKit

/// Prints events in the forms in which they travel, for tests: a printer that shares nothing with the reader.
struct FormPrinter {
  /// Without losses.
  let events: [SchedEvent]
  /// How many records of its CPU are missing before an event, by the event's place.
  let losses: [Int: Int]
  private let names: [Pid: Comm]

  /// - Parameters:
  ///   - events: Without losses. Times are cut to microseconds, which every form has.
  ///   - losses: Before how many events records are missing.
  init(_ events: [SchedEvent], losses: Int = 0) {
    // No two events of one microsecond: which of them a form has first would be chance.
    var last: UInt64 = 0
    self.events = events.map { event in
      var event = event
      last = max(event.timestamp.rawValue / 1000 * 1000, last + 1000)
      event.timestamp = Timestamp(last)
      return event
    }
    var names: [Pid: Comm] = [:]
    for event in events {
      guard case .switched(let record) = event.body else { continue }
      names[record.previous.pid] = record.previous.comm
      names[record.next.pid] = record.next.comm
    }
    self.names = names
    let places = (0..<losses).map { (events.count * (2 * $0 + 1) / (2 * losses), $0 + 1) }
    self.losses = Dictionary(places, uniquingKeysWith: +)
  }

  /// The lines of all events, and those that say what is missing.
  private func lines(
    loss: (SchedEvent, Int) -> String = { "CPU:\($0.cpu) [LOST \($1) EVENTS]" }, _ line: (SchedEvent, Int) -> [String]
  ) -> [String] {
    events.indices.flatMap { index in
      (losses[index].map { [loss(events[index], $0)] } ?? []) + line(events[index], index)
    }
  }

  // MARK: Columns

  func name(_ event: SchedEvent) -> String {
    event.pid == 0 ? "<idle>" : names[event.pid].map { "\($0)" } ?? "<...>"
  }

  func padded(_ text: String, _ width: Int, left: Bool = true) -> String {
    let fill = String(repeating: " ", count: max(0, width - text.utf8.count))
    return left ? fill + text : text + fill
  }

  func number(_ value: Int32, digits: Int = 3) -> String {
    String(repeating: "0", count: max(0, digits - "\(value)".count)) + "\(value)"
  }

  func seconds(_ event: SchedEvent) -> String {
    let micros = event.timestamp.rawValue / 1000
    return "\(micros / 1_000_000)." + String("\(1_000_000 + micros % 1_000_000)".dropFirst())
  }

  func flags(_ event: SchedEvent) -> String {
    let context = event.context
    let interrupt =
      context.contains(.nmi)
      ? "z"
      : context.contains([.hardirq, .softirq])
        ? "H" : context.contains(.hardirq) ? "h" : context.contains(.softirq) ? "s" : "."
    return (context.contains(.irqsOff) ? "d" : ".") + (context.contains(.needResched) ? "N" : ".") + interrupt + ".."
  }

  /// As the kernel prints fields.
  func fields(_ event: SchedEvent) -> (system: String, name: String, text: String) {
    func task(_ task: TaskSnapshot) -> String { "comm=\(task.comm) pid=\(task.pid) prio=\(task.priority.rawValue)" }
    func wake(_ record: WakeRecord) -> String { "\(task(record.task)) target_cpu=\(number(record.targetCPU))" }
    func hex(_ lock: LockAddress) -> String { "0x" + String(lock.rawValue, radix: 16) }
    switch event.body {
    case .switched(let it):
      let state = String(decoding: [it.previousState.code], as: UTF8.self) + (it.previousState.isPreempted ? "+" : "")
      let previous =
        "prev_comm=\(it.previous.comm) prev_pid=\(it.previous.pid) prev_prio=\(it.previous.priority.rawValue)"
      let next = "next_comm=\(it.next.comm) next_pid=\(it.next.pid) next_prio=\(it.next.priority.rawValue)"
      return ("sched", "sched_switch", "\(previous) prev_state=\(state) ==> \(next)")
    case .waking(let it): return ("sched", "sched_waking", wake(it))
    case .wakeup(let it): return ("sched", "sched_wakeup", wake(it))
    case .wakeupNew(let it): return ("sched", "sched_wakeup_new", wake(it))
    case .migrated(let it, let from, let to):
      return ("sched", "sched_migrate_task", "\(task(it)) orig_cpu=\(from) dest_cpu=\(to)")
    case .forked(let parent, let child, let comm):
      return ("sched", "sched_process_fork", "comm=x pid=\(parent) child_comm=\(comm) child_pid=\(child)")
    case .executed(let pid, let old):
      return ("sched", "sched_process_exec", "filename=/bin/x pid=\(pid) old_pid=\(old)")
    case .exited(let it): return ("sched", "sched_process_exit", task(it))
    case .renamed(let pid, let comm):
      return ("task", "task_rename", "pid=\(pid) oldcomm=x newcomm=\(comm) oom_score_adj=0")
    case .inheritedPriority(let pid, let comm, let from, let to):
      return ("sched", "sched_pi_setprio", "comm=\(comm) pid=\(pid) oldprio=\(from.rawValue) newprio=\(to.rawValue)")
    case .contentionBegan(let lock, let flags):
      let names =
        [(1, "SPIN"), (2, "READ"), (4, "WRITE"), (8, "RT"), (16, "PERCPU"), (32, "MUTEX")] as [(UInt32, String)]
      let text = names.filter { flags.rawValue & $0.0 != 0 }.map(\.1).joined(separator: "|")
      return ("lock", "contention_begin", "\(hex(lock)) (flags=\(text))")
    case .contentionEnded(let lock, let result): return ("lock", "contention_end", "\(hex(lock)) (ret=\(result))")
    case .contendedRelease(let lock): return ("lock", "contended_release", hex(lock))
    default: return ("", "another_event", "x=1")
    }
  }

  // MARK: Lines

  /// The kernel's `trace`.
  var kernel: [String] { lines { event, _ in [kernel(event)] } }

  /// Where the ring buffer did not count what it lost.
  var kernelWithoutCounts: [String] {
    func loss(_ event: SchedEvent, _: Int) -> String { "CPU:\(event.cpu) [LOST EVENTS]" }
    return lines(loss: loss) { event, _ in [kernel(event)] }
  }

  /// - Parameters:
  ///   - group: Behind the pid.
  ///   - difference: Behind the time.
  private func kernel(_ event: SchedEvent, group: String = "", difference: String = "") -> String {
    let (_, name, text) = fields(event)
    let task = "\(padded(self.name(event), 16))-\(padded("\(event.pid)", 7, left: false))\(group)"
    return
      "\(task) [\(number(event.cpu))] \(flags(event)) \(padded(seconds(event), 12)): \(difference)\(name): \(text)"
  }

  /// `trace-cmd report --ts-diff`, with flags.
  var differences: [String] {
    lines { event, index in
      let before = index == 0 ? event : events[index - 1]
      let step = (event.timestamp.rawValue - before.timestamp.rawValue) / 1000
      return [kernel(event, difference: index == 0 ? "" : "(+\(step)) ")]
    }
  }

  /// With the option record-tgid.
  var groups: [String] {
    lines { event, _ in [kernel(event, group: event.pid % 3 == 0 ? " (-------)" : " (\(padded("\(event.pid)", 7)))")] }
  }

  /// The latency format, which `ftrace_dump()` prints.
  var latency: [String] {
    lines { event, _ in
      let (_, name, text) = fields(event)
      let task = "\(padded(String(self.name(event).prefix(8)), 8))-\(padded("\(event.pid)", 7, left: false))"
      let time = padded("\(event.timestamp.rawValue / 1000)", 8)
      return ["\(task) \(padded("\(event.cpu)", 3))\(flags(event)) \(time)us : \(name): \(text)"]
    }
  }

  /// The function_graph tracer's with the options funcgraph-abstime, funcgraph-proc and latency-format: functions, and events in comments.
  var graph: [String] {
    [
      "# tracer: function_graph", "#",
      "#     TIME        CPU  TASK/PID       ||||   DURATION                  FUNCTION CALLS",
    ]
      + lines { event, index in
        let (_, name, text) = fields(event)
        let head =
          " \(padded(seconds(event), 12)) |  \(padded("\(event.cpu)", 2)))  \(padded(String(self.name(event).prefix(7)), 7))"
          + "-\(padded("\(event.pid)", 6, left: false)) |  \(flags(event)) |"
        let line = "\(head)               |  /* \(name): \(text) */"
        switch index % 4 {
        case 0: return ["\(head)               |  mutex_lock() {", line]
        case 1: return ["\(head)   0.318 us    |    mutex_unlock();", line]
        case 2: return ["\(head) + 12.062 us   |  } /* mutex_lock */", line]
        default: return [line]
        }
      }
  }

  func wrapped(_ width: Int, quote: String) -> [String] { MailText.wrapped(kernel, width, quote: quote) }

  /// The rest of a wrapped line has moved to the right.
  func indented(_ width: Int) -> [String] {
    kernel.flatMap { line in
      MailText.wrapped([line], width, quote: "").enumerated().map { ($0.offset == 0 ? "" : "        ") + $0.element }
    }
  }

  func cut(_ width: Int) -> [String] { MailText.cut(kernel, width) }

  /// A backslash says that a line goes on.
  func continued(_ width: Int) -> [String] {
    kernel.flatMap { line in
      let pieces = MailText.cut([line], width)
      return pieces.dropLast().map { $0 + "\\" } + pieces.suffix(1)
    }
  }

  /// `journalctl -o json`.
  var records: [String] {
    kernel.map { line in
      let text = line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(">", with: "\\u003e")
      return "{\"_HOSTNAME\":\"box\",\"MESSAGE\":\"\(text)\",\"PRIORITY\":\"4\"}"
    }
  }

  var quotedPrintable: [String] {
    kernel.flatMap { line -> [String] in
      var (lines, rest): ([String], Substring) = ([], line.replacing("=", with: "=3D")[...])
      while rest.count > 70 {
        var piece = rest.prefix(70)
        while piece.hasSuffix("=") || piece.dropLast().hasSuffix("=") { piece = piece.dropLast() }
        lines.append(piece + "=")
        rest = rest.dropFirst(piece.count)
      }
      return lines + [String(rest)]
    }
  }

  var string: [String] {
    ["# tracer: nop\\n\\"] + kernel.map { $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\\n\\" }
  }

  var page: [String] {
    ["<pre>"]
      + kernel.map { $0.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;") } + [
        "</pre>"
      ]
  }

  /// `perf script`.
  func perf(period: Bool = false, pids: Bool = false, stacks: Bool = false, isShort: Bool = false, names: Bool = true)
    -> [String]
  {
    func head(_ event: SchedEvent) -> String {
      let comm = event.pid == 0 ? "swapper" : self.names[event.pid].map { "\($0)" } ?? ":\(event.pid)"
      let task = pids ? "\(event.pid)/\(event.pid)" : padded("\(event.pid)", 5)
      return "\(names ? padded(comm, 16) + " " : "")\(task) [\(number(event.cpu))] \(padded(seconds(event), 12)): "
    }
    func loss(_ event: SchedEvent, _ count: Int) -> String { "\(head(event))PERF_RECORD_LOST lost \(count)" }
    return lines(loss: loss) { event, _ in
      let (system, name, text) = fields(event)
      let event =
        "\(head(event))\(period ? "         1 " : "")"
        + "\(padded("\(system.isEmpty ? "x" : system):\(name)", 20)): \(isShort ? shortFields(event) ?? text : text)"
      return stacks ? [event, "        ffffffff8100abcd schedule+0x2a ([kernel.kallsyms])", ""] : [event]
    }
  }

  /// As trace-cmd's scheduler plugin prints fields.
  private func shortFields(_ event: SchedEvent) -> String? {
    func task(_ task: TaskSnapshot) -> String { "\(task.comm):\(task.pid) [\(task.priority.rawValue)]" }
    switch event.body {
    case .switched(let it):
      let state = String(decoding: [it.previousState.code], as: UTF8.self) + (it.previousState.isPreempted ? "+" : "")
      return "\(task(it.previous)) \(state) ==> \(task(it.next))"
    case .waking(let it), .wakeup(let it), .wakeupNew(let it): return "\(task(it.task)) CPU:\(number(it.targetCPU))"
    default: return nil
    }
  }
}
