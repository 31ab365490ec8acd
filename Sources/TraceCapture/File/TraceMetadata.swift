import Glibc

/// What a capture says beside its records: formats, symbols, names.
enum TraceMetadata {
  /// An event whose format the file gets.
  struct Event: Hashable {
    var system: String
    var name: String
    /// What the system is called in the file: of a recorder's own probes it is always the same.
    var shownSystem: String
  }

  static func headerInfo(_ tracefs: String) -> [UInt8] {
    var content: [UInt8] = []
    for name in ["header_page", "header_event"] {
      let text = KernelFile.bytes("\(tracefs)/events/\(name)") ?? []
      content += Array(name.utf8) + [0]
      content.put(UInt64(text.count))
      content += text
    }
    return content
  }

  /// Formats of the kernel's own records.
  static func ftraceEvents(_ tracefs: String) -> [UInt8] {
    let formats = KernelFile.names(in: "\(tracefs)/events/ftrace").compactMap {
      KernelFile.bytes("\(tracefs)/events/ftrace/\($0)/format")
    }
    var content: [UInt8] = []
    content.put(UInt32(formats.count))
    for format in formats {
      content.put(UInt64(format.count))
      content += format
    }
    return content
  }

  /// Formats of the recorded events, by system.
  static func eventFormats(_ folder: String, _ events: [Event]) -> [UInt8] {
    var formats: [String: [[UInt8]]] = [:]
    for event in events {
      guard let text = KernelFile.bytes("\(folder)/events/\(event.system)/\(event.name)/format") else { continue }
      formats[event.shownSystem, default: []].append(text)
    }
    var content: [UInt8] = []
    content.put(UInt32(formats.count))
    for (system, texts) in formats.sorted(by: { $0.key < $1.key }) {
      content += Array(system.utf8) + [0]
      content.put(UInt32(texts.count))
      for text in texts {
        content.put(UInt64(text.count))
        content += text
      }
    }
    return content
  }

  /// Symbols; empty where the kernel hides their addresses.
  static func kallsyms(_ system: SystemPaths) -> [UInt8] {
    let text = KernelFile.bytes(system.path("/proc/kallsyms")) ?? []
    let isHidden = text.prefix { $0 != UInt8(ascii: " ") }.allSatisfy { $0 == UInt8(ascii: "0") }
    return sized32(isHidden ? [] : text)
  }

  static func printkFormats(_ tracefs: String) -> [UInt8] {
    sized32(KernelFile.bytes("\(tracefs)/printk_formats") ?? [])
  }

  private static func sized32(_ text: [UInt8]) -> [UInt8] {
    var content: [UInt8] = []
    content.put(UInt32(text.count))
    return content + text
  }

  /// Names of tasks: those that `/proc` has seen, and those that the kernel remembers.
  static func commandLines(_ tracefs: String, _ tasks: TaskCensus) -> [UInt8] {
    var names = tasks.names
    for line in (KernelFile.text("\(tracefs)/saved_cmdlines") ?? "").split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2, let pid = Int32(parts[0]), names[pid] == nil { names[pid] = String(parts[1]) }
    }
    let text = names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    var content: [UInt8] = []
    content.put(UInt64(text.utf8.count))
    return content + Array(text.utf8)
  }
}

/// The tasks that there are: their names, and the cgroup of each.
struct TaskCensus {
  private(set) var names: [Int32: String] = [:]
  private var cgroups: [Int32: String] = [:]

  /// Looks at all tasks; what was seen before and is gone is kept.
  mutating func look(_ system: SystemPaths) {
    let proc = system.path("/proc")
    for process in KernelFile.names(in: proc) where process.first?.isNumber == true {
      // `HIERARCHY:CONTROLLERS:PATH`; the unified one has number 0.
      let groups = (KernelFile.text("\(proc)/\(process)/cgroup") ?? "").split(separator: "\n")
      let line = groups.first { $0.hasPrefix("0::") } ?? groups.first { $0.contains(":cpu,") || $0.contains(":cpu:") }
      let path = line.map {
        String($0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last ?? "")
      }
      for task in KernelFile.names(in: "\(proc)/\(process)/task") {
        guard let pid = Int32(task) else { continue }
        if let path { cgroups[pid] = path }
        guard let name = KernelFile.text("\(proc)/\(process)/task/\(task)/comm") else { continue }
        names[pid] = String(name.prefix { $0 != "\n" })
      }
    }
  }

  /// A line a cgroup: its path, a tab, the pids of its tasks. Line ends and tabs in a path are octal, as in the mount table.
  var cgroupText: String {
    var tasks: [String: [Int32]] = [:]
    for (pid, path) in cgroups { tasks[path, default: []].append(pid) }
    return tasks.sorted { $0.key < $1.key }.map { path, pids in
      let shown = path.replacing("\\", with: "\\134").replacing("\n", with: "\\012").replacing("\t", with: "\\011")
      return "\(shown)\t\(pids.sorted().map(String.init).joined(separator: " "))\n"
    }.joined()
  }
}
