import TraceCore

// File version 6: pieces in a fixed order (trace-cmd's Documentation/trace-cmd/trace-cmd.dat.v6.5.txt).
extension ContainerContents {
  mutating func readVersion6(_ file: FileView, _ path: String) throws(TraceError) {
    var cursor = MetadataCursor(file, from: head.end, to: file.size, isBigEndian: head.isBigEndian, path: path)
    try readHeaderInfo(&cursor, path)
    try readFormats(&cursor, system: "ftrace")
    try readFormats(&cursor, system: nil)
    kallsyms = try skipText(&cursor, UInt64(try cursor.u32("the size of kallsyms")), "kallsyms")
    printkFormats = try skipText(&cursor, UInt64(try cursor.u32("the size of printk formats")), "printk formats")
    let commsSize = try cursor.u64("the size of the saved names")
    savedComms = MetadataText.savedComms(try cursor.bytes(commsSize, "the saved names"))
    let cpus = try cursor.u32("the number of CPUs")
    var tag = try cursor.bytes(10, "the tag of the options")
    if tag.starts(with: Array("options".utf8)) {
      try readOptions6(&cursor, path)
      tag = try cursor.bytes(10, "the tag of the data")
    }
    if tag.starts(with: Array("latency".utf8)) { throw TraceError.latencyText(path, cursor.position) }
    try checkFlyrecord(tag, path, cursor.position)
    // An option can say that the machine has another number of CPUs than the table in front of it was made for.
    let count = options.cpuCount ?? cpus
    cpuCount = Int(min(count, BufferLayout.cpuLimit))
    try readTables6(&cursor, count, file, path)
  }

  /// header_page and header_event, which begin both versions' metadata.
  mutating func readHeaderInfo(_ cursor: inout MetadataCursor, _ path: String) throws(TraceError) {
    for (tag, isPage) in [("header_page\0", true), ("header_event\0", false)] {
      let offset = cursor.fileOffset
      guard try cursor.bytes(UInt64(tag.utf8.count), tag) == Array(tag.utf8) else {
        throw TraceError(
          .damaged, path: path, "does not go on with \(tag.dropLast())", offset: offset,
          advice: "the file is damaged: copy it again")
      }
      let size = try cursor.u64("the size of \(tag.dropLast())")
      let text = try cursor.bytes(size, "\(tag.dropLast())")
      if isPage { try usePageHeader(text, path, offset) }
    }
  }

  private func skipText(
    _ cursor: inout MetadataCursor, _ size: UInt64, _ what: String
  ) throws(TraceError) -> TextSection {
    let section = TextSection.plain(offset: cursor.position, size: size)
    try cursor.skip(size, what)
    return section
  }

  private mutating func readOptions6(_ cursor: inout MetadataCursor, _ path: String) throws(TraceError) {
    while true {
      let id = try cursor.u16("the options")
      // The last option has no size.
      if id == OptionID.done.rawValue { return }
      let size = try cursor.u32("an option's size")
      let offset = cursor.position
      var content = MetadataCursor(
        try cursor.bytes(UInt64(size), "option \(id)"), sectionOffset: offset, isBigEndian: head.isBigEndian, path: path
      )
      options.take(id, &content, version: 6, &diagnostics)
    }
  }

  private func checkFlyrecord(_ tag: [UInt8], _ path: String, _ offset: UInt64) throws(TraceError) {
    guard tag.starts(with: Array("flyrecord".utf8)) else {
      throw TraceError(
        .damaged, path: path, "has no table of its CPUs' data where it should be", offset: offset - 10,
        advice: "the file is damaged: copy it again, or record again")
    }
  }

  /// The top buffer's table, then those of the instances, to which the options point.
  private mutating func readTables6(
    _ cursor: inout MetadataCursor, _ count: UInt32, _ file: FileView, _ path: String
  ) throws(TraceError) {
    var top = BufferLayout(
      name: "", clockName: options.clockName, subBufferSize: head.pageSize, isCompressed: false, end: file.size,
      extents: [])
    try readTable6(&cursor, count, &top, file)
    buffers = [top]
    for instance in options.buffers where !instance.name.isEmpty {
      var layout = top
      (layout.name, layout.extents) = (instance.name, [])
      // `end` of a version 6 option is the place of the instance's table.
      var cursor = MetadataCursor(
        file, from: instance.end, to: file.size, isBigEndian: head.isBigEndian, path: path)
      do throws(TraceError) {
        try checkFlyrecord(try cursor.bytes(10, "the tag of the data"), path, cursor.position)
        try readTable6(&cursor, count, &layout, file)
        buffers.append(layout)
      } catch {
        diagnostics.record(.unreadableSection, offset: error.offset, "buffer \"\(instance.name)\": \(error.problem)")
      }
    }
  }

  private mutating func readTable6(
    _ cursor: inout MetadataCursor, _ count: UInt32, _ layout: inout BufferLayout, _ file: FileView
  ) throws(TraceError) {
    layout.place = cursor.position
    // Its data goes up to the next table.
    layout.end = min(options.buffers.map(\.end).filter { $0 > cursor.position }.min() ?? .max, file.size)
    defer { layout.start = cursor.position }
    for cpu in 0..<count {
      let offset = try cursor.u64("the table of CPUs")
      let size = try cursor.u64("the table of CPUs")
      layout.add(cpu: cpu, offset: offset, size: size)
    }
    // Since trace clocks can be chosen, the clock follows; the option TRACECLOCK says only that it does. Some versions
    // wrote an empty text (kernel bugzilla 218430): then the option's own list is all there is.
    guard options.hasClockOption else { return }
    do throws(TraceError) {
      let size = try cursor.u64("the size of the trace clock")
      let text = try cursor.bytes(size, "the trace clock")
      let name = ClockName.selected(in: String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))
      layout.clockName = name ?? layout.clockName
    } catch {
      diagnostics.record(.truncatedMetadata, offset: error.offset, "the trace clock: \(error.problem)")
    }
  }
}

extension TraceError {
  static func latencyText(_ path: String, _ offset: UInt64) -> TraceError {
    TraceError(
      .unsupported, path: path, "holds a latency tracer's text instead of events", offset: offset,
      advice: "record events: trace-cmd record -e sched -e lock, without -p of a latency tracer")
  }
}
