import TraceCore

/// Where a buffer instance's data is.
struct BufferLayout {
  /// One CPU's ring-buffer pages, or the chunks that hold them.
  struct Extent: Equatable {
    var cpu: CPU
    var offset: UInt64
    /// In bytes. Of compressed data trace-cmd 3.1.6 stores 4 less (kernel bugzilla 217367), so it serves as a hint alone.
    var size: UInt64
  }

  /// Empty for the top buffer.
  var name: String
  var clockName: String
  /// Size of a ring-buffer page in bytes.
  var subBufferSize: UInt32
  /// Whether the pages are stored in chunks that are to be decompressed.
  var isCompressed: Bool
  /// Where the last chunk of compressed data must end.
  var end: UInt64
  /// CPUs with data, ascending.
  var extents: [Extent]
  /// A latency tracer's text instead of pages.
  var isText = false

  var info: InstanceInfo {
    InstanceInfo(
      name: name, clockName: clockName, subBufferSize: Int(subBufferSize), cpus: extents.map(\.cpu))
  }
}

extension BufferLayout {
  /// Twice the most CPUs that a kernel can be built for: NR_CPUS is at most 8192 (arch/x86/Kconfig).
  static let cpuLimit: UInt32 = 1 << 14

  /// Sorts the extents and throws out what cannot be: CPUs that no kernel has, two extents of one CPU, extents that
  /// overlap. So the data that is read is never more than the file holds.
  mutating func check(_ diagnostics: inout DiagnosticLog) {
    var kept: [Extent] = []
    var cpus: Set<CPU> = []
    var end: UInt64 = 0
    for extent in extents.sorted(by: { $0.offset < $1.offset }) where extent.size > 0 {
      guard extent.offset >= end, cpus.insert(extent.cpu).inserted else {
        diagnostics.record(
          .unreadableSection, cpu: extent.cpu, offset: extent.offset,
          "the data of two CPUs overlap, or one has it twice")
        continue
      }
      end = extent.offset.addingReportingOverflow(extent.size).overflow ? .max : extent.offset &+ extent.size
      kept.append(extent)
    }
    extents = kept.sorted { $0.cpu < $1.cpu }
  }
}
