import TraceCore

extension TraceDatWriter {
  /// Version 7: sections, found through options that stand in sections of their own.
  func version7() throws(KitError) -> [UInt8] {
    let metadata = CaptureMetadata(layout: layout, catalog: catalog, options: options)
    var file = fileHead()
    file.put(cString: layout.compression.rawValue)
    file.put(cString: layout.compression.version)
    let firstOptions = file.count
    file.put(UInt64(0))
    var sections = SectionWriter(file: file, compression: layout.compression)

    let parts: [(OptionID, String, [UInt8])] = [
      (.headerInfo, "headers", metadata.headerInfo), (.ftraceEvents, "ftrace events", metadata.ftraceEvents),
      (.eventFormats, "events format", metadata.eventFormats), (.kallsyms, "kallsyms", metadata.kallsyms),
      (.printk, "printk", metadata.printkFormats), (.commandLines, "command lines", metadata.savedComms),
    ]
    var head = ByteSink(layout.order)
    for (id, name, content) in parts {
      let offset = try sections.put(id, name, content)
      head.put(option: id) { $0.put(UInt64(offset)) }
    }
    putCommonOptions(&head)
    var link = firstOptions
    sections.put(options: head, linkedFrom: &link)

    for buffer in buffers {
      var option = ByteSink(layout.order)
      let content = try put(buffer, to: &sections)
      option.put(option: .buffer, content)
      sections.put(options: option, linkedFrom: &link)
    }
    return try sections.finish()
  }

  /// Writes the section of a buffer's data.
  /// - Returns: the payload of the option that describes it.
  private func put(_ buffer: Buffer, to sections: inout SectionWriter) throws(KitError) -> [UInt8] {
    let start = sections.begin(.buffer, "buffer flyrecord " + buffer.name, isCompressed: layout.compression != .none)
    var option = ByteSink(layout.order)
    option.put(UInt64(start))
    option.put(cString: buffer.name)
    option.put(cString: buffer.clock)
    option.put(UInt32(buffer.subBufferSize))
    option.put(UInt32(buffer.data.count))
    for (cpu, pages) in buffer.data {
      sections.file.pad(toMultipleOf: layout.subBufferSize)
      let offset = sections.file.count
      try sections.put(pages: pages, subBufferSize: buffer.subBufferSize)
      option.put(UInt32(cpu))
      option.put(UInt64(offset))
      option.put(UInt64(sections.file.count - offset))
    }
    sections.end(start)
    return option.bytes
  }
}

/// Appends sections and remembers their names, which stand in a section of their own at the end.
private struct SectionWriter {
  /// As many sub-buffers trace-cmd compresses in one go.
  private static let chunkPages = 10
  private static let headSize = 16

  var file: ByteSink
  let compression: Compression
  private var names: [UInt8] = []

  init(file: ByteSink, compression: Compression) {
    self.file = file
    self.compression = compression
  }

  /// Writes a section of metadata.
  /// - Returns: its offset.
  mutating func put(_ id: OptionID, _ name: String, _ content: [UInt8]) throws(KitError) -> Int {
    let start = begin(id, name, isCompressed: compression != .none)
    try putChunk(content[...])
    end(start)
    return start
  }

  /// Writes a section of options, which the section before it, or the file's head, points to.
  /// - Parameter link: Where its offset is to be written; afterwards where the next one's is.
  mutating func put(options: ByteSink, linkedFrom link: inout Int) {
    let start = begin(.done, "options", isCompressed: false)
    file.put(options.bytes)
    file.put(option: .done) { $0.put(UInt64(0)) }
    file.overwrite(at: link, with: UInt64(start))
    link = file.count - 8
    end(start)
  }

  /// Writes a CPU's pages, chunk by chunk where they are compressed.
  mutating func put(pages: [UInt8], subBufferSize: Int) throws(KitError) {
    if compression == .none { return file.put(pages) }
    let chunkSize = subBufferSize * Self.chunkPages
    file.put(UInt32((pages.count + chunkSize - 1) / chunkSize))
    for start in stride(from: 0, to: pages.count, by: chunkSize) {
      try putChunk(pages[start..<min(start + chunkSize, pages.count)])
    }
  }

  private mutating func putChunk(_ plain: ArraySlice<UInt8>) throws(KitError) {
    if compression == .none { return file.put(plain) }
    let packed = try compression.compress(Array(plain))
    file.put(UInt32(packed.count))
    file.put(UInt32(plain.count))
    file.put(packed)
  }

  /// - Returns: where the section is.
  mutating func begin(_ id: OptionID, _ name: String, isCompressed: Bool) -> Int {
    let start = file.count
    file.put(id.rawValue)
    file.put(UInt16(isCompressed ? 1 : 0))
    file.put(UInt32(names.count))
    file.put(UInt64(0))
    names += Array(name.utf8) + [0]
    return start
  }

  mutating func end(_ start: Int) {
    file.overwrite(at: start + 8, with: UInt64(file.count - start - Self.headSize))
  }

  mutating func finish() throws(KitError) -> [UInt8] {
    let start = begin(.strings, "strings", isCompressed: compression != .none)
    try putChunk(names[...])
    end(start)
    return file.bytes
  }
}
