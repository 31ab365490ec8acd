import CLinux
import Glibc

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

  /// - Parameters:
  ///   - offset: In bytes from the first page.
  ///   - wanted: No more than there is.
  ///   - output: Whom an error names.
  func read(from offset: Int, _ wanted: Int, _ output: String) throws(CaptureError) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: wanted)
    var done = 0
    while done < wanted, offset + done < fileCount {
      let left = min(wanted - done, fileCount - offset - done)
      let count = block.withUnsafeMutableBytes {
        pread(file, $0.baseAddress.map { $0 + done }, left, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .output(count < 0 ? errno : EIO, output) }
      done += count
    }
    let begin = offset + done - fileCount
    if done < wanted { block.replaceSubrange(done..., with: rest[begin..<begin + wanted - done]) }
    return block
  }

  /// Gives room back, where the file system can.
  /// - Parameter bytes: From the first page; what is not in the file has none.
  func discard(_ bytes: Range<Int>) {
    _ = fallocate(
      file, Int32(PROXYTRACE_KEEP_SIZE | PROXYTRACE_PUNCH_HOLE), off_t(bytes.lowerBound), off_t(bytes.count))
  }
}
