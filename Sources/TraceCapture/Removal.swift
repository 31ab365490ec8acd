import Glibc

/// Takes out of a tracefs what a recorder has put into it. The recorder's helper does it, and `doctor --clean`.
public struct Removal {
  let tracefs: String
  let name: RecorderName

  public init(tracefs: String, name: RecorderName) {
    self.tracefs = tracefs
    self.name = name
  }

  /// The longest that whoever holds the instance open may take to close it.
  static let patience = 10.0
  private static let pause: UInt32 = 5_000

  /// Removes everything, and tries again while it is in use.
  /// - Returns: What could not be removed, a line each; empty where nothing is left.
  func run(seconds: Double = Removal.patience) -> [String] {
    let end = Clock.now() + seconds
    while true {
      let problems = attempt()
      if problems.isEmpty || Clock.now() >= end { return problems }
      usleep(Self.pause)
    }
  }

  private func attempt() -> [String] {
    var problems: [String] = []
    for instance in [name.watchText, name.text] {
      let path = "\(tracefs)/instances/\(instance)"
      guard KernelFile.isFolder(path) else { continue }
      // Even if it cannot be removed yet, it costs nothing from here on, and its probes are free.
      _ = KernelFile.write("0", to: path + "/tracing_on")
      _ = KernelFile.write("0", to: path + "/events/enable")
      if rmdir(path) != 0, errno != ENOENT { problems.append("\(path): \(systemText(errno))") }
    }
    problems += removeProbes()
    // Asked again: what was written may not have been obeyed.
    return problems.isEmpty ? probes().map { "\(tracefs)/dynamic_events: \(name.text)/\($0) is still there" } : problems
  }

  /// Removes the group's dynamic events, once.
  func removeProbes() -> [String] {
    probes().compactMap { probe in
      let code = KernelFile.write("-:\(name.text)/\(probe)\n", to: "\(tracefs)/dynamic_events", appends: true)
      return code == 0 || code == ENOENT ? nil : "\(tracefs)/dynamic_events: \(name.text)/\(probe): \(systemText(code))"
    }
  }

  /// The names of the group's dynamic events.
  private func probes() -> [String] {
    let text = KernelFile.text("\(tracefs)/dynamic_events") ?? ""
    return text.split(separator: "\n").compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let path = line[line.index(after: colon)...].prefix { $0 != " " }
      let parts = path.split(separator: "/", maxSplits: 1)
      return parts.count == 2 && parts[0] == name.text ? String(parts[1]) : nil
    }
  }

  /// The recorders that have an instance or probes in a tracefs.
  public static func recorders(in tracefs: String) -> [RecorderName] {
    var found = Set(KernelFile.names(in: "\(tracefs)/instances").compactMap { RecorderName($0) })
    for line in (KernelFile.text("\(tracefs)/dynamic_events") ?? "").split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      if let name = RecorderName(line[line.index(after: colon)...].prefix { $0 != "/" }) { found.insert(name) }
    }
    return found.sorted { ($0.pid, $0.start) < ($1.pid, $1.start) }
  }

  /// Removes what dead recorders have left. Living ones are not disturbed.
  /// - Returns: Names of those that were cleaned up, and what could not be removed.
  public static func clean(_ system: SystemPaths) -> (cleaned: [String], problems: [String]) {
    guard let tracefs = system.tracefs else { return ([], []) }
    var (cleaned, problems): ([String], [String]) = ([], [])
    for name in recorders(in: tracefs) where !name.isAlive {
      let left = Removal(tracefs: tracefs, name: name).run(seconds: 3)
      if left.isEmpty { cleaned.append(name.text) } else { problems += left }
    }
    return (cleaned, problems)
  }
}
