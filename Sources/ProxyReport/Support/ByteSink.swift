import Glibc

/// Why output could not be written.
public enum OutputError: Error, Sendable, Hashable {
  /// The reader of a pipe has gone (`| head`). That is no failure.
  case closed
  /// Writing failed. `place` is the file as the user named it, or `standard output`; `problem` and `advice` are clauses.
  case failed(place: String, problem: String, advice: String)

  /// The error for a value of `errno`.
  package static func system(_ code: Int32, place: String) -> OutputError {
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

/// Writes bytes to a file descriptor in blocks of 64 KiB, or keeps them in memory.
///
/// The program must ignore SIGPIPE: a closed pipe is then ``OutputError/closed``. All functions that write throw
/// ``OutputError`` where the system cannot write.
public final class ByteSink {
  private static let blockSize = 1 << 16

  /// `nil`: everything stays in memory.
  private let descriptor: Int32?
  private let place: String
  private var buffer: [UInt8] = []

  /// A sink for a file descriptor, which stays open.
  /// - Parameters:
  ///   - descriptor: an open file.
  ///   - place: how errors name the destination.
  public init(descriptor: Int32, place: String) {
    self.descriptor = descriptor
    self.place = place
    buffer.reserveCapacity(Self.blockSize + 4096)
  }

  /// A sink that keeps everything in memory.
  public init() {
    descriptor = nil
    place = "memory"
  }

  /// The bytes that have been written and not flushed.
  public var bytes: [UInt8] { buffer }
  /// The same as text; bytes that are no UTF-8 become U+FFFD.
  public var text: String { String(decoding: buffer, as: UTF8.self) }

  /// Writes text as UTF-8.
  public func write(_ text: String) throws(OutputError) {
    buffer.append(contentsOf: text.utf8)
    try flushIfFull()
  }

  /// Writes a literal as UTF-8, without making a `String`.
  public func write(_ text: StaticString) throws(OutputError) {
    text.withUTF8Buffer { buffer.append(contentsOf: $0) }
    try flushIfFull()
  }

  /// Writes bytes as they are.
  package func write(_ bytes: [UInt8]) throws(OutputError) {
    buffer += bytes
    try flushIfFull()
  }

  /// Writes one byte.
  public func write(_ byte: UInt8) throws(OutputError) {
    buffer.append(byte)
    try flushIfFull()
  }

  /// Writes a number in decimal digits.
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

  /// Writes a number in decimal digits, with a sign where it is negative.
  public func write(_ number: Int64) throws(OutputError) {
    if number < 0 { buffer.append(UInt8(ascii: "-")) }
    try write(number.magnitude)
  }

  /// Writes what is left to the descriptor. Call it at the end: a sink does not flush when it is released.
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
