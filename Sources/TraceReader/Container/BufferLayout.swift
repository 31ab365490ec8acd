import TraceCore

/// Where a buffer instance's data is.
struct BufferLayout {
  /// One CPU's ring-buffer pages, or the chunks that hold them.
  struct Extent: Equatable {
    var cpu: CPU
    var offset: UInt64
    /// In bytes. Of compressed data trace-cmd 3.1.6 stores 4 less (kernel bugzilla 217367), so it serves as a hint
    /// alone.
    var size: UInt64
    /// Where the next CPU's data begins.
    var limit = UInt64.max
  }

  /// Empty for the top buffer.
  var name: String
  var clockName: String
  /// Size of a ring-buffer page in bytes.
  var subBufferSize: UInt32
  /// Whether the pages are stored in chunks that are to be decompressed.
  var isCompressed: Bool
  /// Where the CPUs' data begins at the earliest; 0 = not known.
  var start: UInt64 = 0
  /// Where the last chunk of compressed data must end.
  var end: UInt64
  /// Where the file lists the CPUs.
  var place: UInt64 = 0
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
  /// Twice the CPUs that a kernel can have, in case there are larger kernels one day.
  static let cpuLimit = UInt32(2 * KernelLimits.cpuCount)

  /// Adds a CPU's data, unless it is empty.
  mutating func add(cpu: UInt32, offset: UInt64, size: UInt64) {
    if size > 0 { extents.append(Extent(cpu: cpu < Self.cpuLimit ? CPU(cpu) : -1, offset: offset, size: size)) }
  }

  /// Sorts the extents and removes impossible ones: CPU numbers that no kernel has, two extents of one CPU, extents
  /// that overlap. So no more is read than the file holds.
  /// - Parameter alignment: Of the CPUs' data, in bytes.
  mutating func check(alignment: UInt64, _ diagnostics: inout DiagnosticLog) {
    var kept: [Extent] = []
    var cpus: Set<CPU> = []
    var end: UInt64 = 0
    for extent in extents.sorted(by: { $0.offset < $1.offset }) {
      guard extent.cpu >= 0 else {
        diagnostics.record(.cpuOutOfRange, offset: place, "its data is not read")
        continue
      }
      let (sum, overflow) = extent.offset.addingReportingOverflow(extent.size)
      guard !overflow, extent.offset >= end, cpus.insert(extent.cpu).inserted else {
        diagnostics.record(
          .unreadableSection, cpu: extent.cpu, offset: place,
          overflow ? "no file is as long as its data" : "the data of two CPUs overlap, or one has it twice")
        continue
      }
      end = sum
      if !kept.isEmpty { kept[kept.count - 1].limit = extent.offset }
      kept.append(extent)
    }
    if !isText { checkCoverage(kept, alignment, &diagnostics) }
    extents = kept.sorted { $0.cpu < $1.cpu }
  }

  /// Looks for data that belongs to no CPU. Nothing else shows that the table lacks a CPU, or has too small a size for
  /// one.
  ///
  /// trace-cmd writes the CPUs' data one after the other, each at the next multiple of the top buffer's page size
  /// (lib/trace-cmd/trace-output.c).
  private func checkCoverage(_ extents: [Extent], _ alignment: UInt64, _ diagnostics: inout DiagnosticLog) {
    // Rounding up cannot overflow: no file is that long.
    var covered = start
    for next in extents.map(\.offset) + [end] {
      let expected = (covered &+ alignment &- 1) / alignment &* alignment
      if covered > 0, expected >= covered, next > expected {
        diagnostics.record(.unclaimedData, offset: expected, "\(next - expected) bytes")
      }
      let size = extents.first { $0.offset == next }?.size ?? 0
      covered = max(covered, next &+ size)
    }
  }
}
