import TraceCore

/// Where the records of a text's CPUs begin and end, found without reading all of the text: in its first and its last lines.
struct TextEnds {
  /// How much of the text is read at each end, in bytes.
  private static let windowSize = 256 << 10

  /// By CPU: the time of its first line, and of its last one with that line's place in the text.
  private var first: [CPU: UInt64] = [:]
  private var last: [CPU: (time: UInt64, offset: UInt64)] = [:]
  /// Of the text's first event.
  private var begin: UInt64?
  /// Where the text's last event is.
  private var end: UInt64 = 0

  /// - Returns: `nil` where these lines do not show the beginning and the end of every CPU that they show.
  init?(_ file: FileView) {
    let isWhole = file.size <= UInt64(2 * Self.windowSize)
    read(
      file.bytes(at: 0, count: isWhole ? file.size : UInt64(Self.windowSize)), at: 0, isEnd: isWhole, notesFirst: true)
    if !isWhole {
      last = [:]
      let start = file.size - UInt64(Self.windowSize)
      read(file.bytes(at: start, count: UInt64(Self.windowSize)), at: start, isEnd: true, notesFirst: false)
    }
    guard begin != nil, Set(first.keys) == Set(last.keys) else { return nil }
  }

  /// Whether a CPU has shown in these lines.
  func knows(_ cpu: CPU) -> Bool { first[cpu] != nil }

  private mutating func read(_ bytes: [UInt8], at offset: UInt64, isEnd: Bool, notesFirst: Bool) {
    bytes.withUnsafeBytes { bytes in
      var parser = TextLine()
      var position = 0
      // Within the text the first line has lost its beginning.
      if !notesFirst { position = Self.lineEnd(bytes, 0) + 1 }
      while position < bytes.count {
        let stop = Self.lineEnd(bytes, position)
        if stop == bytes.count, !isEnd { return }
        var scanner = TextScanner(UnsafeRawBufferPointer(rebasing: bytes[position..<stop]))
        if parser.read(&scanner) == .event {
          let (cpu, time) = (parser.head.cpu, parser.head.time)
          if notesFirst {
            begin = begin ?? time
            if first[cpu] == nil { first[cpu] = time }
          }
          last[cpu] = (time, offset &+ UInt64(position))
          end = offset &+ UInt64(position)
        }
        position = stop + 1
      }
    }
  }

  private static func lineEnd(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var place = start
    while place < bytes.count, bytes[place] != 0x0a { place += 1 }
    return place
  }

  /// CPUs are in a hole before their first record and after their last one, of which nothing tells.
  var holes: [TextScan.Hole] {
    guard let begin else { return [] }
    var holes: [TextScan.Hole] = []
    for (cpu, time) in first where time > begin {
      holes.append(
        TextScan.Hole(
          after: -1, time: begin, cpu: cpu, loss: LostEvents(until: Timestamp(time), isAtStart: true, count: 0)))
    }
    for (cpu, last) in last where last.offset < end {
      holes.append(
        TextScan.Hole(
          after: Int64(clamping: last.offset), time: last.time, cpu: cpu, loss: LostEvents(until: nil, count: 0)))
    }
    return holes
  }
}
