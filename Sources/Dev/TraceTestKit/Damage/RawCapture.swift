import TraceCore

/// A version 6 `trace.dat` put together from parts of which none is checked: formats that are no formats, pages that are no
/// pages, as many CPUs as one likes.
public struct RawCapture: Sendable {
  public let layout: CaptureLayout
  /// The file's head and the description of its pages.
  private let head: [UInt8]
  /// The texts of event formats by system, in the order of the file.
  public var formats: [(system: String, texts: [[UInt8]])]
  public var kallsyms: [UInt8] = []
  public var savedComms: [UInt8] = []
  /// Options before the last, by number.
  public var options: [(id: UInt16, payload: [UInt8])] = []
  /// The CPUs' data by their number; empty = none.
  public var cpus: [[UInt8]] = []
  /// CPUs that the table lists; at least as many as have data.
  public var cpuCount = 0

  /// A capture with the formats of a recent kernel and without records.
  public init(_ layout: CaptureLayout = CaptureLayout(version: 6)) throws(KitError) {
    guard layout.version == 6 else { throw KitError("a raw capture has version 6") }
    self.layout = layout
    let writer = try TraceDatWriter(layout)
    head =
      writer.fileHead().bytes
      + CaptureMetadata(layout: layout, catalog: writer.catalog, options: writer.options).headerInfo
    let texts = writer.catalog.formats.map { ($0.system, Array($0.text(longSize: layout.kernelLongSize).utf8)) }
    formats = Dictionary(grouping: texts, by: \.0).sorted { $0.key < $1.key }.map { ($0.key, $0.value.map(\.1)) }
  }

  /// The file.
  public func bytes() -> [UInt8] {
    var file = ByteSink(layout.order, head)
    file.put(UInt32(0))
    file.put(UInt32(formats.count))
    for (system, texts) in formats {
      file.put(cString: system)
      file.put(UInt32(texts.count))
      for text in texts {
        file.put(UInt64(text.count))
        file.put(text)
      }
    }
    file.put(UInt32(kallsyms.count))
    file.put(kallsyms)
    file.put(UInt32(0))
    file.put(UInt64(savedComms.count))
    file.put(savedComms)
    let count = max(cpuCount, cpus.count)
    file.put(UInt32(count))
    file.put(cString: "options  ")
    for (id, payload) in options {
      file.put(id)
      file.put(UInt32(payload.count))
      file.put(payload)
    }
    file.put(OptionID.done.rawValue)
    file.put(cString: "flyrecord")
    putData(count, &file)
    return file.bytes
  }

  private func putData(_ count: Int, _ file: inout ByteSink) {
    let hasClock = options.contains { $0.id == OptionID.traceClock.rawValue }
    var place = file.count + 16 * count
    if hasClock { place += 8 + 6 }
    let table = (0..<count).map { cpu in
      place = aligned(place, to: layout.subBufferSize)
      defer { place += cpu < cpus.count ? cpus[cpu].count : 0 }
      return place
    }
    for cpu in 0..<count {
      file.put(UInt64(table[cpu]))
      file.put(UInt64(cpu < cpus.count ? cpus[cpu].count : 0))
    }
    if hasClock { file.put(sized: "[mono]") }
    for cpu in cpus.indices where !cpus[cpu].isEmpty {
      file.put(zeros: table[cpu] - file.count)
      file.put(cpus[cpu])
    }
  }
}
