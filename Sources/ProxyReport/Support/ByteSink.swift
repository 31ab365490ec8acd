import Glibc

/// Why output could not be written.
public enum OutputError: Error, Sendable, Hashable {
  /// The reader of a pipe has gone (`| head`): there is nobody to tell, and nothing is wrong.
  case closed
  /// `problem` is a clause, `place` the file as the user named it or `standard output`.
  case failed(place: String, problem: String, advice: String)

  /// An error from `errno`.
  static func system(_ code: Int32, place: String) -> OutputError {
    if code == EPIPE { return .closed }
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "make room, or write elsewhere"
      case EACCES, EPERM, EROFS: "write where you may"
      case EBADF: "it is closed: redirect it to a file, or to /dev/null"
      case ENOTDIR, EEXIST: "name a directory"
      default: "nothing was kept of it"
      }
    return .failed(place: place, problem: "cannot be written: \(String(cString: strerror(code)))", advice: advice)
  }
}

/// Bytes on their way to a file descriptor, in blocks, or into memory.
///
/// SIGPIPE must be ignored by the program: a closed pipe is then ``OutputError/closed``.
public final class ByteSink {
  private static let blockSize = 1 << 16

  /// `nil` keeps everything in memory.
  private let descriptor: Int32?
  private let place: String
  private var buffer: [UInt8] = []

  /// - Parameter place: how errors name the destination.
  public init(descriptor: Int32, place: String) {
    self.descriptor = descriptor
    self.place = place
    buffer.reserveCapacity(Self.blockSize + 4096)
  }

  /// A sink that keeps what is written to it, for ``bytes``.
  public init() {
    descriptor = nil
    place = "memory"
  }

  /// What has been written and not flushed.
  public var bytes: [UInt8] { buffer }
  public var text: String { String(decoding: buffer, as: UTF8.self) }

  public func write(_ text: String) throws(OutputError) {
    buffer.append(contentsOf: text.utf8)
    try flushIfFull()
  }

  public func write(_ text: StaticString) throws(OutputError) {
    text.withUTF8Buffer { buffer.append(contentsOf: $0) }
    try flushIfFull()
  }

  public func write(_ byte: UInt8) throws(OutputError) {
    buffer.append(byte)
    try flushIfFull()
  }

  /// Decimal digits.
  public func write(_ number: UInt64) throws(OutputError) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var count = 0
    var rest = number
    repeat {
      digits[count] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    while count > 0 {
      count -= 1
      buffer.append(digits[count])
    }
    try flushIfFull()
  }

  public func write(_ number: Int64) throws(OutputError) {
    if number < 0 { buffer.append(UInt8(ascii: "-")) }
    try write(number.magnitude)
  }

  /// Hands everything to the system. To be called at the end: nothing is flushed by itself.
  public func flush() throws(OutputError) {
    guard let descriptor else { return }
    var written = 0
    while written < buffer.count {
      let result = buffer.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      }
      if result >= 0 {
        written += result
      } else if errno != EINTR {
        let code = errno
        buffer.removeAll()
        throw .system(code, place: place)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func flushIfFull() throws(OutputError) {
    if descriptor != nil, buffer.count >= Self.blockSize { try flush() }
  }
}
