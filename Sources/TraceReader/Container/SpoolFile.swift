import Glibc
import TraceCore

/// An unnamed file for bytes that no file holds as they are read: decompressed ones.
final class SpoolFile {
  private let descriptor: Int32
  private var size: UInt64 = 0

  /// - Parameter path: What errors call the capture.
  init(_ path: String) throws(TraceError) {
    descriptor = CaptureFile.fileWithoutName(in: CaptureFile.temporaryDirectory)
    guard descriptor >= 0 else { throw CaptureFile.cannotSpool(path, CaptureFile.temporaryDirectory, errno) }
  }

  deinit { _ = close(descriptor) }

  /// What has been written so far; valid as long as this.
  var view: FileView { FileView(descriptor: descriptor, size: size) }

  /// - Returns: Where the bytes begin.
  func append(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(TraceError) -> UInt64 {
    guard CaptureFile.write(bytes, to: descriptor) else {
      throw CaptureFile.cannotSpool(path, CaptureFile.temporaryDirectory, errno)
    }
    defer { size += UInt64(bytes.count) }
    return size
  }

  func append(_ bytes: [UInt8], _ path: String) throws(TraceError) -> UInt64 {
    // withUnsafeBytes passes on no typed error.
    try bytes.withUnsafeBytes { bytes in Result { () throws(TraceError) in try append(bytes, path) } }.get()
  }
}
