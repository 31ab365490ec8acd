import TraceCore

extension CaptureShrinker {
  /// Version 6 is one sequence: metadata up to kallsyms, kallsyms, more metadata with the options and the table of the
  /// CPUs' data, the data.
  static func shrinkVersion6(_ capture: [UInt8], _ head: CaptureHead) throws(KitError) -> [UInt8] {
    var source = ByteSource(capture, head.order, at: head.end)
    try skipFormats(&source)
    let sizePosition = source.position
    let symbols = try source.takeRange(Int(try source.take(UInt32.self)))
    let kept = shrinkSymbols(capture[symbols])
    let tail = try Version6Tail(&source)

    var result = ByteSink(head.order, Array(capture[..<sizePosition]))
    result.put(UInt32(kept.count))
    result.put(kept)
    let metadataShift = result.count - symbols.upperBound
    result.put(capture[symbols.upperBound..<tail.tableEnd])
    let dataStart = aligned(result.count, to: head.pageSize)
    result.put(zeros: dataStart - result.count)
    // The gap between table and data may hold the name of the clock.
    let gap = min(tail.dataStart - tail.tableEnd, dataStart - (tail.tableEnd + metadataShift))
    let clock = capture[tail.tableEnd..<tail.tableEnd + gap]
    guard capture[(tail.tableEnd + gap)..<tail.dataStart].allSatisfy({ $0 == 0 }) else {
      throw KitError("more than a clock's name before the CPUs' data", offset: tail.tableEnd)
    }
    for (index, byte) in clock.enumerated() { result.overwrite(at: tail.tableEnd + metadataShift + index, with: byte) }
    result.put(capture[tail.dataStart...])

    let dataShift = dataStart - tail.dataStart
    for position in tail.offsetPositions {
      let old = try ByteSource(capture, head.order, at: position).peekOffset()
      let shift = position >= tail.dataStart ? dataShift : metadataShift
      result.overwrite(at: position + shift, with: UInt64(old + (old >= tail.dataStart ? dataShift : 0)))
    }
    return result.bytes
  }

  private static func skipFormats(_ source: inout ByteSource) throws(KitError) {
    for tag in ["header_page\0", "header_event\0"] {
      try source.expect(tag)
      _ = try source.takeRange(try source.takeOffset())
    }
    for _ in 0..<(try source.take(UInt32.self)) { _ = try source.takeRange(try source.takeOffset()) }
    for _ in 0..<(try source.take(UInt32.self)) {
      _ = try source.takeCString()
      for _ in 0..<(try source.take(UInt32.self)) { _ = try source.takeRange(try source.takeOffset()) }
    }
  }
}

/// What follows kallsyms in version 6, as far as it holds file offsets.
private struct Version6Tail {
  /// Where in the file offsets stand: of the CPUs' data and of the buffer instances.
  var offsetPositions: [Int] = []
  /// The end of the top buffer's table.
  var tableEnd = 0
  /// Where the CPUs' data begins, page by page.
  var dataStart: Int

  init(_ source: inout ByteSource) throws(KitError) {
    dataStart = source.bytes.count
    _ = try source.takeRange(Int(try source.take(UInt32.self)))
    _ = try source.takeRange(try source.takeOffset())
    var cpuCount = Int(try source.take(UInt32.self))
    var instances: [Int] = []
    try source.expect("options  \0")
    while case let id = try source.take(UInt16.self), id != 0 {
      let size = Int(try source.take(UInt32.self))
      let payload = try source.takeRange(size)
      var option = ByteSource(source.bytes, source.order, at: payload.lowerBound)
      if id == OptionID.buffer.rawValue {
        offsetPositions.append(option.position)
        instances.append(try option.takeOffset())
      } else if id == OptionID.cpuCount.rawValue {
        cpuCount = Int(try option.take(UInt32.self))
      }
    }
    try takeTable(&source, cpuCount)
    tableEnd = source.position
    for start in instances {
      var instance = ByteSource(source.bytes, source.order, at: start)
      try takeTable(&instance, cpuCount)
    }
  }

  private mutating func takeTable(_ source: inout ByteSource, _ cpuCount: Int) throws(KitError) {
    try source.expect("flyrecord\0")
    for _ in 0..<cpuCount {
      offsetPositions.append(source.position)
      let offset = try source.takeOffset()
      if try source.takeOffset() > 0 { dataStart = min(dataStart, offset) }
    }
  }
}

extension ByteSource {
  fileprivate func peekOffset() throws(KitError) -> Int {
    var copy = self
    return try copy.takeOffset()
  }
}
