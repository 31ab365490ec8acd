import Foundation
import TraceCore

@testable import TraceCapture
@testable import TraceTestKit

/// A folder that stands for a machine: `proc`, `sys`, and a tracefs of plain files.
///
/// A thread plays the kernel as far as a recorder needs it: it fills an instance that somebody has made, empties one whose
/// events were switched off, so that it can be removed, and obeys what is written to `dynamic_events`.
final class FakeSystem {
  let root: URL
  let tracefs: URL
  private let pages: [CPU: [UInt8]]
  private let formats: [EventFormat]
  private let worker = FakeKernel()

  var paths: SystemPaths { SystemPaths(root: root.path) }

  /// - Parameters:
  ///   - readme: tracefs's `README`.
  ///   - events: What each CPU's buffer holds.
  ///   - missing: Events that this kernel does not have, as `system:name`.
  init(
    readme: String = "", release: String = "7.3.0-test", commandLine: String = "quiet", events: [SchedEvent] = [],
    missing: Set<String> = [], hasTracefs: Bool = true
  ) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "fake-\(UUID().uuidString)")
    tracefs = root.appending(path: "sys/kernel/tracing")
    var writer = try TraceDatWriter(CaptureLayout(version: 7))
    for event in events { try writer.append(event) }
    for index in writer.buffers.indices { writer.buffers[index].finish() }
    pages = Dictionary(uniqueKeysWithValues: writer.buffers[0].data.map { ($0.cpu, $0.pages) })
    formats = writer.catalog.formats.filter {
      !missing.contains("\($0.system):\($0.name)") && $0.system != "proxytrace"
    }
    try file("proc/self/mounts", hasTracefs ? "nodev /sys/kernel/tracing tracefs rw 0 0\n" : "proc /proc proc rw 0 0\n")
    try file("proc/sys/kernel/osrelease", release + "\n")
    try file("proc/cmdline", commandLine + "\n")
    try file("proc/stat", "cpu 1 2 3\nctxt 1000\n")
    try file("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 2000000 kB\n")
    try file("proc/kallsyms", "ffffffff81000000 T _text\n")
    try file("proc/4711/comm", "worker\n")
    try file("proc/4711/cgroup", "0::/user.slice\n")
    try file("proc/4711/task/4711/comm", "worker\n")
    if hasTracefs { try makeTracefs(readme, writer) }
  }

  deinit {
    worker.stop()
    try? FileManager.default.removeItem(at: root)
  }

  func file(_ path: String, _ text: String) throws { try file(path, bytes: Array(text.utf8)) }

  func file(_ path: String, bytes: [UInt8]) throws {
    let url = root.appending(path: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func text(_ path: String) -> String { (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? "" }

  private func makeTracefs(_ readme: String, _ writer: TraceDatWriter) throws {
    let base = "sys/kernel/tracing"
    try FileManager.default.createDirectory(at: tracefs.appending(path: "instances"), withIntermediateDirectories: true)
    try file("\(base)/README", readme)
    let formats = formats.filter { $0.system != "proxytrace" }
    try file("\(base)/available_events", formats.map { "\($0.system):\($0.name)\n" }.joined())
    try file("\(base)/dynamic_events", "")
    try file("\(base)/trace_clock", "[local] global mono boot\n")
    try file("\(base)/current_tracer", "nop\n")
    try file("\(base)/set_event", "")
    try file("\(base)/printk_formats", "")
    try file("\(base)/saved_cmdlines", "4712 other\n")
    try file("\(base)/tracing_on", "1\n")
    try file("\(base)/buffer_size_kb", "7 (expanded: 1408)\n")
    let header = CaptureMetadata(layout: writer.layout, catalog: writer.catalog, options: writer.options).headerInfo
    for (name, text) in try Self.headerTexts(header) { try file("\(base)/events/\(name)", bytes: text) }
    for format in formats {
      try file("\(base)/events/\(format.system)/\(format.name)/format", format.text(longSize: 8))
    }
    worker.start { [tracefs, pages, formats = self.formats] in Self.play(tracefs, pages, formats) }
  }

  /// `header_page\0 SIZE TEXT header_event\0 SIZE TEXT`.
  private static func headerTexts(_ bytes: [UInt8]) throws -> [(String, [UInt8])] {
    var rest = bytes[...]
    var found: [(String, [UInt8])] = []
    while let end = rest.firstIndex(of: 0) {
      let name = String(decoding: rest[..<end], as: UTF8.self)
      let size = (0..<8).reduce(0) { $0 | Int(rest[end + 1 + $1]) << (8 * $1) }
      let start = end + 9
      found.append((name, Array(rest[start..<start + size])))
      rest = rest[(start + size)...]
    }
    return found
  }

  /// Everything in tracefs: paths with contents.
  func state() -> [String: String] {
    var all: [String: String] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: tracefs.path) ?? .init() {
      all[path] = text("sys/kernel/tracing/\(path)")
    }
    return all
  }

  // MARK: The kernel

  private static func play(_ tracefs: URL, _ pages: [CPU: [UInt8]], _ formats: [EventFormat]) {
    let folder = tracefs.appending(path: "instances")
    for name in KernelFile.names(in: folder.path) {
      let instance = folder.appending(path: name)
      if KernelFile.text(instance.appending(path: "events/enable").path) == "0" {
        chmod(instance.path, emptied)
        // All that rmdir() would refuse.
        for item in KernelFile.names(in: instance.path) {
          try? FileManager.default.removeItem(at: instance.appending(path: item))
        }
      } else if !KernelFile.exists(instance.appending(path: "tracing_on").path), isNew(instance) {
        fill(instance, name, pages, formats)
      }
    }
    obey(tracefs.appending(path: "dynamic_events").path)
  }

  /// A folder that was emptied has this mode; a recorder makes it with another.
  private static let emptied: mode_t = 0o700

  /// Whether it is there, and was not emptied.
  private static func isNew(_ folder: URL) -> Bool {
    var status = stat()
    return stat(folder.path, &status) == 0 && status.st_mode & 0o777 != emptied
  }

  private static let exitFields = """
    \tfield:u8 is_switch;\toffset:16;\tsize:1;\tsigned:0;
    \tfield:s32 donor;\toffset:17;\tsize:4;\tsigned:1;
    \tfield:s32 dprio;\toffset:21;\tsize:4;\tsigned:1;
    \tfield:s32 curr;\toffset:25;\tsize:4;\tsigned:1;
    """

  private static let waitFields = """
    \tfield:u64 lock;\toffset:16;\tsize:8;\tsigned:0;
    \tfield:u32 flags;\toffset:24;\tsize:4;\tsigned:0;
    \tfield:u64 owner;\toffset:28;\tsize:8;\tsigned:0;
    """

  /// What the kernel would say of a probe.
  private static func probeFormat(_ name: String) -> String {
    """
    name: \(name)
    ID: \(9000 + name.utf8.reduce(0) { $0 + Int($1) })
    format:
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
    \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
    \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

    \tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;
    \(name == "exit" ? exitFields : waitFields)

    print fmt: "(%lx)", REC->__probe_ip

    """
  }

  private static func fill(_ instance: URL, _ name: String, _ pages: [CPU: [UInt8]], _ formats: [EventFormat]) {
    func put(_ path: String, _ content: [UInt8]) {
      let url = instance.appending(path: path)
      try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? Data(content).write(to: url)
    }
    func put(_ path: String, _ text: String) { put(path, Array(text.utf8)) }
    put("trace_clock", "[local] global mono boot\n")
    put("buffer_size_kb", "1408\n")
    put("set_event_pid", "")
    put("tracing_cpumask", "3\n")
    put("options/event-fork", "0\n")
    put("events/enable", "X\n")
    let probes = ["exit", "wait", "switch", "set_next_fair", "set_next_dl", "set_next_rt"]
    for (system, event) in formats.map({ ($0.system, $0.name) }) + probes.map({ (name, $0) }) {
      put("events/\(system)/\(event)/enable", "0\n")
      put(
        "events/\(system)/\(event)/format",
        formats.first { $0.name == event }?.text(longSize: 8) ?? probeFormat(event))
    }
    for cpu in 0..<2 {
      put("per_cpu/cpu\(cpu)/trace_pipe_raw", pages[CPU(cpu)] ?? [])
      put(
        "per_cpu/cpu\(cpu)/stats",
        "entries: 0\noverrun: 0\nbytes: 0\noldest event ts:  1.0\nnow ts:  2.0\ndropped events: 0\n")
    }
    // The last: a recorder waits for it.
    put("tracing_on", "1\n")
  }

  /// `-:GROUP/NAME` removes a line.
  private static func obey(_ path: String) {
    guard let text = KernelFile.text(path), text.contains("-:") else { return }
    var lines: [String] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("-:") {
        lines.removeAll { $0.contains(":\(line.dropFirst(2)) ") }
      } else {
        lines.append(String(line))
      }
    }
    // In one step: somebody may be writing. What is lost of that is written again.
    try? Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path + ".new"))
    rename(path + ".new", path)
  }
}

/// A value that threads share.
final class Lock<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}

/// A thread that does something every half millisecond.
private final class FakeKernel: @unchecked Sendable {
  private let isOver = Lock(false)
  private let done = DispatchSemaphore(value: 0)
  private var isRunning = false

  func start(_ body: @escaping @Sendable () -> Void) {
    isRunning = true
    let (isOver, done) = (isOver, done)
    Thread.detachNewThread {
      while !isOver.withLock({ $0 }) {
        body()
        usleep(500)
      }
      done.signal()
    }
  }

  func stop() {
    guard isRunning else { return }
    isRunning = false
    isOver.withLock { $0 = true }
    done.wait()
  }
}
