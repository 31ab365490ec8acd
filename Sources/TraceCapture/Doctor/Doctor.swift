import Glibc

/// Looks at a machine, changes nothing, and says what a recording on it can show.
public struct Doctor {
  let system: SystemPaths
  let kernel: KernelFacts
  let isRoot: Bool
  /// The folder that a capture would be written to.
  let folder: String
  /// Read from tracefs; `nil` where that cannot be read.
  let readme: String?
  let events: Set<String>

  /// - Parameters:
  ///   - isRoot: Whether the user may do everything; `nil` = ask the kernel.
  ///   - folder: Where captures would be written.
  public init(_ system: SystemPaths, isRoot: Bool? = nil, folder: String = ".") {
    self.system = system
    self.folder = folder
    self.isRoot = isRoot ?? (geteuid() == 0)
    kernel = KernelFacts(system)
    readme = self.isRoot ? system.tracefs.flatMap { KernelFile.text("\($0)/README") } : nil
    events = Self.events(system)
  }

  private static func events(_ system: SystemPaths) -> Set<String> {
    guard let tracefs = system.tracefs, let text = KernelFile.text("\(tracefs)/available_events") else { return [] }
    return Set(text.split(separator: "\n").map(String.init))
  }

  public func diagnose() -> Diagnosis {
    let rows = [
      kernelRow, proxyRow, schedExtRow, rootRow, tracefsRow, lockdownRow, eventsRow, releaseRow, probesRow, clockRow,
      bufferRow, usersRow, leftoverRow, diskRow,
    ].compactMap { $0 }
    let isBlocked = rows.contains { $0.level == .blocks }
    let best: RecordingPower = probeSet == .none ? .inferred : .exact
    let blocksRoot = rows.contains { $0.level == .blocks && $0.key != Self.rootKey }
    return Diagnosis(
      rows: rows, power: isBlocked ? .nothing : best, powerAsRoot: isRoot ? nil : blocksRoot ? .nothing : best)
  }

  static let rootKey = "root"

  // MARK: Kernel

  private var kernelRow: DoctorRow {
    DoctorRow("kernel", .good, kernel.release, why: "which events, probes and rules there are")
  }

  /// Whether the kernel proxies, as far as it says so.
  private var proxyRow: DoctorRow {
    let key = "proxy execution"
    let why = "without it donors never run owners: waits and inversions are all there is to see"
    guard let isBuiltIn = isProxyBuiltIn else {
      return DoctorRow(
        key, .note, "not known: neither the configuration nor the types of this kernel can be read", why: why,
        remedy: "read the file /boot/config-\(kernel.release) on the machine", confidence: .unknown)
    }
    let confidence: DoctorRow.Confidence = kernel.config == nil ? .likely : .certain
    guard isBuiltIn else {
      return DoctorRow(
        key, .note, "not built in", why: why, remedy: "build the kernel with CONFIG_SCHED_PROXY_EXEC=y",
        confidence: confidence)
    }
    switch kernel.proxyArgument {
    case nil: return DoctorRow(key, .good, "built in, and on by default", why: why, confidence: confidence)
    case let value? where ["0", "n", "N", "off", "no", "false"].contains(value):
      return DoctorRow(
        key, .note, "built in, and switched off: booted with sched_proxy_exec=\(value)", why: why,
        remedy: "boot without it", confidence: confidence)
    case let value?:
      return DoctorRow(key, .good, "built in, booted with sched_proxy_exec=\(value)", why: why, confidence: confidence)
    }
  }

  /// By the configuration, or by a function that is there with it alone.
  private var isProxyBuiltIn: Bool? {
    kernel.isSet("CONFIG_SCHED_PROXY_EXEC") ?? kernel.btf.map { $0.hasFunction("find_proxy_task") }
  }

  private var schedExtRow: DoctorRow {
    let key = "sched_ext"
    let why = "a BPF scheduler decides who runs, and may mark what it does"
    guard let state = kernel.schedExt else { return DoctorRow(key, .good, "not built in", why: why) }
    guard state.isActive else { return DoctorRow(key, .good, "no BPF scheduler is loaded", why: why) }
    let flags = state.flags.map { ", flags 0x" + String($0, radix: 16) } ?? ""
    return DoctorRow(
      key, .note, "\(state.state): \(state.scheduler.isEmpty ? "a scheduler without a name" : state.scheduler)\(flags)",
      why: why
        + "; no probe is put at its functions, since function probes there spoil registers on Linux 7.1 and later")
  }

  // MARK: Rights

  private var rootRow: DoctorRow? {
    isRoot
      ? DoctorRow(Self.rootKey, .good, "you are root", why: "tracefs is root's alone")
      : DoctorRow(
        Self.rootKey, .blocks, "you are not root", why: "tracefs is root's alone",
        remedy:
          "run it with sudo: then tracefs, its probes, other users of tracing and what is left of dead recorders are looked at too"
      )
  }

  private var tracefsRow: DoctorRow {
    let why = "everything is recorded through it"
    guard let tracefs = system.tracefs else {
      return DoctorRow(
        "tracefs", .blocks, "not mounted", why: why, remedy: "mount -t tracefs nodev /sys/kernel/tracing")
    }
    guard isRoot else {
      return DoctorRow("tracefs", .note, "mounted at \(tracefs)", why: why, confidence: .unknown)
    }
    guard readme != nil, access("\(tracefs)/instances", W_OK) == 0 else {
      return DoctorRow(
        "tracefs", .blocks, "mounted at \(tracefs), but not writable", why: why,
        remedy: "run it outside the container, or mount tracefs read-write")
    }
    return DoctorRow("tracefs", .good, "mounted at \(tracefs), writable", why: why)
  }

  private var lockdownRow: DoctorRow {
    let why = "a kernel that is locked down for confidentiality shows no trace to anybody"
    guard let text = system.line("/sys/kernel/security/lockdown") else {
      return DoctorRow("lockdown", .good, "not there", why: why, confidence: .likely)
    }
    let mode = text.split(separator: " ").first { $0.hasPrefix("[") }.map { $0.dropFirst().dropLast() } ?? ""
    guard mode == "confidentiality" else { return DoctorRow("lockdown", .good, String(mode), why: why) }
    return DoctorRow("lockdown", .blocks, "confidentiality", why: why, remedy: "boot with lockdown=none")
  }
}
