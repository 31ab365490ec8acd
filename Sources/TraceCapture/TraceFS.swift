import CTraceFS
import Glibc

/// A tracefs, or a buffer instance in it: the one owner of libtracefs's handle, and the only file that calls that library.
final class TraceFS {
  private let handle: OpaquePointer
  /// The folder with `trace_clock`, `events` and the rest.
  let path: String

  /// - Parameters:
  ///   - folder: The tracefs itself.
  ///   - instance: The name of an instance that exists; `nil` for the top one.
  init(_ folder: String, instance: String? = nil) throws(CaptureError) {
    path = instance.map { "\(folder)/instances/\($0)" } ?? folder
    errno = 0
    guard let handle = tracefs_instance_alloc(folder, instance) else {
      throw .kernel(errno == 0 ? ENOENT : errno, path, "opened")
    }
    self.handle = handle
  }

  deinit { tracefs_instance_free(handle) }

  /// Writes a control file of the instance.
  func write(_ text: String, to file: String) throws(CaptureError) {
    errno = 0
    if tracefs_instance_file_write(handle, file, text) < 0 {
      throw .kernel(errno == 0 ? EINVAL : errno, "\(path)/\(file)", "set to \(text)")
    }
  }

  /// Adds a line to a control file of the instance.
  /// - Throws: With what `error_log` says, if it says more than the call.
  func append(_ text: String, to file: String) throws(CaptureError) {
    // What an earlier call has left there must not be taken for this one's.
    let before = lastError
    let code = KernelFile.write(text + "\n", to: "\(path)/\(file)", appends: true)
    if code != 0 {
      var error = CaptureError.kernel(code, "\(path)/\(file)", "written")
      if let told = lastError, told != before { error.problem += " (\(told))" }
      throw error
    }
  }

  func read(_ file: String) -> String? { KernelFile.text("\(path)/\(file)") }

  /// Enables an event in this instance alone.
  func enable(_ system: String, _ event: String) throws(CaptureError) {
    errno = 0
    if tracefs_event_file_write(handle, system, event, "enable", "1") < 0 {
      throw .kernel(errno == 0 ? EINVAL : errno, "\(path)/events/\(system)/\(event)", "enabled")
    }
  }

  /// The kernel's last message about a probe that it refused: `No BTF entry for this probe point`.
  private var lastError: String? {
    guard let text = tracefs_error_last(handle) else { return nil }
    defer { free(text) }
    let first = String(cString: text).split(separator: "\n").first ?? ""
    guard let range = first.firstRange(of: "error: ") else { return first.isEmpty ? nil : String(first) }
    return String(first[range.upperBound...])
  }
}

/// Ring-buffer pages, record by record: libtraceevent's `kbuffer`, and its one owner.
struct PageRecords: ~Copyable {
  private let handle: OpaquePointer

  init() {
    guard let handle = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST) else {
      fatalError("no memory for a page's reader")
    }
    self.handle = handle
  }

  deinit { kbuffer_free(handle) }

  /// Calls `body` with each record of a page, its time, and where its head is in the page.
  /// - Returns: Whether events were lost before the page.
  func forEach(in page: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer, UInt64, Int) -> Void) -> Bool {
    guard page.count >= 16, kbuffer_load_subbuffer(handle, page.baseAddress) == 0 else { return true }
    let hasLost = kbuffer_missed_events(handle) != 0
    var time: UInt64 = 0
    while let data = kbuffer_read_event(handle, &time) {
      let size = Int(kbuffer_event_size(handle))
      let start = UnsafeRawPointer(data)
      guard let base = page.baseAddress.map({ UnsafeRawPointer($0) }), start >= base, size >= 0,
        start - base + size <= page.count
      else { return true }
      body(UnsafeRawBufferPointer(start: start, count: size), time, Int(kbuffer_curr_offset(handle)))
      kbuffer_next_event(handle, nil)
    }
    return hasLost
  }
}
