import TraceCore

/// A line of a kernel's stack below an event: ` => mutex_lock`, `=> mutex_lock (ffffffff815aa6e4)`, ` => mutex_lock <ffffffff815aa6e4>`.
enum StackFrame {
  /// Longer names are no functions'.
  private static let longest = 256

  static func isFrame(_ line: UnsafeRawBufferPointer) -> Bool {
    var scanner = TextScanner(line)
    scanner.skipBlanks()
    return scanner.has("=> ")
  }

  /// The function, without the address behind its name.
  static func function(_ line: UnsafeRawBufferPointer) -> String {
    var scanner = TextScanner(line)
    scanner.skipBlanks()
    _ = scanner.skip("=> ")
    scanner.skipBlanks()
    let start = scanner.position
    let name = scanner.word()
    var end = scanner.position
    scanner.skipBlanks()
    // The module.
    if scanner.byte() == UInt8(ascii: "[") {
      _ = scanner.word()
      end = scanner.position
    }
    let text = name.isEmpty ? line[start..<line.count] : line[start..<end]
    return String(decoding: text.prefix(longest), as: UTF8.self)
  }

  /// `ffffffff8100abcd mutex_lock+0x2a ([kernel.kallsyms])`, a frame of perf's, in ftrace's form. Empty for one of a program's.
  static func ofKernel(_ line: UnsafeRawBufferPointer) -> [UInt8] {
    var scanner = TextScanner(line)
    scanner.skipBlanks()
    // The kernel has the upper half of 64 bits; of 32 bits it may have less.
    // A 0 may stand between others (powerpc).
    guard let address = scanner.hexadecimal(),
      address >> 63 == 1 || address == 0 || line.firstPlace(of: "([kernel") != nil
    else { return [] }
    scanner.skipBlanks()
    let name = scanner.word()
    return name.isEmpty ? [] : Array("=> ".utf8) + name
  }
}
