import CLinux
import Glibc
import TraceCore

/// Writes a `trace.dat` of version 7 while it is recorded (trace-cmd's Documentation/trace-cmd/trace-cmd.dat.v7.5.txt).
///
/// The file grows under another name beside its own, and takes its own when it is complete. The head, and everything that is
/// known before the first event, is written at once; where the options are is written last.
final class TraceDatFile {
  /// The file's name when it is complete.
  let path: String
  /// Its name until then.
  let partPath: String
  private let descriptor: Int32
  private var position = 0
  private var linkPosition = 0
  private var names: [UInt8] = []
  private var options: [UInt8] = []
  private let pageSize: Int
  private var isComplete = false

  /// Room that is kept for what is written when the disk is full, in bytes.
  private static let reserve = 4 << 20

  static func partPath(for path: String) -> String { "\(path).\(getpid()).part" }

  /// - Parameter pageSize: Of a ring buffer's sub-buffer, in bytes.
  init(_ path: String, pageSize: Int) throws(CaptureError) {
    self.path = path
    self.pageSize = pageSize
    partPath = Self.partPath(for: path)
    descriptor = open(partPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .output(errno, path) }
    var head: [UInt8] = [0x17, 0x08, 0x44]
    head += Array("tracing7".utf8) + [0]
    head.append(UInt8(Int(1).littleEndian == 1 ? 0 : 1))
    head.append(UInt8(MemoryLayout<Int>.size))
    head.put(UInt32(pageSize))
    head += Array("none".utf8) + [0, 0]
    linkPosition = head.count
    head.put(UInt64(0))
    try append(head)
  }

  deinit {
    close(descriptor)
    if !isComplete { unlink(partPath) }
  }

  // MARK: Sections and options

  func put(option: OptionID, _ content: [UInt8]) {
    options.put(option.rawValue)
    options.put(UInt32(content.count))
    options += content
  }

  func put(option: OptionID, text: String) { put(option: option, Array(text.utf8) + [0]) }

  /// A section, and the option that says where it is.
  func put(section: OptionID, _ name: String, _ content: [UInt8]) throws(CaptureError) {
    var place: [UInt8] = []
    place.put(UInt64(position))
    try append(head(section, name, count: content.count) + content)
    put(option: section, place)
  }

  private func head(_ section: OptionID, _ name: String, count: Int) -> [UInt8] {
    var head: [UInt8] = []
    head.put(section.rawValue)
    head.put(UInt16(0))
    head.put(UInt32(names.count))
    head.put(UInt64(count))
    names += Array(name.utf8) + [0]
    return head
  }

  /// Keeps room for the end of the file, so that a full disk does not keep it from being complete. Not every file system can.
  /// - Throws: Where there is not even that much.
  func keepRoom() throws(CaptureError) {
    guard fallocate(descriptor, Int32(PROXYTRACE_KEEP_SIZE), off_t(position), off_t(Self.reserve)) != 0 else { return }
    if errno == ENOSPC || errno == EDQUOT { throw .output(errno, path) }
  }

  // MARK: The CPUs' pages

  /// Takes over the CPUs' pages. What has been copied leaves its temporary file, so that both together take hardly more room than one.
  /// - Returns: The first error; what came before it is in the file.
  func put(pages: [CPUPages], clock: String) throws(CaptureError) -> CaptureError? {
    let start = position
    try append(head(.buffer, "buffer flyrecord", count: 0))
    var (table, problem): ([(cpu: Int, offset: Int, count: Int)], CaptureError?) = ([], nil)
    for cpu in pages where cpu.count > 0 {
      let padding = (pageSize - position % pageSize) % pageSize
      if padding > 0 { try append([UInt8](repeating: 0, count: padding)) }
      let offset = position
      var copied = 0
      do throws(CaptureError) {
        try copy(cpu, &copied)
      } catch {
        problem = problem ?? error
        copied -= copied % pageSize
        position = offset + copied
      }
      if copied > 0 { table.append((cpu.cpu, offset, copied)) }
    }
    var count: [UInt8] = []
    count.put(UInt64(position - start - 16))
    try overwrite(count, at: start + 8)
    var option: [UInt8] = []
    option.put(UInt64(start))
    option += [0] + Array(clock.utf8) + [0]
    option.put(UInt32(pageSize))
    option.put(UInt32(table.count))
    for (cpu, offset, size) in table {
      option.put(UInt32(cpu))
      option.put(UInt64(offset))
      option.put(UInt64(size))
    }
    put(option: .buffer, option)
    return problem
  }

  /// Half of the room that is kept: after each piece at least the other half is left.
  private static let piece = reserve / 2

  private func copy(_ cpu: CPUPages, _ copied: inout Int) throws(CaptureError) {
    while copied < cpu.fileCount {
      let wanted = min(Self.piece, cpu.fileCount - copied)
      let count = try copyPiece(cpu.file, from: copied, wanted)
      _ = fallocate(
        cpu.file, Int32(PROXYTRACE_KEEP_SIZE | PROXYTRACE_PUNCH_HOLE), off_t(copied), off_t(count))
      copied += count
    }
    if !cpu.rest.isEmpty {
      try append(cpu.rest)
      copied += cpu.rest.count
    }
  }

  /// Shares the blocks where the file system can, copies in the kernel where it cannot, and else by hand.
  private func copyPiece(_ file: Int32, from offset: Int, _ wanted: Int) throws(CaptureError) -> Int {
    var (from, to) = (off_t(offset), off_t(position))
    let count = copy_file_range(file, &from, descriptor, &to, wanted, 0)
    if count > 0 {
      position += count
      return count
    }
    if count < 0, errno == ENOSPC || errno == EDQUOT || errno == EIO { throw .output(errno, path) }
    var block = [UInt8](repeating: 0, count: wanted)
    let read = block.withUnsafeMutableBytes { pread(file, $0.baseAddress, wanted, off_t(offset)) }
    guard read > 0 else { throw .output(read < 0 ? errno : EIO, path) }
    block.removeSubrange(read...)
    try append(block)
    return read
  }

  // MARK: The end

  /// Writes options and names, and gives the file its name.
  func finish() throws(CaptureError) {
    var place: [UInt8] = []
    place.put(UInt64(position))
    options.put(OptionID.done.rawValue)
    options.put(UInt32(8))
    options.put(UInt64(0))
    try append(head(.done, "options", count: options.count) + options)
    let strings = head(.strings, "strings", count: 0)
    try append(strings + names)
    var count: [UInt8] = []
    count.put(UInt64(names.count))
    try overwrite(count, at: position - names.count - 8)
    try overwrite(place, at: linkPosition)
    // Gives back what was kept.
    ftruncate(descriptor, off_t(position))
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .output(errno, path) }
    guard rename(partPath, path) == 0 else { throw .output(errno, path) }
    isComplete = true
  }

  private func append(_ bytes: [UInt8]) throws(CaptureError) {
    try overwrite(bytes, at: position)
    position += bytes.count
  }

  private func overwrite(_ bytes: [UInt8], at offset: Int) throws(CaptureError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .output(count < 0 ? errno : ENOSPC, path) }
      done += count
    }
  }
}

/// A CPU's pages, as they were recorded.
struct CPUPages {
  var cpu: Int
  /// A file without a name that holds the first of them.
  var file: Int32
  /// How much of it, in bytes.
  var fileCount: Int
  /// Those that did not fit there any more.
  var rest: [UInt8] = []

  var count: Int { fileCount + rest.count }
}

extension [UInt8] {
  /// An integer in the machine's order, which is the traced kernel's.
  mutating func put(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
  }
}
