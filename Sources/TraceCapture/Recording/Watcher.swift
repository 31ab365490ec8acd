import Glibc

/// The second instance, with the lock events alone, and what is done about long waits.
final class Watcher {
  private let instance: LiveInstance
  private let watch: WaitWatch
  private let files: [Int32]
  private let action: RecordOptions.Action
  private var page: [UInt8]
  /// A shell that runs, and is not disturbed by another.
  private var shell: pid_t?

  /// KB for each CPU: lock events alone, visited often.
  private static let bufferSize = 512

  init(
    _ tracefs: String, _ name: String, clock: String, _ threshold: RecordOptions.Threshold
  ) throws(CaptureError) {
    let instance = try LiveInstance(tracefs, named: name)
    let texts = ["contention_begin", "contention_end"].map {
      KernelFile.text("\(tracefs)/events/lock/\($0)/format") ?? ""
    }
    guard let layout = WaitWatch.Layout(begin: texts[0], end: texts[1]) else {
      throw CaptureError(
        "--on-threshold", "this kernel has no lock:contention_begin and contention_end", advice: "Linux 5.19 has them")
    }
    try instance.tracefs.write(clock, to: "trace_clock")
    try instance.tracefs.write(String(Self.bufferSize), to: "buffer_size_kb")
    try instance.tracefs.enable("lock", "contention_begin")
    try instance.tracefs.enable("lock", "contention_end")
    watch = WaitWatch(layout, threshold: threshold.nanoseconds)
    action = threshold.action
    page = [UInt8](repeating: 0, count: instance.pageSize)
    files = instance.cpus.map {
      open("\(instance.path)/per_cpu/cpu\($0)/trace_pipe_raw", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    }
    self.instance = instance
  }

  deinit { for file in files where file >= 0 { close(file) } }

  func begin() throws(CaptureError) { try instance.tracefs.write("1", to: "tracing_on") }

  func end() { try? instance.tracefs.write("0", to: "tracing_on") }

  /// The longest wait that has become too long since the last look.
  func look() -> WaitWatch.LongWait? {
    // What happens from here on may be read of one CPU and not of another.
    let now = Clock.nanoseconds()
    for file in files where file >= 0 {
      while page.withUnsafeMutableBytes({ read(file, $0.baseAddress, $0.count) }) > 0 { watch.take(&page) }
    }
    return watch.follow(until: now).first
  }

  /// - Returns: Whether the recording is over.
  func act(on wait: WaitWatch.LongWait, _ child: pid_t?, _ note: (String) -> Void) -> Bool {
    switch action {
    case .stop: return true
    case .signal:
      if let child { kill(child, SIGUSR1) }
    case .run(let line):
      if let running = shell {
        var status: Int32 = 0
        guard waitpid(running, &status, WNOHANG) == running else { return false }
        shell = nil
      }
      let environment = ChildProcess.environment(adding: [
        "PROXYTRACE_PID=\(wait.pid)", "PROXYTRACE_LOCK=0x" + String(wait.lock, radix: 16),
        "PROXYTRACE_WAIT_NS=\(wait.wait)",
      ])
      do throws(CaptureError) {
        shell = try ChildProcess.spawn("/bin/sh", ["sh", "-c", line], output: .inherited, environment: environment)
      } catch {
        note(error.description)
      }
    }
    note("pid \(wait.pid) has waited \(wait.wait / 1000) us for 0x\(String(wait.lock, radix: 16))")
    return false
  }
}
