import Glibc
import TraceCore

/// A file without a name for rows that are many and not needed now. It is mapped as a whole, and the process holds only the
/// pages that it has read lately.
///
/// A ``ProxyMachine`` owns one, and its ``Timeline`` afterwards. The logs of the machine share it, and keep it alive. The file is
/// made when their rows take more than ``budget``. Where no file can be made, or it is full, rows stay in memory. The last
/// owner's end closes it; the kernel does that too when the process dies.
final class RowFile: Sendable {
  /// Memory that pieces of rows may take before the file is begun, in bytes.
  private static let budget = 2 << 20
  /// Readers that have passed so many bytes of rows release all pages: those near what they read come back at once.
  private static let mappedLimit = 2 << 20
  /// Address space for the file; memory is needed only for what is in it, and then the kernel's to dispose of.
  private static let largestSize = 64 << 30
  private static let pageSize = 4096

  private struct State {
    var descriptor: Int32 = -1
    var base: UInt = 0
    var size = 0
    var isImpossible = false
    /// Stretches that are not used any more, by their length.
    var free: [Int: [Int]] = [:]
    /// Of pieces in memory, in bytes.
    var memory = 0
    /// What was read or written since all pages were released, in bytes.
    var passed = 0
  }

  private let state = Guarded(State())

  deinit {
    state.withLock { state in
      guard state.descriptor >= 0 else { return }
      munmap(UnsafeMutableRawPointer(bitPattern: state.base), Self.largestSize)
      close(state.descriptor)
    }
  }

  /// Counts memory for a piece that was allocated, or freed.
  func count(_ bytes: Int) { state.withLock { $0.memory += bytes } }

  /// Whether there is a file. For tests.
  var isBegun: Bool { state.withLock { $0.descriptor >= 0 } }

  /// Writes a piece to the file, if it is time for that.
  /// - Returns: where it is from now on; `nil` where it stays.
  func put(_ piece: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
    let place: UnsafeMutableRawPointer? = state.withLock { state in
      guard state.memory > Self.budget, !state.isImpossible else { return nil }
      if state.descriptor < 0, !Self.begin(&state) { return nil }
      let length = Self.inPages(piece.count)
      let offset = state.free[length]?.popLast() ?? state.size
      guard offset + length <= Self.largestSize, Self.write(piece, length, state.descriptor, at: offset) else {
        state.isImpossible = true
        return nil
      }
      state.size = max(state.size, offset + length)
      return UnsafeMutableRawPointer(bitPattern: state.base + UInt(offset))
    }
    // While rows are made, some are looked up that are in the file already, and some are finished there.
    if place != nil { passed(piece.count) }
    return place
  }

  /// Counts what a reader or a writer has passed, in whatever order and on whatever thread. Now and then it releases all pages, also
  /// those of rows that others refer to, and those nearby that the kernel maps without being asked.
  func passed(_ bytes: Int) {
    let isEnough = state.withLock { state in
      state.passed += bytes
      guard state.passed >= Self.mappedLimit, state.descriptor >= 0 else { return false }
      state.passed = 0
      return true
    }
    if isEnough { releaseAllPages() }
  }

  /// Releases the pages of a stretch: they leave the process, and come back when they are read.
  private func releasePages(from start: UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer) {
    if start < end { madvise(start, end - start, MADV_DONTNEED) }
  }

  /// Releases the pages of all pieces.
  func releaseAllPages() {
    let (base, size) = state.withLock { ($0.base, $0.size) }
    if let start = UnsafeMutableRawPointer(bitPattern: base) { releasePages(from: start, upTo: start + size) }
  }

  /// The piece is not needed any more. It counts as passed: to release the pages of each by itself costs a call for each.
  func free(_ piece: UnsafeMutableRawPointer, _ count: Int) {
    state.withLock { state in
      state.free[Self.inPages(count), default: []].append(Int(UInt(bitPattern: piece) - state.base))
    }
    passed(count)
  }

  /// A length in whole pages.
  private static func inPages(_ count: Int) -> Int { (count + pageSize - 1) / pageSize * pageSize }

  /// Makes the file.
  private static func begin(_ state: inout State) -> Bool {
    state.isImpossible = true
    // On a disk, if there is a choice: a file in memory saves none.
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var path = Array("\(folder)/proxytrace-XXXXXX".utf8CString)
    let descriptor = path.withUnsafeMutableBufferPointer { path -> Int32 in
      guard let path = path.baseAddress else { return -1 }
      let descriptor = mkstemp(path)
      if descriptor >= 0 { unlink(path) }
      return descriptor
    }
    guard descriptor >= 0 else { return false }
    let base = mmap(nil, largestSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
    guard let base, base != MAP_FAILED else {
      close(descriptor)
      return false
    }
    (state.descriptor, state.base, state.isImpossible) = (descriptor, UInt(bitPattern: base), false)
    return true
  }

  /// Whole pages: memory mapped beyond the file's end must not be read.
  private static func write(
    _ piece: UnsafeRawBufferPointer, _ length: Int, _ descriptor: Int32, at offset: Int
  ) -> Bool {
    var done = 0
    while done < piece.count {
      let count = pwrite(descriptor, piece.baseAddress.map { $0 + done }, piece.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    var end: UInt8 = 0
    return done == length || pwrite(descriptor, &end, 1, off_t(offset + length - 1)) == 1
  }
}
