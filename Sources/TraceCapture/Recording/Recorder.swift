import Glibc

/// Records a capture.
///
///     let summary = try Recorder(options, SystemPaths()).record(note: { print($0) }, progress: { _ in })
public struct Recorder {
  let options: RecordOptions
  let system: SystemPaths

  public init(_ options: RecordOptions, _ system: SystemPaths) {
    self.options = options
    self.system = system
  }

  /// Sets tracing up, records until it ends, writes the capture, and takes everything out of tracefs again.
  /// - Parameters:
  ///   - note: Hears what the user should know, a line each.
  ///   - progress: Hears how far it is, twice a second.
  /// - Throws: Where nothing was recorded; nothing is left then.
  public func record(
    note: @escaping (String) -> Void, progress: (RecordProgress) -> Void
  ) throws(CaptureError) -> RecordSummary {
    let program = try programToRun()
    let tracefs = try usableTracefs()
    guard let name = RecorderName() else {
      throw CaptureError("/proc", "is not mounted", advice: "mount -t proc proc /proc")
    }
    let signals = StopSignals()
    // What the helper does not know of must not be there before the helper is.
    let part = TraceDatFile.partPath(for: options.output)
    let restorer = try Restorer(
      program: options.program, Removal(tracefs: tracefs, name: name), part: Self.absolute(part))
    let result: Result<RecordSummary, CaptureError>
    do throws(CaptureError) {
      var session = try Session(options, system, tracefs, name, note)
      result = .success(try session.run(program, signals, progress))
    } catch {
      result = .failure(error)
    }
    let left = restorer.finish()
    signals.restore()
    var summary = try result.get()
    summary.problems += left.map { "\($0): could not be removed; proxytrace doctor --clean" }
    return summary
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  /// Before anything is set up.
  private func programToRun() throws(CaptureError) -> String? {
    guard let command = options.command.first else { return nil }
    guard let program = ChildProcess.find(command) else {
      throw CaptureError(
        command, "there is no such command", advice: "name a program that can be run, and its arguments, after --")
    }
    return program
  }

  private func usableTracefs() throws(CaptureError) -> String {
    guard let tracefs = system.tracefs else {
      throw CaptureError("tracefs", "is not mounted", advice: "mount -t tracefs nodev /sys/kernel/tracing")
    }
    if system.root.isEmpty, geteuid() != 0 {
      throw CaptureError(tracefs, "only root may record", advice: "run it with sudo", code: EPERM)
    }
    guard access("\(tracefs)/instances", W_OK) == 0 else {
      throw CaptureError.kernel(errno, "\(tracefs)/instances", "written")
    }
    return tracefs
  }
}
