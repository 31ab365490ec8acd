import CLinux
import Glibc

/// One CPU's ring buffer on its way into a file without a name: pages move from the kernel's buffer to the file's cache through
/// a pipe, and never pass through this process.
final class CPUDrain {
  let cpu: Int
  private let raw: Int32
  private let file: Int32
  private var fileCount = 0
  /// What was taken out of the ring buffer and could not be written.
  private var rest: [UInt8] = []
  private var splices = true

  /// Why reading stopped before the end, if it did.
  private(set) var readProblem: CaptureError?
  /// Why writing stopped.
  private(set) var writeProblem: CaptureError?

  /// - Parameters:
  ///   - path: The CPU's `trace_pipe_raw`.
  ///   - output: The capture's path: the file lies in its folder.
  init(cpu: Int, _ path: String, output: String) throws(CaptureError) {
    self.cpu = cpu
    raw = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard raw >= 0 else { throw .kernel(errno, path, "read") }
    file = Self.nameless(beside: output)
    guard file >= 0 else {
      let code = errno
      close(raw)
      throw .output(code, output)
    }
  }

  deinit {
    close(raw)
    close(file)
  }

  private static func nameless(beside output: String) -> Int32 {
    let folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? "."
    let descriptor = open(folder, O_RDWR | O_CLOEXEC | Int32(PROXYTRACE_O_TMPFILE), 0o600)
    if descriptor >= 0 { return descriptor }
    // A file system without such files.
    var name = Array("\(output).XXXXXX".utf8CString)
    let other = mkostemp(&name, O_CLOEXEC)
    if other >= 0 { unlink(name) }
    return other
  }

  /// There is nothing to read now. ENODEV: the CPU has been offline since the instance was made, and has no buffer; it gets one
  /// when it comes.
  private static func isNothing(_ code: Int32) -> Bool { code == EAGAIN || code == ENODEV }

  var pages: CPUPages { CPUPages(cpu: cpu, file: file, fileCount: fileCount, rest: rest) }

  var count: Int { fileCount + rest.count }

  /// Moves the pages that are full.
  /// - Returns: How many bytes.
  func drain(through pipe: Pipe, pageSize: Int) -> Int {
    let before = count
    while readProblem == nil, writeProblem == nil {
      let moved = splice(raw, nil, pipe.input, nil, pipe.capacity, UInt32(PROXYTRACE_SPLICE_NONBLOCK))
      if moved < 0, errno == EINTR { continue }
      if moved < 0, !Self.isNothing(errno) { readProblem = .kernel(errno, "CPU \(cpu)", "read on") }
      guard moved > 0 else { break }
      take(moved, from: pipe)
      // Less than there was room for: nothing more is there now.
      if moved < pipe.capacity / 2 { break }
    }
    return count - before
  }

  /// Reads what is left, the last page though it is not full. Nothing may be recorded any more.
  /// - Parameter trim: What is to be kept of it.
  func finish(through pipe: Pipe, pageSize: Int, trim: PageTrim? = nil) {
    if trim == nil { while drain(through: pipe, pageSize: pageSize) > 0 {} }
    var trim = trim
    var page = [UInt8](repeating: 0, count: pageSize)
    while readProblem == nil, writeProblem == nil {
      let count = page.withUnsafeMutableBytes { read(raw, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, !Self.isNothing(errno) { readProblem = .kernel(errno, "CPU \(cpu)", "read on") }
      guard count > 0 else { break }
      for index in count..<max(count, pageSize) { page[index] = 0 }
      if trim?.keeps(&page) ?? true { write(page) }
    }
  }

  private func take(_ count: Int, from pipe: Pipe) {
    var left = count
    while left > 0, splices {
      let moved = splice(pipe.output, nil, file, nil, left, 0)
      if moved < 0, errno == EINTR { continue }
      guard moved > 0 else {
        // A file system that cannot take pages from a pipe says so at the first.
        if moved < 0, errno == EINVAL { splices = false } else { stop(moved < 0 ? errno : ENOSPC) }
        break
      }
      fileCount += moved
      left -= moved
    }
    guard left > 0 else { return }
    write(pipe.take(left))
  }

  private func stop(_ code: Int32) {
    if writeProblem == nil { writeProblem = .output(code, "CPU \(cpu)") }
  }

  /// Appends to the file, or keeps what does not fit there.
  private func write(_ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count, writeProblem == nil {
      let count = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(fileCount))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        stop(count < 0 ? errno : ENOSPC)
        break
      }
      fileCount += count
      done += count
    }
    rest += bytes[done...]
    // A splice goes on where the descriptor's own offset is.
    lseek(file, off_t(fileCount), SEEK_SET)
  }
}

/// The pipe that pages move through.
final class Pipe {
  let output: Int32
  let input: Int32
  /// Bytes.
  let capacity: Int

  private static let wanted: Int32 = 1 << 20

  init() throws(CaptureError) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .kernel(errno, "a pipe", "made") }
    (output, input) = (ends[0], ends[1])
    // F_SETPIPE_SZ is 1031.
    let size = fcntl(input, 1031, Self.wanted)
    capacity = size > 0 ? Int(size) : 1 << 16
  }

  deinit {
    close(output)
    close(input)
  }

  /// Takes bytes that are in it.
  func take(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes.withUnsafeMutableBytes { Glibc.read(output, $0.baseAddress.map { $0 + done }, count - done) }
      if read < 0, errno == EINTR { continue }
      guard read > 0 else { break }
      done += read
    }
    return Array(bytes[..<done])
  }
}
