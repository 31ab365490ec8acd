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
    /// The file holds data of this CPU that cannot be read: all of it where `size` is 0, else what follows.
    var isCut = false
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

  /// Sorts the extents and empties impossible ones: CPU numbers that no kernel has, two extents of one CPU, extents
  /// that overlap. So no more is read than the file holds. A CPU whose data is there and cannot be read stays, with a size of 0.
  /// - Parameters:
  ///   - alignment: Of the CPUs' data, in bytes.
  ///   - cpuCount: CPUs that the file lists or counts; 0 = not known.
  mutating func check(_ file: FileView, alignment: UInt64, cpuCount: Int, _ diagnostics: inout DiagnosticLog) {
    var kept: [Extent] = []
    var cpus: Set<CPU> = []
    var unreadable: Set<CPU> = []
    var end: UInt64 = 0
    let ends = Self.possibleEnds(extents, self.end, alignment)
    for extent in extents.sorted(by: { $0.offset < $1.offset }) {
      guard extent.cpu >= 0 else {
        diagnostics.record(.cpuOutOfRange, offset: place, "its data is not read")
        continue
      }
      let (sum, overflow) = extent.offset.addingReportingOverflow(extent.size)
      // Of two that overlap, the one is right that ends where another begins. If that is neither, both may be wrong.
      if !overflow, extent.offset < end, let other = kept.last, !isCompressed, !ends(other) {
        kept.removeLast()
        cpus.remove(other.cpu)
        unreadable.insert(other.cpu)
        end = ends(extent) ? extent.offset : end
      }
      guard !overflow, extent.offset >= end, cpus.insert(extent.cpu).inserted else {
        unreadable.insert(extent.cpu)
        diagnostics.record(
          .unreadableSection, cpu: extent.cpu, offset: place,
          overflow ? "no file is as long as its data" : "the data of two CPUs overlap, or one has it twice")
        continue
      }
      end = sum
      if !kept.isEmpty { kept[kept.count - 1].limit = extent.offset }
      kept.append(extent)
    }
    if !isText { checkCoverage(file, &kept, &unreadable, alignment, cpuCount, &diagnostics) }
    for cpu in unreadable.subtracting(kept.map(\.cpu)) {
      kept.append(Extent(cpu: cpu, offset: 0, size: 0, limit: 0, isCut: true))
    }
    extents = kept.sorted { $0.cpu < $1.cpu }
  }

  /// Whether an extent ends where another one begins, or where all data does.
  private static func possibleEnds(
    _ extents: [Extent], _ end: UInt64, _ alignment: UInt64
  ) -> (Extent) -> Bool {
    func aligned(_ place: UInt64) -> UInt64 { (place &+ alignment &- 1) / alignment &* alignment }
    let places = Set(extents.map(\.offset) + [end, aligned(end)])
    return { places.contains(aligned($0.offset &+ $0.size)) || places.contains($0.offset &+ $0.size) }
  }

  /// Looks for data that belongs to no CPU. Nothing else shows that the table lacks a CPU, or has too small a size for
  /// one.
  ///
  /// trace-cmd writes the CPUs' data one after the other, each at the next multiple of the top buffer's page size
  /// (lib/trace-cmd/trace-output.c).
  ///
  /// - Parameters:
  ///   - extents: One whose data is followed by such data may be cut.
  ///   - unreadable: CPUs without data are added, to one of which it may belong.
  private func checkCoverage(
    _ file: FileView, _ extents: inout [Extent], _ unreadable: inout Set<CPU>, _ alignment: UInt64, _ cpuCount: Int,
    _ diagnostics: inout DiagnosticLog
  ) {
    // Rounding up cannot overflow: no file is that long.
    var covered = start
    var isMissing = false
    for index in 0...extents.count {
      let next = index < extents.count ? extents[index].offset : end
      let expected = (covered &+ alignment &- 1) / alignment &* alignment
      if covered > 0, expected >= covered, next > expected {
        if index == extents.count, let place = [covered, expected].first(where: { FileHead.isHead(of: file, at: $0) }) {
          diagnostics.record(.anotherCapture, offset: place, "\(next - place) bytes")
        } else {
          diagnostics.record(.unclaimedData, offset: expected, "\(next - expected) bytes")
          isMissing = true
          if index > 0 { extents[index - 1].isCut = true }
        }
      }
      if index < extents.count { covered = max(covered, next &+ extents[index].size) }
    }
    guard isMissing else { return }
    let known = Set(extents.map(\.cpu)).union(unreadable)
    let count = CPU(min(max(cpuCount, Int(known.max() ?? -1) + 1), Int(Self.cpuLimit)))
    let without = (0..<count).filter { !known.contains($0) }
    // Where all have data the number of CPUs is too small.
    unreadable.formUnion(without.isEmpty && unreadable.isEmpty ? [count] : without)
  }
}
