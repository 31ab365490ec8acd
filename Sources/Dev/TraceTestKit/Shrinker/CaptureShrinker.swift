/// Makes a real capture small enough to keep: nearly all of one is the kernel's symbol table, of which a test needs a few
/// hundred names at most.
///
/// Everything else stays byte for byte, above all the records; offsets are corrected, and the CPUs' data keeps the
/// alignment that trace-cmd gave it.
public enum CaptureShrinker {
  /// The capture with its kallsyms reduced to the modules' symbols and ``keepsSymbol(_:)``.
  public static func shrink(_ capture: [UInt8]) throws(KitError) -> [UInt8] {
    let head = try CaptureHead(capture)
    return head.version == 6 ? try shrinkVersion6(capture, head) : try shrinkVersion7(capture, head)
  }

  /// Lines of `/proc/kallsyms` that survive: modules (the workload's own code among them), and the core functions at
  /// which mutexes, the scheduler and the probes of the captures live.
  static func keepsSymbol(_ line: some StringProtocol) -> Bool {
    if line.contains("[") { return true }
    let kept = ["mutex_", "__mutex", "schedule", "set_next", "stub_sched_switch", "contention_", "contended_"]
    return kept.contains { line.contains($0) }
  }

  static func shrinkSymbols(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
    return Array(lines.filter { keepsSymbol($0) }.map { $0 + "\n" }.joined().utf8)
  }
}

/// The fixed first part of a `trace.dat`.
struct CaptureHead {
  var version: Int
  var order: ByteOrder
  /// Size of a ring-buffer page of the top buffer, to which the CPUs' data is aligned.
  var pageSize: Int
  var compression: Compression
  /// Where version 7 says where its options are.
  var optionsOffsetPosition: Int
  /// The first byte after the head.
  var end: Int

  init(_ capture: [UInt8]) throws(KitError) {
    var source = ByteSource(capture, .little)
    let magic = try source.takeRange(3)
    guard capture[magic].elementsEqual([0x17, 0x08, 0x44]) else { throw KitError("not a trace.dat", offset: 0) }
    try source.expect("tracing")
    guard let version = Int(try source.takeCString()), version == 6 || version == 7 else {
      throw KitError("a file version other than 6 and 7", offset: 10)
    }
    self.version = version
    order = try source.take(UInt8.self) == 0 ? .little : .big
    _ = try source.take(UInt8.self)
    source = ByteSource(capture, order, at: source.position)
    pageSize = Int(try source.take(UInt32.self))
    guard pageSize > 0 else { throw KitError("a page size of 0", offset: source.position - 4) }
    compression = .none
    if version == 7 {
      let name = try source.takeCString()
      guard let known = Compression(rawValue: name.isEmpty ? "none" : name) else {
        throw KitError("an unknown compression", offset: source.position)
      }
      compression = known
      _ = try source.takeCString()
    }
    optionsOffsetPosition = source.position
    end = version == 7 ? source.position + 8 : source.position
  }
}

/// Rounds up to a multiple.
func aligned(_ offset: Int, to alignment: Int) -> Int { (offset + alignment - 1) / alignment * alignment }
