import Glibc
import TraceCore

/// What of the machine goes into the capture beside what trace-cmd would write (docs/record.md): `proxytrace\0KEY\0VALUE`.
struct SideFacts {
  private(set) var items: [(key: String, value: [UInt8])] = []

  mutating func add(_ key: String, _ value: String?) {
    guard let value, !value.isEmpty else { return }
    items.append((key, Array(value.utf8)))
  }

  /// The machine's part.
  mutating func add(_ kernel: KernelFacts, _ system: SystemPaths) {
    add("cmdline", kernel.commandLine)
    add("config", kernel.configText)
    add("build_id", Self.buildID(system))
    add("btf", Self.typesID(system))
    add("topology", Self.topology(system))
    add(kernel.schedExt)
  }

  mutating func add(_ state: SchedExtState?) {
    guard let state else { return }
    add("sched_ext.state", state.state)
    add("sched_ext.ops", state.scheduler)
    add("sched_ext.flags", state.flags.map { "0x" + String($0, radix: 16) })
  }

  /// The kernel's build id, out of its ELF notes (type 3 of `GNU`).
  private static func buildID(_ system: SystemPaths) -> String? {
    guard let notes = KernelFile.bytes(system.path("/sys/kernel/notes")) else { return nil }
    var next = 0
    let word = { (offset: Int) in (0..<4).reduce(0) { $0 | Int(notes[offset + $1]) << (8 * $1) } }
    while next + 12 <= notes.count {
      let (nameSize, size, type) = (word(next), word(next + 4), word(next + 8))
      let start = next + 12 + (nameSize + 3) & ~3
      guard nameSize < notes.count, size < notes.count, start + size <= notes.count else { return nil }
      if type == 3, notes[(next + 12)...].starts(with: Array("GNU\0".utf8)) {
        return hex(notes[start..<start + size])
      }
      next = start + (size + 3) & ~3
    }
    return nil
  }

  /// Size and FNV-1a hash of the kernel's BTF: two kernels with the same have the same types.
  private static func typesID(_ system: SystemPaths) -> String? {
    guard let types = KernelFile.bytes(system.path("/sys/kernel/btf/vmlinux")) else { return nil }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in types { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "\(types.count) fnv1a:\(String(hash, radix: 16))"
  }

  private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A line a CPU: number, package, core, siblings on the core, NUMA node.
  private static func topology(_ system: SystemPaths) -> String {
    let folder = system.path("/sys/devices/system/cpu")
    let cpus = KernelFile.names(in: folder).compactMap { name in name.hasPrefix("cpu") ? Int(name.dropFirst(3)) : nil }
    return cpus.sorted().map { cpu in
      let read = { (name: String) in
        KernelFile.text("\(folder)/cpu\(cpu)/topology/\(name)").map(KernelFile.trimmed) ?? ""
      }
      let node =
        KernelFile.names(in: "\(folder)/cpu\(cpu)").first { $0.hasPrefix("node") }.map { $0.dropFirst(4) } ?? ""
      return
        "cpu=\(cpu) package=\(read("physical_package_id")) core=\(read("core_id")) threads=\(read("thread_siblings_list")) node=\(node)\n"
    }.joined()
  }
}
