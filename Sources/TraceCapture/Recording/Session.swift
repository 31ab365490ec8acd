import Glibc
import TraceCore

/// A recording from its first change of tracefs to its complete file.
struct Session {
  let options: RecordOptions
  let system: SystemPaths
  let tracefs: String
  let kernel: KernelFacts
  let instance: LiveInstance
  let clock: String
  let pageSize: Int
  let probes: ProbeInstaller.Installed
  let pipe: Pipe
  let note: (String) -> Void
  let file: TraceDatFile
  var facts = SideFacts()
  var tasks = TaskCensus()
  var drains: [CPUDrain] = []
  var sizer: BufferSizer
  var watcher: Watcher?
  var problems: [String] = []

  init(
    _ options: RecordOptions, _ system: SystemPaths, _ tracefs: String, _ name: RecorderName,
    _ note: @escaping (String) -> Void
  ) throws(CaptureError) {
    (self.options, self.system, self.tracefs, self.note) = (options, system, tracefs, note)
    kernel = KernelFacts(system)
    let available = Set((KernelFile.text("\(tracefs)/available_events") ?? "").split(separator: "\n").map(String.init))
    guard available.contains("sched:sched_switch") else {
      throw CaptureError(
        "\(tracefs)/available_events", "does not have sched:sched_switch",
        advice: "proxytrace doctor says what this kernel offers")
    }
    let readme = KernelFile.text("\(tracefs)/README") ?? ""
    instance = try LiveInstance(tracefs, named: name.text)
    clock = try instance.chooseClock()
    pageSize = instance.pageSize
    file = try TraceDatFile(options.output, pageSize: pageSize, compression: options.compression)
    let cpus = instance.cpus
    sizer = BufferSizer(fixed: options.bufferSize, cpus: cpus.count, memory: Self.memory(system))
    try instance.tracefs.write(String(sizer.size), to: "buffer_size_kb")
    try Self.choose(options, instance.tracefs, cpus, system)
    probes = try ProbeInstaller(tracefs, name, ProbeFacts(readme: readme, events: available, btf: kernel.btf))
      .install(options.probes)
    pipe = try Pipe()
    for refusal in probes.refusals where options.probes == .auto { note(refusal) }
    let events = try Self.enable(available, kernel, probes, name, instance.tracefs)
    try openCPUs(cpus)
    if let threshold = options.threshold {
      watcher = try Watcher(tracefs, name.watchText, clock: clock, threshold)
    }
    try describe(events)
  }

  /// KB of memory that can be had.
  private static func memory(_ system: SystemPaths) -> Int {
    let line = system.text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 1 << 20
  }

  /// Which tasks and CPUs are recorded.
  private static func choose(
    _ options: RecordOptions, _ tracefs: TraceFS, _ cpus: [Int], _ system: SystemPaths
  ) throws(CaptureError) {
    if !options.cpus.isEmpty {
      guard options.cpus.allSatisfy(cpus.contains) else {
        throw CaptureError(
          "-C", "the machine does not have all of these CPUs",
          advice: "it has \(cpus.map(String.init).joined(separator: ","))")
      }
      try tracefs.write(CPUMask.text(options.cpus), to: "tracing_cpumask")
    }
    guard !options.pids.isEmpty else { return }
    var all: [Int32] = []
    for pid in options.pids {
      // All threads of a process; a thread's number alone is that thread.
      let threads = KernelFile.names(in: system.path("/proc/\(pid)/task")).compactMap { Int32($0) }
      guard !threads.isEmpty else {
        throw CaptureError("-p \(pid)", "there is no such process", advice: "name one that runs")
      }
      all += threads
    }
    try tracefs.write(all.map(String.init).joined(separator: " "), to: "set_event_pid")
    if options.followsChildren { try tracefs.write("1", to: "options/event-fork") }
  }

  private static func enable(
    _ available: Set<String>, _ kernel: KernelFacts, _ probes: ProbeInstaller.Installed, _ name: RecorderName,
    _ tracefs: TraceFS
  ) throws(CaptureError) -> [TraceMetadata.Event] {
    var events: [TraceMetadata.Event] = []
    let wanted = WantedEvent.all + (kernel.schedExt == nil ? [] : [WantedEvent.marks])
    for event in wanted where available.contains(event.text) {
      try tracefs.enable(event.system, event.name)
      events.append(TraceMetadata.Event(system: event.system, name: event.name, shownSystem: event.system))
    }
    for probe in probes.names {
      try tracefs.enable(name.text, probe)
      // The group's name says who records; in the file it would only be in the way.
      events.append(TraceMetadata.Event(system: name.text, name: probe, shownSystem: "proxytrace"))
    }
    return events
  }

  private mutating func openCPUs(_ cpus: [Int]) throws(CaptureError) {
    for cpu in cpus where options.cpus.isEmpty || options.cpus.contains(cpu) {
      do throws(CaptureError) {
        drains.append(
          try CPUDrain(cpu: cpu, "\(instance.path)/per_cpu/cpu\(cpu)/trace_pipe_raw", output: options.output))
      } catch {
        // One that has gone, or never came.
        guard [ENODEV, ENOENT, ENXIO].contains(error.code) else { throw error }
        problems.append("CPU \(cpu): is not recorded: \(error.problem)")
      }
    }
    if drains.isEmpty {
      throw CaptureError(
        "\(instance.path)/per_cpu", "has no CPU to record", advice: "name CPUs that are online with -C")
    }
  }

  /// Writes what is known before the first event.
  private mutating func describe(_ events: [TraceMetadata.Event]) throws(CaptureError) {
    try file.put(section: .headerInfo, "headers", TraceMetadata.headerInfo(tracefs))
    try file.put(section: .ftraceEvents, "ftrace events", TraceMetadata.ftraceEvents(tracefs))
    try file.put(section: .eventFormats, "events format", TraceMetadata.eventFormats(instance.path, events))
    try file.put(section: .kallsyms, "kallsyms", TraceMetadata.kallsyms(system))
    try file.put(section: .printk, "printk", TraceMetadata.printkFormats(tracefs))
    file.put(option: .traceClock, text: instance.tracefs.read("trace_clock") ?? "[\(clock)]")
    file.put(option: .uname, text: kernel.uname)
    file.put(option: .version, text: options.recorder)
    var count: [UInt8] = []
    count.put(UInt32((instance.cpus.last ?? 0) + 1))
    file.put(option: .cpuCount, count)
    facts.add(kernel, system)
    facts.add("probes", probes.set.rawValue)
    facts.add("probes.refused", probes.refusals.joined(separator: "\n"))
    facts.add("filter", options.filterText)
    facts.add("mode", options.keeps.map { "snapshot \($0)" } ?? "stream")
    facts.add("command", options.command.joined(separator: " "))
    tasks.look(system)
    try file.keepRoom()
  }
}

extension RecordOptions {
  /// Which tasks and CPUs are in the capture; empty = all.
  var filterText: String {
    var parts: [String] = []
    if !pids.isEmpty {
      parts.append(
        "pid=" + pids.map(String.init).joined(separator: ",") + (followsChildren ? " and their children" : ""))
    }
    if !cpus.isEmpty { parts.append("cpu=" + cpus.map(String.init).joined(separator: ",")) }
    return parts.joined(separator: " ")
  }
}

/// Sets of CPUs as the kernel reads them: words of 32 bits in hexadecimal, the highest first.
enum CPUMask {
  static func text(_ cpus: [Int]) -> String {
    var words = [UInt32](repeating: 0, count: (cpus.max() ?? 0) / 32 + 1)
    for cpu in cpus { words[cpu / 32] |= 1 << (cpu % 32) }
    return words.reversed().map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined(separator: ",")
  }
}
