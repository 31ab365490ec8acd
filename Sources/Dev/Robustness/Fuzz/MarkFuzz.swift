import TraceCore

/// Input = a message.
enum MarkFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> [String] {
    // Of its own, so that the address sanitizer sees a look beyond its end.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyMemory(from: input)
    guard let mark = MarkRecord(message: UnsafeRawBufferPointer(copy)) else { return [] }
    // What is read must be there: the word, and the number's digits.
    let bytes = Array(input)
    let isThere = bytes.contains(Array(mark.kind.name.utf8)) && bytes.contains(Array("\(mark.pid)".utf8))
    return isThere ? [] : ["\(mark) is read out of \(String(decoding: input, as: UTF8.self))"]
  }

  static let seeds: [[UInt8]] = [
    "running pid=61", "my_sched: stopping pid=61 runnable=0", "stopping pid=2147483647 runnable=1", "enqueue  pid=0",
    "xrunning pid=1 running pid=2", "running pid=99999999999999999999", "pid=",
  ].map { Array($0.utf8) }
}
