import Glibc

// What is looked for in tracefs itself, and what a recording would cost.
extension Doctor {
  private var tracefs: String? { readme == nil ? nil : system.tracefs }

  // MARK: Events and probes

  var eventsRow: DoctorRow? {
    guard tracefs != nil else { return nil }
    let missing = WantedEvent.all.filter { $0.matters && !events.contains($0.text) }
    let why = "what is recorded"
    if missing.contains(where: \.isRequired) {
      return DoctorRow(
        "events", .blocks, "sched:sched_switch is missing", why: why,
        remedy: "build the kernel with CONFIG_EVENT_TRACING=y")
    }
    if missing.isEmpty { return DoctorRow("events", .good, "all there", why: why) }
    return DoctorRow(
      "events", .limits, "missing: " + missing.map(\.text).joined(separator: ", "),
      why: missing.map(\.loss).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(
        separator: "; "),
      remedy: "lock events need Linux 5.19")
  }

  var releaseRow: DoctorRow? {
    guard tracefs != nil else { return nil }
    let why = "it names the owner of a lock when it unlocks; without it owners show by whom they wake"
    guard events.contains("lock:contended_release") else {
      return DoctorRow("contended_release", .limits, "missing", why: why, remedy: "Linux 7.2 has it")
    }
    guard kernel.version >= (7, 3) else { return DoctorRow("contended_release", .good, "there", why: why) }
    return DoctorRow(
      "contended_release", .good, "there, for spinlocks too",
      why: why + "; from 7.3 on it fires for every contended spinlock, which takes room")
  }

  /// The best set that the kernel is likely to take.
  var probeSet: ProbeSet {
    ProbeSet.allCases.first { support(of: $0).isLikely } ?? .none
  }

  private func support(of set: ProbeSet) -> ProbeSupport {
    guard let readme else {
      // Without root, or where tracefs is not mounted: by the types alone, which everybody may read.
      switch set {
      case .exact where kernel.btf?.hasFunction("__probestub_sched_exit_tp") == true && kernel.version >= (7, 3):
        return .likely
      case .switches where kernel.btf?.offset(of: "blocked_donor", in: "task_struct") != nil: return .likely
      case .none: return .likely
      default: return .impossible(geteuid() == 0 ? "not known without tracefs" : "not known without root")
      }
    }
    return ProbeFacts(readme: readme, events: events, btf: kernel.btf).support(of: set)
  }

  var probesRow: DoctorRow {
    let set = probeSet
    let reasons = ProbeSet.allCases.prefix { $0 != set }.compactMap { better -> String? in
      guard case .impossible(let reason) = support(of: better) else { return nil }
      return "\(better.rawValue): \(reason)"
    }
    let confidence: DoctorRow.Confidence = readme == nil ? .unknown : .likely
    let found = (["\(set.rawValue)"] + (reasons.isEmpty ? [] : ["not " + reasons.joined(separator: "; not ")]))
    return DoctorRow(
      "probes", set == .none ? .limits : .good, found.joined(separator: ", "), why: "loss of accuracy: \(set.loss)",
      remedy: set == .exact ? "" : "Linux 7.3 with CONFIG_PROBE_EVENTS_BTF_ARGS has the exact probe",
      confidence: confidence)
  }

  var clockRow: DoctorRow? {
    guard let tracefs, let text = KernelFile.text("\(tracefs)/trace_clock") else { return nil }
    let names = text.split(whereSeparator: { " []\n".contains($0) })
    let why = "records of all CPUs in one order"
    if names.contains("mono") { return DoctorRow("clock", .good, "mono", why: why) }
    return DoctorRow(
      "clock", .limits, "no mono clock; global is used", why: why + "; times cannot be held against other logs")
  }

  // MARK: Room

  /// Bytes that a context switch costs: its own record, two of the wakeup, the probe's, and some of locks.
  private static let bytesPerSwitch = 200.0

  var bufferRow: DoctorRow? {
    let cpus = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    guard let before = contextSwitches else { return nil }
    let start = Clock.now()
    usleep(100_000)
    guard let after = contextSwitches, after >= before else { return nil }
    let switches = Double(after - before) / (Clock.now() - start)
    let rate = switches * Self.bytesPerSwitch / Double(cpus)
    let seconds = Double(BufferSizer.firstSize) * 1024 / max(rate, 1)
    return DoctorRow(
      "rate", .good,
      "\(Int(switches)) context switches a second now: about \(Int(rate / 1024)) KB/s on each of \(cpus) CPUs",
      why:
        "a buffer of \(BufferSizer.firstSize) KB, the first choice, lasts \(seconds > 999 ? "many" : String(Int(seconds))) s unread; record enlarges it when the rate grows",
      remedy: seconds < 1 ? "begin with larger buffers: record -b \(BufferSizer.firstSize * 4)" : "",
      confidence: .likely)
  }

  private var contextSwitches: UInt64? {
    system.text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("ctxt ") }.flatMap {
      UInt64($0.dropFirst(5))
    }
  }

  var usersRow: DoctorRow? {
    guard let tracefs else { return nil }
    var users: [String] = []
    let tracer = KernelFile.text("\(tracefs)/current_tracer").map(KernelFile.trimmed) ?? "nop"
    if tracer != "nop" { users.append("tracer \(tracer)") }
    let enabled = (KernelFile.text("\(tracefs)/set_event") ?? "").split(separator: "\n").count
    if enabled > 0 { users.append("\(enabled) event\(enabled == 1 ? "" : "s") in the top buffer") }
    let instances = KernelFile.names(in: "\(tracefs)/instances").filter { RecorderName($0) == nil }
    if !instances.isEmpty { users.append("instances " + instances.joined(separator: ", ")) }
    let alive = Removal.recorders(in: tracefs).filter { $0.isAlive }
    if !alive.isEmpty { users.append("proxytrace record, pid " + alive.map { String($0.pid) }.joined(separator: ", ")) }
    let why = "record uses an instance of its own and disturbs nobody; but each costs time at every event"
    return DoctorRow(
      "other tracing", users.isEmpty ? .good : .note, users.isEmpty ? "none" : users.joined(separator: "; "), why: why)
  }

  var leftoverRow: DoctorRow? {
    guard let tracefs else { return nil }
    let dead = Removal.recorders(in: tracefs).filter { !$0.isAlive }
    let why = "a recorder and its helper that were both killed leave their instance recording"
    guard !dead.isEmpty else { return DoctorRow("left behind", .good, "nothing", why: why) }
    return DoctorRow(
      "left behind", .note, dead.map(\.text).joined(separator: ", "), why: why, remedy: "proxytrace doctor --clean")
  }

  private static let littleRoom: UInt64 = 1 << 30

  var diskRow: DoctorRow? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    return DoctorRow(
      "disk", free < Self.littleRoom ? .note : .good, "\(free >> 20) MB free in \(folder)",
      why: "a full disk ends a recording",
      remedy: free < Self.littleRoom ? "write elsewhere: record -o FILE" : "")
  }
}
