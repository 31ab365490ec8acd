import CLinux
import Glibc

/// The BPF scheduler in charge: what sysfs says, and what its program asked for.
public struct SchedExtState: Sendable, Hashable {
  /// `disabled`, `enabling`, `enabled`, `disabling`, `bypassing`.
  public var state: String
  /// The scheduler's name; empty where none is loaded.
  public var scheduler = ""
  /// `sched_ext_ops.flags` (`enum scx_ops_flags`); `nil` where it cannot be read, which needs root.
  public var flags: UInt64?

  public var isActive: Bool { state != "disabled" }

  /// - Returns: `nil` where the kernel has no sched_ext.
  init?(_ system: SystemPaths) {
    guard let state = system.line("/sys/kernel/sched_ext/state") else { return nil }
    self.state = state
    guard isActive else { return }
    scheduler = system.line("/sys/kernel/sched_ext/root/ops") ?? ""
    // The maps of BPF programs are the machine's, whatever folder the files come from.
    if system.root.isEmpty { flags = SchedExtMaps.flags(scheduler: scheduler, system) }
  }
}

/// Reads `sched_ext_ops` out of the BPF map that registered it.
private enum SchedExtMaps {
  private static let nextID: Int32 = 12
  private static let lookup: Int32 = 1
  private static let openByID: Int32 = 14
  private static let info: Int32 = 15
  private static let structOps: UInt32 = 26
  private static let most = 4096

  static func flags(scheduler: String, _ system: SystemPaths) -> UInt64? {
    guard let btf = KernelFile.bytes(system.path("/sys/kernel/btf/vmlinux")).flatMap(BTF.init),
      let data = btf.offset(of: "data", in: "bpf_struct_ops_sched_ext_ops"),
      let flags = btf.offset(of: "flags", in: "sched_ext_ops"), let name = btf.offset(of: "name", in: "sched_ext_ops")
    else { return nil }
    var id: UInt32 = 0
    for _ in 0..<most {
      guard let next = nextMap(after: id) else { return nil }
      id = next
      guard let value = value(ofMap: id), value.count >= data + max(flags + 8, name + 1) else { continue }
      let text = value[(data + name)...].prefix { $0 != 0 }
      guard scheduler.isEmpty || Array(text) == Array(scheduler.utf8) else { continue }
      return (0..<8).reduce(0) { $0 | UInt64(value[data + flags + $1]) << (8 * UInt64($1)) }
    }
    return nil
  }

  private static func nextMap(after id: UInt32) -> UInt32? {
    var words: [UInt32] = [id, 0, 0]
    return words.withUnsafeMutableBytes { proxytrace_bpf(nextID, $0.baseAddress, 12) } == 0 ? words[1] : nil
  }

  /// The value of a map that registers operations for the kernel; `nil` for all other maps.
  private static func value(ofMap id: UInt32) -> [UInt8]? {
    var words: [UInt32] = [id, 0, 0]
    let map = Int32(words.withUnsafeMutableBytes { proxytrace_bpf(openByID, $0.baseAddress, 12) })
    guard map >= 0 else { return nil }
    defer { close(map) }
    // type, id, key_size, value_size …
    var facts = [UInt32](repeating: 0, count: 24)
    let hasFacts = facts.withUnsafeMutableBytes { bytes in
      withArguments(map: map, UInt64(bytes.count) << 32, bytes.baseAddress, nil, isInfo: true, info)
    }
    guard hasFacts, facts[0] == structOps, facts[2] == 4 else { return nil }
    var (key, value) = (UInt32(0), [UInt8](repeating: 0, count: Int(min(facts[3], 1 << 16))))
    let isRead = value.withUnsafeMutableBytes { bytes in
      withUnsafeMutableBytes(of: &key) {
        withArguments(map: map, 0, $0.baseAddress, bytes.baseAddress, isInfo: false, lookup)
      }
    }
    return isRead ? value : nil
  }

  /// `{ u32 fd; u32 length; u64 info }` of one command, `{ u32 fd; u64 key; u64 value; u64 flags }` of the other.
  private static func withArguments(
    map: Int32, _ length: UInt64, _ first: UnsafeMutableRawPointer?, _ second: UnsafeMutableRawPointer?, isInfo: Bool,
    _ command: Int32
  ) -> Bool {
    let address: (UnsafeMutableRawPointer?) -> UInt64 = { UInt64(UInt(bitPattern: $0)) }
    var words: [UInt64] = [UInt64(UInt32(bitPattern: map)) | length, address(first), address(second), 0]
    let size: UInt32 = isInfo ? 16 : 32
    return words.withUnsafeMutableBytes { proxytrace_bpf(command, $0.baseAddress, size) } == 0
  }
}
