import TraceCore

extension TraceDatWriter {
  /// Version 6: one sequence of parts without heads, then the CPUs' data, aligned to pages.
  func version6() throws(KitError) -> [UInt8] {
    let metadata = CaptureMetadata(layout: layout, catalog: catalog, options: options)
    var file = fileHead()
    for part in [
      metadata.headerInfo, metadata.ftraceEvents, metadata.eventFormats, metadata.kallsyms, metadata.printkFormats,
      metadata.savedComms,
    ] { file.put(part) }
    file.put(UInt32(cpuCount))

    file.put(cString: "options  ")
    putCommonOptions(&file)
    var instanceOffsets: [Int] = []
    for buffer in buffers.dropFirst() {
      file.put(option: .buffer) {
        $0.put(UInt64(0))
        $0.put(cString: buffer.name)
      }
      instanceOffsets.append(file.count - buffer.name.utf8.count - 9)
    }
    file.put(OptionID.done.rawValue)

    for (index, buffer) in buffers.enumerated() {
      if index > 0 { file.overwrite(at: instanceOffsets[index - 1], with: UInt64(file.count)) }
      put(buffer, to: &file)
    }
    return file.bytes
  }

  /// A buffer: the table of all CPUs, the clock, the data.
  private func put(_ buffer: Buffer, to file: inout ByteSink) {
    file.put(cString: "flyrecord")
    let table = file.count
    file.put(zeros: cpuCount * 16)
    if options.writesTraceClock { file.put(sized: "[\(buffer.clock)]") }
    let data = Dictionary(uniqueKeysWithValues: buffer.data.map { ($0.cpu, $0.pages) })
    for cpu in 0..<cpuCount {
      let pages = data[CPU(cpu)] ?? []
      file.pad(toMultipleOf: buffer.subBufferSize)
      file.overwrite(at: table + cpu * 16, with: UInt64(file.count))
      file.overwrite(at: table + cpu * 16 + 8, with: UInt64(pages.count))
      file.put(pages)
    }
  }

  /// What every file begins with; version 7 goes on with its compression.
  func fileHead() -> ByteSink {
    var file = ByteSink(layout.order)
    file.put([0x17, 0x08, 0x44])
    file.put("tracing".utf8)
    file.put(cString: String(layout.version))
    file.put(UInt8(layout.order == .little ? 0 : 1))
    file.put(UInt8(layout.headLongSize))
    file.put(UInt32(layout.subBufferSize))
    return file
  }
}
