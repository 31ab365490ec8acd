import TraceCore

// File version 7: sections with heads, found through options (trace-cmd's
// Documentation/trace-cmd/trace-cmd.dat.v7.5.txt).
extension ContainerContents {
  mutating func readVersion7(_ file: FileView, _ path: String) throws(TraceError) {
    try readOptions7(file, path)
    try readSections7(file, path)
    cpuCount = Int(min(options.cpuCount ?? 0, BufferLayout.cpuLimit))
    for var buffer in options.buffers {
      do throws(TraceError) {
        let section = try SectionHead(file, at: buffer.end, head, path)
        buffer.isCompressed = section.isCompressed
        // A section that says less than it holds is no bound; the file's end always is.
        let isWhole = section.id == OptionID.buffer.rawValue && section.end > section.start && section.end <= file.size
        (buffer.start, buffer.end) = isWhole ? (section.start, section.end) : (0, file.size)
      } catch {
        diagnostics.record(.unreadableSection, offset: error.offset, "buffer \"\(buffer.name)\": \(error.problem)")
        buffer.isCompressed = head.codec != nil
        buffer.end = file.size
      }
      if buffer.clockName.isEmpty || buffer.name.isEmpty && !options.clockName.isEmpty {
        buffer.clockName = options.clockName
      }
      buffers.append(buffer)
    }
    // The top buffer first, the others in the file's order.
    buffers = buffers.filter(\.name.isEmpty).prefix(1) + buffers.filter { !$0.name.isEmpty }
  }

  /// The end of the section of strings, which follows the last options and to which nothing points; `nil` where there is none.
  func endOfStrings7(_ file: FileView, at offset: UInt64) -> UInt64? {
    guard let section = try? SectionHead(file, at: offset, head, ""), section.id == OptionID.strings.rawValue,
      section.end <= file.size
    else { return nil }
    return section.end
  }

  /// Follows the chain of option sections.
  private mutating func readOptions7(_ file: FileView, _ path: String) throws(TraceError) {
    guard head.optionsOffset > 0, head.optionsOffset < file.size else {
      throw TraceError(
        .damaged, path: path,
        head.optionsOffset == 0
          ? "was never finished: nothing tells where its data is"
          : "is cut short: what tells where its data is would stand at \(head.optionsOffset)",
        offset: min(head.optionsOffset, file.size), advice: "copy the file again, or record again")
    }
    var visited: Set<UInt64> = []
    var next = head.optionsOffset
    while next != 0 {
      let isNew = visited.insert(next).inserted
      do throws(TraceError) {
        guard isNew else { throw Self.badSection(path, next, "has options that refer to themselves") }
        var cursor = try openSection(file, at: next, OptionID.done.rawValue, path)
        if let section = try? SectionHead(file, at: next, head, path) { options.sectionEnds.append(section.end) }
        next = try readOptions7(&cursor, path)
      } catch {
        // The last section, after the data, says where the data is.
        if options.buffers.isEmpty { throw error }
        diagnostics.record(.unreadableSection, offset: error.offset, "the options: \(error.problem)")
        return
      }
    }
  }

  /// - Returns: Where the next section of options is; 0 = there is none.
  private mutating func readOptions7(_ cursor: inout MetadataCursor, _ path: String) throws(TraceError) -> UInt64 {
    while true {
      let id = try cursor.u16("the options")
      let size = try cursor.u32("an option's size")
      if id == OptionID.done.rawValue { return size >= 8 ? try cursor.u64("the place of further options") : 0 }
      let offset = cursor.fileOffset
      var content = MetadataCursor(
        try cursor.bytes(UInt64(size), "option \(id)"), sectionOffset: offset, isBigEndian: head.isBigEndian, path: path
      )
      options.take(id, &content, version: 7, &diagnostics)
    }
  }

  private mutating func readSections7(_ file: FileView, _ path: String) throws(TraceError) {
    // First, since it gives the size of long.
    try readSection7(file, OptionID.headerInfo.rawValue, path) { (contents, cursor) throws(TraceError) in
      try contents.readHeaderInfo(&cursor, path)
    }
    try readSection7(file, OptionID.ftraceEvents.rawValue, path) { (contents, cursor) throws(TraceError) in
      try contents.readFormats(&cursor, system: "ftrace")
    }
    try readSection7(file, OptionID.eventFormats.rawValue, path) { (contents, cursor) throws(TraceError) in
      try contents.readFormats(&cursor, system: nil)
    }
    try readSection7(file, OptionID.commandLines.rawValue, path) { (contents, cursor) throws(TraceError) in
      let size = try cursor.u64("the size of the saved names")
      contents.savedComms = MetadataText.savedComms(try cursor.bytes(size, "the saved names"))
    }
    kallsyms = options.sections[OptionID.kallsyms.rawValue].map { .section(offset: $0, id: OptionID.kallsyms.rawValue) }
    printkFormats = options.sections[OptionID.printk.rawValue].map {
      .section(offset: $0, id: OptionID.printk.rawValue)
    }
  }

  /// Reads a section if there is one. A damaged one costs what it holds, unless the kernel is not supported at all.
  private mutating func readSection7(
    _ file: FileView, _ id: UInt16, _ path: String,
    _ read: (inout ContainerContents, inout MetadataCursor) throws(TraceError) -> Void
  ) throws(TraceError) {
    guard let offset = options.sections[id] else { return }
    do throws(TraceError) {
      var cursor = try openSection(file, at: offset, id, path)
      try read(&self, &cursor)
    } catch {
      if error.reason == .unsupported { throw error }
      diagnostics.record(.unreadableSection, offset: error.offset ?? offset, error.problem)
    }
  }

  /// A section's content, decompressed if need be.
  /// - Throws: `damaged` where there is no such section.
  func openSection(
    _ file: FileView, at offset: UInt64, _ id: UInt16, _ path: String
  ) throws(TraceError) -> MetadataCursor {
    let section = try SectionHead(file, at: offset, head, path)
    guard section.id == id else {
      throw Self.badSection(path, offset, "has a section \(section.id) where section \(id) should be")
    }
    guard section.isCompressed else {
      // The options' own section is written before its length is known by some versions: its options end it.
      let end = id == OptionID.done.rawValue ? file.size : section.end
      return MetadataCursor(file, from: section.start, to: end, isBigEndian: head.isBigEndian, path: path)
    }
    guard let codec = head.codec else {
      throw Self.badSection(path, offset, "has a compressed section but names no compression")
    }
    var cursor = MetadataCursor(
      file, from: section.start, to: file.size, isBigEndian: head.isBigEndian, path: path)
    let compressed = Int(try cursor.u32("a section's compressed size"))
    let size = Int(try cursor.u32("a section's size"))
    guard Codec.isPlausible(compressed: compressed, uncompressed: size),
      let content = codec.decompress(try cursor.bytes(UInt64(compressed), "a compressed section"), size: size)
    else { throw Self.badSection(path, offset, "has a section that cannot be decompressed") }
    return MetadataCursor(content, sectionOffset: offset, isBigEndian: head.isBigEndian, path: path)
  }

  private static func badSection(_ path: String, _ offset: UInt64, _ problem: String) -> TraceError {
    TraceError(.damaged, path: path, problem, offset: offset, advice: "the file is damaged: copy it again")
  }
}

/// The 16 bytes before every section of version 7.
private struct SectionHead {
  var id: UInt16
  var isCompressed: Bool
  /// Where the content begins.
  var start: UInt64
  /// Where it ends, within the file or not.
  var end: UInt64

  init(_ file: FileView, at offset: UInt64, _ head: FileHead, _ path: String) throws(TraceError) {
    var cursor = MetadataCursor(file, from: offset, to: file.size, isBigEndian: head.isBigEndian, path: path)
    id = try cursor.u16("a section's head")
    isCompressed = try cursor.u16("a section's head") & 1 != 0
    // An offset into the strings, which describe sections for people.
    _ = try cursor.u32("a section's head")
    let size = try cursor.u64("a section's head")
    start = cursor.position
    let (end, overflow) = start.addingReportingOverflow(size)
    self.end = overflow ? .max : end
  }
}
