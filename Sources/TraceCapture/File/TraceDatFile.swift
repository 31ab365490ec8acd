import CLinux
import Compression
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
  let descriptor: Int32
  /// Where the next section begins, in bytes.
  var position = 0
  private var linkPosition = 0
  private var names: [UInt8] = []
  private var options: [UInt8] = []
  let pageSize: Int
  let compression: RecordOptions.Compression
  private let zstd = Zstd(level: 1)
  private var isComplete = false

  /// Room that is kept for what is written when the disk is full, in bytes.
  static let reserve = 4 << 20

  static func partPath(for path: String) -> String { "\(path).\(getpid()).part" }

  /// - Parameters:
  ///   - pageSize: Of a ring buffer's sub-buffer, in bytes.
  ///   - compression: Of the CPUs' pages, and of all metadata but options and names.
  init(_ path: String, pageSize: Int, compression: RecordOptions.Compression) throws(CaptureError) {
    self.path = path
    self.pageSize = pageSize
    self.compression = compression
    partPath = Self.partPath(for: path)
    descriptor = open(partPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .output(errno, path) }
    var head: [UInt8] = [0x17, 0x08, 0x44]
    head += Array("tracing7".utf8) + [0]
    head.append(UInt8(Int(1).littleEndian == 1 ? 0 : 1))
    head.append(UInt8(MemoryLayout<Int>.size))
    head.put(UInt32(pageSize))
    head += Array(compression.rawValue.utf8) + [0] + Array(compression.version.utf8) + [0]
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
    let stored = compression == .none ? content : chunk(content)
    try append(head(section, name, count: stored.count, isCompressed: compression != .none) + stored)
    put(option: section, place)
  }

  /// What is compressed in one go: its size compressed, its size as it was, and the data.
  func chunk(_ plain: [UInt8]) -> [UInt8] {
    let packed = zstd.compress(plain)
    var chunk: [UInt8] = []
    chunk.put(UInt32(packed.count))
    chunk.put(UInt32(plain.count))
    return chunk + packed
  }

  /// - Parameter isCompressed: Whether its content is.
  func head(_ section: OptionID, _ name: String, count: Int, isCompressed: Bool = false) -> [UInt8] {
    var head: [UInt8] = []
    head.put(section.rawValue)
    head.put(UInt16(isCompressed ? 1 : 0))
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

  func append(_ bytes: [UInt8]) throws(CaptureError) {
    try overwrite(bytes, at: position)
    position += bytes.count
  }

  func overwrite(_ bytes: [UInt8], at offset: Int) throws(CaptureError) {
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

extension [UInt8] {
  /// An integer in the machine's order, which is the traced kernel's.
  mutating func put(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
  }
}

extension RecordOptions.Compression {
  /// The compressor's version, as the file's head has it.
  fileprivate var version: String {
    switch self {
    case .none: ""
    case .zstd: Zstd.version
    }
  }
}
