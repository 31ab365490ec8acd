import TraceCore

/// The parts of a `trace.dat` that are the same in both versions, except for what stands around them.
struct CaptureMetadata {
  let layout: CaptureLayout
  let catalog: EventCatalog
  let options: CaptureOptions

  /// `events/header_page` and `events/header_event`.
  var headerInfo: [UInt8] {
    let long = layout.kernelLongSize
    func field(_ name: String, _ offset: Int, _ size: Int, signed: Int) -> String {
      "\tfield: \(name);\toffset:\(offset);\tsize:\(size);\tsigned:\(signed);\n"
    }
    let page =
      field("u64 timestamp", 0, 8, signed: 0) + field("local_t commit", 8, long, signed: 1)
      + field("char overwrite", 8, 1, signed: 0)
      + field("char data", 8 + long, layout.subBufferSize - 8 - long, signed: 0)
    let event =
      "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n"
      + "\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n"
      + "\tdata max type_len  == 28\n"
    var sink = ByteSink(layout.order)
    sink.put(cString: "header_page")
    sink.put(sized: page)
    sink.put(cString: "header_event")
    sink.put(sized: event)
    return sink.bytes
  }

  /// The tracers' own events; one stands for all.
  var ftraceEvents: [UInt8] {
    let function = EventFormat(
      system: "ftrace", name: "function", id: 1,
      fields: [.init("ip", .long(isSigned: false)), .init("parent_ip", .long(isSigned: false))],
      printFormat: "\" %ps <-- %ps\", (void *)REC->ip, (void *)REC->parent_ip")
    var sink = ByteSink(layout.order)
    sink.put(UInt32(1))
    sink.put(sized: function.text(longSize: layout.kernelLongSize))
    return sink.bytes
  }

  var eventFormats: [UInt8] {
    let systems = Dictionary(grouping: catalog.formats, by: \.system).sorted { $0.key < $1.key }
    var sink = ByteSink(layout.order)
    sink.put(UInt32(systems.count))
    for (system, formats) in systems {
      sink.put(cString: system)
      sink.put(UInt32(formats.count))
      for format in formats { sink.put(sized: format.text(longSize: layout.kernelLongSize)) }
    }
    return sink.bytes
  }

  var kallsyms: [UInt8] { text32(options.kallsyms) }

  var printkFormats: [UInt8] {
    let lines = options.printkFormats.sorted { $0.key < $1.key }
    return text32(lines.map { "0x\(String($0.key, radix: 16)) : \"\($0.value)\"\n" }.joined())
  }

  var savedComms: [UInt8] {
    var sink = ByteSink(layout.order)
    sink.put(sized: options.savedComms.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined())
    return sink.bytes
  }

  private func text32(_ text: String) -> [UInt8] {
    var sink = ByteSink(layout.order)
    sink.put(UInt32(text.utf8.count))
    sink.put(text.utf8)
    return sink.bytes
  }
}

extension ByteSink {
  /// A text behind its length.
  mutating func put(sized text: String) {
    put(UInt64(text.utf8.count))
    put(text.utf8)
  }

  mutating func put(option id: OptionID, _ payload: [UInt8]) {
    put(id.rawValue)
    put(UInt32(payload.count))
    put(payload)
  }

  mutating func put(option id: OptionID, cString text: String) { put(option: id, Array(text.utf8) + [0]) }

  mutating func put(option id: OptionID, _ build: (inout ByteSink) -> Void) {
    var payload = ByteSink(order)
    build(&payload)
    put(option: id, payload.bytes)
  }
}
