import TraceCore

extension CaptureShrinker {
  /// Version 7 is a list of sections that the options point to: the kallsyms section is replaced, those after it move.
  static func shrinkVersion7(_ capture: [UInt8], _ head: CaptureHead) throws(KitError) -> [UInt8] {
    var source = ByteSource(capture, head.order, at: head.end)
    var result = ByteSink(head.order, Array(capture[..<head.end]))
    var moves = SectionMoves()
    var optionSections: [Range<Int>] = []
    while source.position < capture.count {
      let section = try Section(&source)
      let target = result.count
      var dataShift = 0
      switch OptionID(rawValue: section.id) {
      case .kallsyms: try putSymbols(of: section, in: capture, head, to: &result)
      case .buffer: dataShift = putBuffer(section, of: capture, head, to: &result)
      case .done:
        result.put(capture[section.range])
        guard !section.isCompressed else { throw KitError("compressed options", offset: section.range.lowerBound) }
        optionSections.append(target + Section.headSize..<result.count)
      default: result.put(capture[section.range])
      }
      moves.sections[section.range.lowerBound] = (target, dataShift)
    }

    let first = try ByteSource(capture, head.order, at: head.optionsOffsetPosition).peekUInt64()
    result.overwrite(at: head.optionsOffsetPosition, with: try moves.moved(first))
    for section in optionSections { try moves.correctOptions(section, of: &result) }
    return result.bytes
  }

  private static func putSymbols(
    of section: Section, in capture: [UInt8], _ head: CaptureHead, to result: inout ByteSink
  ) throws(KitError) {
    var body = ByteSource(capture, head.order, at: section.body.lowerBound)
    var plain = Array(capture[section.body])
    if section.isCompressed {
      let packedSize = Int(try body.take(UInt32.self))
      let plainSize = Int(try body.take(UInt32.self))
      plain = try head.compression.decompress(capture[try body.takeRange(packedSize)], size: plainSize)
    }
    let kept = shrinkSymbols(plain.dropFirst(4))
    var payload = ByteSink(head.order)
    payload.put(UInt32(kept.count))
    payload.put(kept)
    if section.isCompressed {
      let packed = try head.compression.compress(payload.bytes)
      let plainSize = payload.count
      payload = ByteSink(head.order)
      payload.put(UInt32(packed.count))
      payload.put(UInt32(plainSize))
      payload.put(packed)
    }
    // Id, flags and string id stay; the size is new.
    result.put(capture[section.range.lowerBound..<section.range.lowerBound + 8])
    result.put(UInt64(payload.count))
    result.put(payload.bytes)
  }

  /// Copies a section of CPUs' data to the next place at which the data is as aligned as it was.
  /// - Returns: by how many bytes the data moved.
  private static func putBuffer(
    _ section: Section, of capture: [UInt8], _ head: CaptureHead, to result: inout ByteSink
  ) -> Int {
    let oldData = aligned(section.body.lowerBound, to: head.pageSize)
    guard oldData <= section.body.upperBound else {
      // No CPU has data: nothing to align.
      result.put(capture[section.range])
      return 0
    }
    let newBody = result.count + Section.headSize
    let newData = aligned(newBody, to: head.pageSize)
    let dataSize = section.body.upperBound - oldData
    result.put(capture[section.range.lowerBound..<section.range.lowerBound + 8])
    result.put(UInt64(newData - newBody + dataSize))
    result.put(zeros: newData - newBody)
    result.put(capture[oldData..<section.body.upperBound])
    return newData - oldData
  }
}

/// A section's head and place.
private struct Section {
  static let headSize = 16
  var id: UInt16
  var isCompressed: Bool
  /// Head and body.
  var range: Range<Int>
  var body: Range<Int>

  /// Reads the head and skips the body.
  init(_ source: inout ByteSource) throws(KitError) {
    let start = source.position
    id = try source.take(UInt16.self)
    isCompressed = try source.take(UInt16.self) & 1 != 0
    _ = try source.take(UInt32.self)
    body = try source.takeRange(try source.takeOffset())
    range = start..<body.upperBound
  }
}

/// Where the sections went.
private struct SectionMoves {
  /// By old offset: the new one, and how far the CPUs' data in it moved.
  var sections: [Int: (target: Int, dataShift: Int)] = [:]

  func moved(_ offset: UInt64) throws(KitError) -> UInt64 {
    if offset == 0 { return 0 }
    guard let section = sections[Int(truncatingIfNeeded: offset)] else { throw KitError("no section at \(offset)") }
    return UInt64(section.target)
  }

  /// Corrects the file offsets in an uncompressed OPTIONS section that is in its place.
  func correctOptions(_ range: Range<Int>, of file: inout ByteSink) throws(KitError) {
    var source = ByteSource(file.bytes, file.order, at: range.lowerBound)
    while source.position < range.upperBound {
      let id = OptionID(rawValue: try source.take(UInt16.self))
      let payload = try source.takeRange(Int(try source.take(UInt32.self)))
      guard let id, id == .done || id == .buffer || id.pointsToSection else { continue }
      var option = ByteSource(file.bytes, file.order, at: payload.lowerBound)
      let old = try option.take(UInt64.self)
      file.overwrite(at: payload.lowerBound, with: try moved(old))
      if id == .buffer { try correctBuffer(&option, shift: dataShift(of: old), in: &file) }
      if id == .done { return }
    }
  }

  private func dataShift(of section: UInt64) -> Int { sections[Int(truncatingIfNeeded: section)]?.dataShift ?? 0 }

  private func correctBuffer(_ option: inout ByteSource, shift: Int, in file: inout ByteSink) throws(KitError) {
    _ = try option.takeCString()
    _ = try option.takeCString()
    _ = try option.take(UInt32.self)
    for _ in 0..<(try option.take(UInt32.self)) {
      _ = try option.take(UInt32.self)
      let position = option.position
      file.overwrite(at: position, with: UInt64(try option.takeOffset() + shift))
      _ = try option.take(UInt64.self)
    }
  }
}

extension ByteSource {
  fileprivate func peekUInt64() throws(KitError) -> UInt64 {
    var copy = self
    return try copy.take(UInt64.self)
  }
}
