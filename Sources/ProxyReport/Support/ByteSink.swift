import Glibc
import TraceCore

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
  /// What may be asked of ``room(_:)``.
  static let roomLimit = 1 << 12

  /// `nil`: everything stays in memory.
  private let descriptor: Int32?
  private let place: String
  /// The bytes that have not been written yet. Not a stored property that changes: the language would check for overlapping
  /// access at every byte.
  private let block: UnsafeMutablePointer<Block>
  /// What was in the block before, if everything stays in memory.
  private var kept: [UInt8] = []

  private struct Block {
    /// Of ``blockSize`` and ``roomLimit`` bytes; owned by the sink alone.
    let base: UnsafeMutablePointer<UInt8>
    /// How many are initialised; less than ``blockSize`` between two calls.
    var count = 0
  }

  /// A sink for a file descriptor, which stays open.
  /// - Parameters:
  ///   - descriptor: an open file.
  ///   - place: how errors name the destination.
  public init(descriptor: Int32, place: String) {
    self.descriptor = descriptor
    self.place = place
    block = Self.makeBlock()
  }

  /// A sink that keeps everything in memory.
  public init() {
    descriptor = nil
    place = "memory"
    block = Self.makeBlock()
  }

  private static func makeBlock() -> UnsafeMutablePointer<Block> {
    let block = UnsafeMutablePointer<Block>.allocate(capacity: 1)
    block.initialize(to: Block(base: .allocate(capacity: blockSize + roomLimit)))
    return block
  }

  deinit {
    block.pointee.base.deallocate()
    block.deallocate()
  }

  /// The bytes that have been written and not flushed.
  public var bytes: [UInt8] { kept + UnsafeBufferPointer(start: block.pointee.base, count: block.pointee.count) }
  /// The same as text; bytes that are no UTF-8 become U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  // MARK: In place

  /// Memory for the next bytes, at most ``roomLimit``; ``advance(_:)`` says how many it was.
  @inline(__always)
  var room: UnsafeMutablePointer<UInt8> { block.pointee.base + block.pointee.count }

  /// Takes so many bytes at ``room``, which the caller has initialised.
  @inline(__always)
  func advance(_ count: Int) throws(OutputError) {
    block.pointee.count += count
    if block.pointee.count >= Self.blockSize { try empty() }
  }

  @inline(never)
  private func empty() throws(OutputError) {
    guard descriptor == nil else { return try flush() }
    kept += UnsafeBufferPointer(start: block.pointee.base, count: block.pointee.count)
    block.pointee.count = 0
  }

  // MARK: Whole values

  /// Writes text as UTF-8.
  public func write(_ text: String) throws(OutputError) {
    var text = text
    let count = text.utf8.count
    guard count <= Self.roomLimit else {
      let result = text.withUTF8 { bytes in Result { () throws(OutputError) in try write(bytes) } }
      return try result.get()
    }
    let room = self.room
    text.withUTF8 { bytes in
      if let start = bytes.baseAddress { room.update(from: start, count: bytes.count) }
    }
    try advance(count)
  }

  /// Writes text that is short and whose bytes are all as wanted.
  /// - Returns: whether it is; nothing is written otherwise.
  @inline(__always)
  func write(_ text: String, ifAll isWanted: (UInt8) -> Bool) throws(OutputError) -> Bool {
    var text = text
    let count = text.utf8.count
    guard count <= Self.roomLimit else { return false }
    let room = self.room
    let isPlain = text.withUTF8 { bytes in
      for place in bytes.indices {
        if !isWanted(bytes[place]) { return false }
        room[place] = bytes[place]
      }
      return true
    }
    if isPlain { try advance(count) }
    return isPlain
  }

  /// The same for the name of a task; `false` for names that are not ASCII too.
  @inline(__always)
  func write(_ comm: Comm, ifAll isWanted: (UInt8) -> Bool) throws(OutputError) -> Bool {
    guard comm.isASCII else { return false }
    let room = self.room
    let count = comm.copy(to: room)
    for place in 0..<count where !isWanted(room[place]) { return false }
    try advance(count)
    return true
  }

  /// Writes a literal as UTF-8, without making a `String`.
  public func write(_ text: StaticString) throws(OutputError) {
    try text.hasPointerRepresentation
      ? write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) : write(text.description)
  }

  /// Writes bytes as they are.
  package func write(_ bytes: [UInt8]) throws(OutputError) {
    if bytes.count <= Self.roomLimit {
      room.update(from: bytes, count: bytes.count)
      return try advance(bytes.count)
    }
    let result = bytes.withUnsafeBufferPointer { bytes in Result { () throws(OutputError) in try write(bytes) } }
    try result.get()
  }

  /// Writes bytes as they are: many at once.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(OutputError) {
    guard bytes.count > Self.roomLimit else {
      if let start = bytes.baseAddress { room.update(from: start, count: bytes.count) }
      return try advance(bytes.count)
    }
    try empty()
    if let descriptor {
      try Self.write(bytes, to: descriptor, place)
    } else {
      kept += bytes
    }
  }

  /// Writes one byte.
  @inline(__always)
  public func write(_ byte: UInt8) throws(OutputError) {
    room[0] = byte
    try advance(1)
  }

  /// Writes a number in decimal digits.
  public func write(_ number: UInt64) throws(OutputError) { try advance(Digits.decimal(number, to: room)) }

  /// Writes a number in decimal digits, with a sign where it is negative.
  public func write(_ number: Int64) throws(OutputError) { try advance(Digits.decimal(number, to: room)) }

  /// Writes billionths with all nine decimals.
  func write(billionths: Int64) throws(OutputError) { try advance(Digits.billionths(billionths, to: room)) }

  /// Writes an address as `0x…`.
  func write(address: UInt64) throws(OutputError) { try advance(Digits.address(address, to: room)) }

  /// Writes what is left to the descriptor. Call it at the end: a sink does not flush when it is released.
  public func flush() throws(OutputError) {
    guard let descriptor else { return }
    defer { block.pointee.count = 0 }
    try Self.write(UnsafeBufferPointer(start: block.pointee.base, count: block.pointee.count), to: descriptor, place)
  }

  private static func write(
    _ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32, _ place: String
  ) throws(OutputError) {
    var written = 0
    while written < bytes.count {
      let result = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      if result >= 0 {
        written += result
      } else if errno != EINTR {
        throw .system(errno, place: place)
      }
    }
  }
}
