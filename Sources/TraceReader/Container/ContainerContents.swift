import TraceCore

/// Everything a `trace.dat` holds beside its records, and where the records are. The two file versions end here.
struct ContainerContents {
  var head: FileHead
  var pageFormat: PageFormat
  var formats: FormatCatalogue
  var options = FileOptions()
  /// The top buffer first, if the file has it.
  var buffers: [BufferLayout] = []
  var cpuCount = 0
  var savedComms: [Pid: Comm] = [:]
  var kallsyms: TextSection?
  var printkFormats: TextSection?
  var diagnostics = DiagnosticLog()

  /// Reads a capture's metadata.
  /// - Throws: `notATrace`, `unsupported`, or `damaged` where nothing can be read.
  init(_ file: FileView, path: String, events: EventMap = .standard) throws(TraceError) {
    let head = try FileHead(file, path: path)
    self.init(head: head, events: events)
    if head.version == 6 {
      try readVersion6(file, path)
    } else {
      try readVersion7(file, path)
    }
    formats.applyMap(&diagnostics)
    let alignment = Self.isPossible(pageSize: head.pageSize) ? UInt64(head.pageSize) : 4096
    for index in buffers.indices {
      buffers[index].check(file, alignment: alignment, cpuCount: cpuCount, &diagnostics)
    }
    if head.version == 7 { checkEnd(file) }
    checkPageSizes()
    let highest = buffers.flatMap(\.extents).map(\.cpu).max() ?? -1
    cpuCount = max(cpuCount, Int(highest) + 1)
  }

  private init(head: FileHead, events: EventMap) {
    self.head = head
    formats = FormatCatalogue(events)
    pageFormat = PageFormat(longSize: head.userLongSize == 4 ? 4 : 8, isBigEndian: head.isBigEndian)
  }

  /// A page is what the kernel's own write counter can count: 1 MiB at most (kernel/trace/ring_buffer.c, RB_WRITE_MASK
  /// in `ring_buffer_subbuf_order_set`), no architecture has smaller ones than 4 KiB, and each is one of the machine's
  /// pages or twice as large, or four times (there: `(1 << order) * PAGE_SIZE`). So a size with a wrong bit is none.
  private static let pageSizes: ClosedRange<UInt32> = 4096...1 << 20

  private static func isPossible(pageSize size: UInt32) -> Bool {
    pageSizes.contains(size) && size.nonzeroBitCount == 1
  }

  private mutating func checkPageSizes() {
    for index in buffers.indices where !buffers[index].isText {
      let (name, size) = (buffers[index].name, buffers[index].subBufferSize)
      if Self.isPossible(pageSize: size) { continue }
      diagnostics.record(
        .unreadableSection, offset: buffers[index].place, "buffer \"\(name)\" has pages of \(size) bytes")
      buffers[index].subBufferSize = Self.isPossible(pageSize: head.pageSize) ? head.pageSize : 4096
    }
  }

  /// Looks for a second capture behind the end of version 7's sections, whose last one a file ends with.
  private mutating func checkEnd(_ file: FileView) {
    let ends = buffers.filter { $0.start > 0 }.map(\.end) + options.sectionEnds
    guard let last = ends.max() else { return }
    let end = endOfStrings7(file, at: last) ?? last
    guard end < file.size, FileHead.isHead(of: file, at: end) else { return }
    diagnostics.record(.anotherCapture, offset: end, "\(file.size - end) bytes")
  }

  /// Takes the sizes of the ring buffer's pages from its description.
  mutating func usePageHeader(_ text: [UInt8], _ path: String, _ offset: UInt64) throws(TraceError) {
    guard !text.isEmpty else {
      throw TraceError(
        .unsupported, path: path, "has ring-buffer pages of a kernel before 2.6.30", offset: offset,
        advice: "use the trace-cmd of that time")
    }
    if let format = PageFormat(headerPage: text, isBigEndian: head.isBigEndian) {
      pageFormat = format
    } else {
      diagnostics.record(
        .unreadableSection, offset: offset,
        "the description of ring-buffer pages makes no sense; a long of \(pageFormat.longSize) bytes is assumed")
    }
  }

  /// `sys_name\0 count {size text}` for each system, or, for ftrace's own events, `count {size text}`.
  mutating func readFormats(_ cursor: inout MetadataCursor, system: String?) throws(TraceError) {
    let systems = system == nil ? try cursor.u32("the number of event systems") : 1
    for _ in 0..<systems {
      var name = system ?? ""
      if system == nil { name = try cursor.string(limit: 256, "the name of an event system") }
      let count = try cursor.u32("the number of events")
      for _ in 0..<count {
        let offset = cursor.fileOffset
        let size = try cursor.u64("the size of an event's format")
        formats.add(try cursor.bytes(size, "an event's format"), system: name, offset: offset, &diagnostics)
      }
    }
  }
}

/// A long text of the metadata, found but not read: most runs need no symbol.
enum TextSection {
  /// In the file as it is.
  case plain(offset: UInt64, size: UInt64)
  /// A section of version 7, by its head.
  case section(offset: UInt64, id: UInt16)
}
