import Glibc

/// A buffer instance that a recorder has made for itself. The ``Restorer`` removes it.
struct LiveInstance {
  let tracefs: TraceFS
  var path: String { tracefs.path }

  /// The kernel fills the folder before `mkdir` returns; whatever else stands for a tracefs has this long.
  private static let patience = 5.0

  init(_ folder: String, named name: String) throws(CaptureError) {
    let path = "\(folder)/instances/\(name)"
    guard mkdir(path, 0o750) == 0 else { throw .kernel(errno, path, "made") }
    let end = Clock.now() + Self.patience
    while !KernelFile.exists(path + "/tracing_on"), Clock.now() < end { usleep(500) }
    tracefs = try TraceFS(folder, instance: name)
    try tracefs.write("0", to: "tracing_on")
    // An instance begins with the options of the top one. Lost events are counted only where old ones are overwritten.
    if tracefs.read("options/overwrite") != nil { try tracefs.write("1", to: "options/overwrite") }
  }

  /// The clock that is used: mono, or global on kernels without it.
  func chooseClock() throws(CaptureError) -> String {
    do throws(CaptureError) {
      try tracefs.write("mono", to: "trace_clock")
      return "mono"
    } catch {
      try tracefs.write("global", to: "trace_clock")
      return "global"
    }
  }

  /// Size of a page of the ring buffer, in bytes.
  var pageSize: Int {
    // Linux 6.8 and later; before, and by default, it is a page of memory.
    let size = tracefs.read("buffer_subbuf_size_kb").map(KernelFile.trimmed).flatMap { Int($0) }
    return size.map { $0 * 1024 } ?? sysconf(Int32(_SC_PAGESIZE))
  }

  /// CPUs with a buffer.
  var cpus: [Int] {
    KernelFile.names(in: path + "/per_cpu").compactMap { $0.hasPrefix("cpu") ? Int($0.dropFirst(3)) : nil }.sorted()
  }

  /// `per_cpu/cpuN/stats`.
  func statistics(_ cpu: Int) -> CPUStatistics? {
    KernelFile.text("\(path)/per_cpu/cpu\(cpu)/stats").map(CPUStatistics.init)
  }
}

/// What the kernel counts of a CPU's buffer.
struct CPUStatistics {
  var text: String
  private var values: [Substring: Substring] = [:]

  init(_ text: String) {
    self.text = text
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      values[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
    }
  }

  /// Events that were overwritten or dropped.
  var lost: UInt64 { overrun + (number("dropped events") ?? 0) }
  var overrun: UInt64 { number("overrun") ?? 0 }
  var bytes: UInt64 { number("bytes") ?? 0 }

  /// Seconds between the oldest event and now.
  var kept: Double? {
    guard let oldest = values["oldest event ts"].flatMap({ Double($0) }),
      let now = values["now ts"].flatMap({ Double($0) })
    else { return nil }
    return now - oldest
  }

  private func number(_ key: Substring) -> UInt64? { values[key].flatMap { UInt64($0) } }
}
