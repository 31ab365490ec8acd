public import TraceCore

/// Small files that claim to be large: compressed captures, one of whose CPUs is in order, and the others' data is given.
public enum Bomb {
  /// A chunk as version 7 stores it.
  /// - Parameters:
  ///   - content: What comes out of it.
  ///   - size: What it claims to hold; `nil` = the truth.
  ///   - padding: Bytes that are added without holding anything, so that its ratio looks harmless (zstd alone: a frame to skip,
  ///     RFC 8878 §3.1.2).
  public static func chunk(
    _ compression: Compression, content: [UInt8], size: UInt32? = nil, padding: Int = 0
  ) throws(KitError) -> [UInt8] {
    var packed = try compression.compress(content)
    if padding > 0 {
      var skipped = ByteSink(.little, packed)
      skipped.put(UInt32(0x184d_2a50))
      skipped.put(UInt32(padding))
      skipped.put(zeros: padding)
      packed = skipped.bytes
    }
    var sink = ByteSink(.little)
    sink.put(UInt32(packed.count))
    sink.put(size ?? UInt32(content.count))
    sink.put(packed)
    return sink.bytes
  }

  /// A capture whose CPU 0 holds the events and whose other CPUs have these chunks.
  /// - Parameter announced: How many chunks each says to have; `nil` = the truth.
  public static func capture(
    _ compression: Compression, events: [SchedEvent], cpus: [[[UInt8]]], announced: UInt32? = nil
  ) throws(KitError) -> [UInt8] {
    var writer = try TraceDatWriter(CaptureLayout(version: 7, compression: compression))
    for var event in events {
      event.cpu = 0
      try writer.append(event)
    }
    // One event each, so that the table lists the CPU.
    for cpu in cpus.indices {
      guard var event = events.first else { throw KitError("no events") }
      event.cpu = CPU(cpu + 1)
      try writer.append(event)
    }
    let bytes = try writer.finish()
    let map = try CaptureMap(bytes)
    var file = ByteSink(.little, bytes)
    // The data is behind the end of its section, which therefore is to mean nothing.
    guard let section = map.fields.first(where: { $0.name == "size of section \(OptionID.buffer.rawValue)" }) else {
      throw KitError("no section of data")
    }
    file.overwrite(at: section.offset, with: UInt64(1) << 62)
    for (cpu, chunks) in cpus.enumerated() {
      guard let extent = map.extents.first(where: { $0.cpu == cpu + 1 }) else { throw KitError("no CPU \(cpu + 1)") }
      file.pad(toMultipleOf: 4096)
      file.overwrite(at: extent.offsetField, with: UInt64(file.count))
      file.overwrite(at: extent.sizeField, with: UInt64(4 + chunks.reduce(0) { $0 + $1.count }))
      file.put(announced ?? UInt32(chunks.count))
      for chunk in chunks { file.put(chunk) }
    }
    return file.bytes
  }
}
