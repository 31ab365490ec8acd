import Glibc
import TraceCore

// The recording itself: visits to the ring buffers, until something ends it.
extension Session {
  /// Seconds between two visits.
  private static let interval = 0.1
  /// The same with a threshold: as late as this it is noticed.
  private static let watchInterval = 0.02
  /// Seconds between two looks at losses.
  private static let lookInterval = 0.5

  /// - Parameter program: Where the command is; `nil` where there is none.
  mutating func run(
    _ program: String?, _ signals: borrowing StopSignals, _ progress: (RecordProgress) -> Void
  ) throws(CaptureError) -> RecordSummary {
    let begin = Clock.now()
    try watcher?.begin()
    try instance.tracefs.write("1", to: "tracing_on")
    var child: pid_t?
    if let program { child = try ChildProcess.spawn(program, options.command, output: .inherited) }
    var follow = Follow(begin: begin, looked: begin)
    var end: RecordSummary.End?
    while end == nil {
      signals.sleep(pause(begin))
      end = reason(signals, begin, &child)
      visit(&follow)
      end = end ?? outputProblem()
      if end == nil { end = watch(child) }
      if Clock.now() - follow.looked >= Self.lookInterval { progress(look(&follow)) }
    }
    let stopped = Clock.nanoseconds()
    try? instance.tracefs.write("0", to: "tracing_on")
    watcher?.end()
    stop(child, end)
    return try finish(end ?? .interrupted, since: begin, stopped: stopped)
  }

  private func pause(_ begin: Double) -> Double {
    let interval = options.threshold == nil ? Self.interval : Self.watchInterval
    return options.duration.map { min(interval, max(0, begin + $0 - Clock.now())) } ?? interval
  }

  /// Whether it is over.
  private func reason(_ signals: borrowing StopSignals, _ begin: Double, _ child: inout pid_t?) -> RecordSummary.End? {
    if signals.hasCome { return .interrupted }
    if let pid = child {
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid {
        child = nil
        return .commandEnded(status: ChildProcess.decode(status))
      }
    }
    if let duration = options.duration, Clock.now() - begin >= duration { return .timeIsUp }
    return nil
  }

  private func outputProblem() -> RecordSummary.End? {
    drains.lazy.compactMap(\.writeProblem).first.map {
      .outputFailed(CaptureError(options.output, $0.problem, advice: $0.advice, code: $0.code))
    }
  }

  private func watch(_ child: pid_t?) -> RecordSummary.End? {
    guard let watcher, let wait = watcher.look() else { return nil }
    return watcher.act(on: wait, child, note) ? .threshold(pid: wait.pid, wait: wait.wait) : nil
  }

  /// A command that is left alone goes on; one whose recorder was stopped is stopped as well, as perf does.
  private func stop(_ child: pid_t?, _ end: RecordSummary.End?) {
    guard let child else { return }
    if end == .interrupted {
      kill(child, SIGTERM)
      ChildProcess.wait(child)
    } else {
      note("the command goes on without being recorded: pid \(child)")
    }
  }

  // MARK: Visits

  /// What a recording knows of itself between two looks.
  struct Follow {
    var begin: Double
    var looked: Double
    var bytes = 0
    var lost: UInt64 = 0
    var kept: Double?
  }

  private mutating func visit(_ follow: inout Follow) {
    guard options.keeps == nil else { return }
    var busiest = 0
    for drain in drains { busiest = max(busiest, drain.drain(through: pipe, pageSize: pageSize)) }
    if let size = sizer.see(bytes: busiest) { resize(size) }
  }

  private mutating func resize(_ size: Int) {
    do throws(CaptureError) {
      try instance.tracefs.write(String(size), to: "buffer_size_kb")
    } catch {
      if !problems.contains(where: { $0.hasPrefix("buffers: ") }) { problems.append("buffers: \(error.problem)") }
    }
  }

  private mutating func look(_ follow: inout Follow) -> RecordProgress {
    let statistics = drains.compactMap { instance.statistics($0.cpu) }
    let bytes = drains.reduce(0) { $0 + $1.count }
    let now = Clock.now()
    let rate = Double(bytes - follow.bytes) / max(now - follow.looked, 1e-3)
    if let wanted = options.keeps {
      // One that has overwritten nothing holds everything.
      follow.kept = statistics.filter { $0.overrun > 0 }.compactMap(\.kept).min()
      if let kept = follow.kept, let size = sizer.see(kept: kept, wanted: wanted) { resize(size) }
    } else {
      follow.lost = statistics.reduce(0) { $0 + $1.lost }
    }
    (follow.looked, follow.bytes) = (now, bytes)
    return RecordProgress(
      seconds: now - follow.begin, bytes: bytes, rate: rate, lostEvents: follow.lost, kept: follow.kept)
  }

  // MARK: The end

  private mutating func finish(
    _ end: RecordSummary.End, since begin: Double, stopped: UInt64
  ) throws(CaptureError) -> RecordSummary {
    let duration = Double(stopped) / 1e9 - begin
    var statistics: [CPUStatistics] = []
    for drain in drains {
      let trim = options.keeps.map { PageTrim(from: stopped - min(stopped, UInt64($0 * 1e9))) }
      if case .outputFailed = end {} else { drain.finish(through: pipe, pageSize: pageSize, trim: trim) }
      if let counts = instance.statistics(drain.cpu) { statistics.append(counts) }
      if let problem = drain.readProblem { problems.append("\(problem.place): \(problem.problem)") }
    }
    for drain in drains {
      if let counts = instance.statistics(drain.cpu) {
        file.put(option: .cpuStat, text: "CPU: \(drain.cpu)\n\(counts.text)\n")
      }
    }
    var end = end
    if let failed = outputProblem() { end = failed }
    tasks.look(system)
    try file.put(section: .commandLines, "command lines", TraceMetadata.commandLines(tracefs, tasks))
    addFinalFacts()
    if let problem = try file.put(pages: drains.map(\.pages), clock: clock) { end = .outputFailed(problem) }
    try file.finish()
    let lost = options.keeps == nil ? statistics.reduce(0) { $0 + $1.lost } : 0
    return RecordSummary(
      end: end, probes: probes.set, refusals: probes.refusals, duration: duration,
      bytes: drains.reduce(0) { $0 + $1.count }, lostEvents: lost, problems: problems)
  }

  private mutating func addFinalFacts() {
    // A scheduler may have come, or gone, meanwhile.
    let state = SchedExtState(system)
    if state != kernel.schedExt {
      facts.add("sched_ext.state.end", state?.state)
      facts.add("sched_ext.ops.end", state?.scheduler)
      facts.add("sched_ext.flags.end", state?.flags.map { "0x" + String($0, radix: 16) })
    }
    facts.add("cgroups", tasks.cgroupText)
    for item in facts.items {
      file.put(option: .machineFact, Array("proxytrace\0\(item.key)\0".utf8) + item.value)
    }
  }
}
