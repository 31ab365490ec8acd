import TraceCore

/// The walk through a capture's metadata (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)) that ``CaptureMap`` is made by.
struct MapWalk {
  private var source: ByteSource
  private let head: CaptureHead
  var boundaries: [Int] = []
  var fields: [CaptureMap.Field] = []
  var extents: [CaptureMap.Extent] = []
  var formats: [CaptureMap.Format] = []
  private var cpuCount = 0
  private var hasClock = false
  /// Names and places of version 6's instances.
  private var instances: [Int] = []

  init(_ bytes: [UInt8], _ head: CaptureHead) {
    self.head = head
    source = ByteSource(bytes, head.order, at: head.end)
    // Magic, version, byte order, size of long.
    boundaries = [10, 12, 13, 14, head.end]
    fields.append(.init(name: "page size", offset: 14, width: 4))
  }

  private mutating func integer<T: FixedWidthInteger>(_ type: T.Type, _ name: String) throws(KitError) -> Int {
    fields.append(.init(name: name, offset: source.position, width: MemoryLayout<T>.size))
    let start = source.position
    guard let value = Int(exactly: try source.take(type)) else { throw KitError("an absurd number", offset: start) }
    return value
  }

  private mutating func mark() { boundaries.append(source.position) }

  // MARK: Pieces of both versions

  private mutating func headers() throws(KitError) {
    for tag in ["header_page\0", "header_event\0"] {
      mark()
      try source.expect(tag)
      _ = try source.takeRange(try integer(UInt64.self, "size of \(tag.dropLast())"))
    }
    mark()
  }

  private mutating func events(system: String) throws(KitError) {
    for _ in 0..<(try integer(UInt32.self, "number of \(system)'s events")) {
      let sizeField = source.position
      let range = try source.takeRange(try integer(UInt64.self, "size of a format of \(system)"))
      formats.append(.init(system: system, range: range, sizeField: sizeField))
      mark()
    }
  }

  private mutating func systems() throws(KitError) {
    for _ in 0..<(try integer(UInt32.self, "number of systems")) {
      try events(system: try source.takeCString())
    }
  }

  /// A text with a size of 4 or 8 bytes in front.
  private mutating func text<T: FixedWidthInteger>(_ type: T.Type, _ name: String) throws(KitError) {
    _ = try source.takeRange(try integer(type, "size of \(name)"))
    mark()
  }

  // MARK: Version 6

  mutating func version6() throws(KitError) {
    try headers()
    try events(system: "ftrace")
    try systems()
    try text(UInt32.self, "kallsyms")
    try text(UInt32.self, "printk formats")
    try text(UInt64.self, "saved names")
    cpuCount = try integer(UInt32.self, "number of CPUs")
    mark()
    try source.expect("options  \0")
    try options6()
    mark()
    try table6(isTop: true)
    mark()
    for place in instances {
      source.position = place
      try table6(isTop: false)
      mark()
    }
    for extent in extents where extent.size > 0 { boundaries += [extent.offset, extent.offset + extent.size] }
  }

  private mutating func options6() throws(KitError) {
    while true {
      mark()
      let id = try integer(UInt16.self, "id of an option")
      if id == 0 { return }
      let size = try integer(UInt32.self, "size of option \(id)")
      let end = source.position + size
      switch OptionID(rawValue: UInt16(id)) {
      case .buffer: instances.append(try integer(UInt64.self, "place of an instance"))
      case .cpuCount: cpuCount = try integer(UInt32.self, "option CPUCOUNT")
      case .traceClock: hasClock = true
      default: break
      }
      _ = try source.takeRange(end - source.position)
    }
  }

  private mutating func table6(isTop: Bool) throws(KitError) {
    try source.expect("flyrecord\0")
    for cpu in 0..<cpuCount { try extent(cpu, isTop: isTop) }
    if hasClock { try text(UInt64.self, "the clock's name") }
  }

  private mutating func extent(_ cpu: Int, isTop: Bool) throws(KitError) {
    let place = source.position
    let offset = try integer(UInt64.self, "offset of CPU \(cpu)'s data")
    let size = try integer(UInt64.self, "size of CPU \(cpu)'s data")
    extents.append(
      .init(cpu: cpu, offset: offset, size: size, offsetField: place, sizeField: place + 8, isTop: isTop))
  }

  // MARK: Version 7

  mutating func version7() throws(KitError) {
    fields.append(.init(name: "place of the options", offset: head.optionsOffsetPosition, width: 8))
    while source.position < source.bytes.count {
      mark()
      let id = try integer(UInt16.self, "id of a section")
      let flags = try integer(UInt16.self, "flags of a section")
      _ = try integer(UInt32.self, "name of a section")
      let size = try integer(UInt64.self, "size of section \(id)")
      mark()
      let body = source.position
      if flags & 1 != 0 {
        try compressed(id)
      } else {
        try section(OptionID(rawValue: UInt16(id)), size)
      }
      source.position = body
      _ = try source.takeRange(size)
    }
  }

  private mutating func compressed(_ id: Int) throws(KitError) {
    guard id == OptionID.buffer.rawValue else {
      _ = try integer(UInt32.self, "compressed size of section \(id)")
      _ = try integer(UInt32.self, "size of section \(id)'s content")
      return
    }
  }

  private mutating func section(_ id: OptionID?, _ size: Int) throws(KitError) {
    switch id {
    case .headerInfo: try headers()
    case .ftraceEvents: try events(system: "ftrace")
    case .eventFormats: try systems()
    case .kallsyms, .printk: try text(UInt32.self, "a text")
    case .commandLines: try text(UInt64.self, "saved names")
    case .done: try options7()
    default: break
    }
  }

  private mutating func options7() throws(KitError) {
    while true {
      mark()
      let id = try integer(UInt16.self, "id of an option")
      let size = try integer(UInt32.self, "size of option \(id)")
      let end = source.position + size
      if id == 0 {
        if size >= 8 { _ = try integer(UInt64.self, "place of further options") }
        return
      }
      let option = OptionID(rawValue: UInt16(id))
      if option == .buffer {
        try buffer7()
      } else if option == .cpuCount {
        _ = try integer(UInt32.self, "option CPUCOUNT")
      } else if option?.pointsToSection == true {
        _ = try integer(UInt64.self, "place of section \(id)")
      }
      _ = try source.takeRange(end - source.position)
    }
  }

  private mutating func buffer7() throws(KitError) {
    _ = try integer(UInt64.self, "place of a buffer")
    let isTop = try source.takeCString().isEmpty
    _ = try source.takeCString()
    _ = try integer(UInt32.self, "a buffer's page size")
    for _ in 0..<(try integer(UInt32.self, "a buffer's number of CPUs")) {
      let cpu = try integer(UInt32.self, "number of a CPU")
      try extent(cpu, isTop: isTop)
      guard let extent = extents.last, extent.size > 0 else { continue }
      boundaries += [extent.offset, extent.offset + extent.size]
      if head.compression != .none { try chunks(extent) }
    }
  }

  /// The heads of a CPU's chunks.
  private mutating func chunks(_ extent: CaptureMap.Extent) throws(KitError) {
    let back = source.position
    source.position = extent.offset
    for _ in 0..<(try integer(UInt32.self, "number of chunks")) {
      mark()
      let size = try integer(UInt32.self, "compressed size of a chunk")
      _ = try integer(UInt32.self, "size of a chunk's content")
      _ = try source.takeRange(size)
    }
    source.position = back
  }
}
