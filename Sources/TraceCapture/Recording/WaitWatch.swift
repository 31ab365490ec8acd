/// Looks for waits that exceed a threshold while they are recorded: out of a second instance that has the lock events alone.
///
/// A pure follower: pages in, long waits out. Waits that are still open count as soon as they are long enough.
final class WaitWatch {
  struct LongWait: Hashable {
    var pid: Int32
    var lock: UInt64
    /// So far, in nanoseconds.
    var wait: UInt64
  }

  /// Where the fields of the two events are.
  struct Layout {
    var beginID: UInt16
    var endID: UInt16
    var beginLock: Int
    var beginFlags: Int
    var endLock: Int

    /// From the events' formats; `nil` where one is not as expected.
    init?(begin: String, end: String) {
      guard let beginID = FormatField.id(begin), let endID = FormatField.id(end),
        let beginLock = FormatField(begin, "lock_addr"), let flags = FormatField(begin, "flags"),
        let endLock = FormatField(end, "lock_addr"), beginLock.size == 8, flags.size == 4, endLock.size == 8
      else { return nil }
      (self.beginID, self.endID) = (beginID, endID)
      (self.beginLock, beginFlags, self.endLock) = (beginLock.offset, flags.offset, endLock.offset)
    }
  }

  private struct Step {
    var time: UInt64
    var pid: Int32
    var lock: UInt64
    var isBegin: Bool
  }

  private struct Open {
    var lock: UInt64
    var begin: UInt64
    var isReported = false
  }

  private let layout: Layout
  private let threshold: UInt64
  private let reader = PageRecords()
  /// What was read and may still be preceded by records of other CPUs.
  private var steps: [Step] = []
  private var waits: [Int32: [Open]] = [:]

  /// A spinlock alone: no wait.
  private static let spin: UInt32 = 1

  /// - Parameter threshold: Nanoseconds.
  init(_ layout: Layout, threshold: UInt64) {
    self.layout = layout
    self.threshold = threshold
  }

  /// Takes a CPU's page in.
  func take(_ page: inout [UInt8]) {
    let hasLost = page.withUnsafeMutableBytes { bytes in
      reader.forEach(in: bytes) { record, time, _ in
        if let step = step(record, time) { steps.append(step) }
      }
    }
    // What was lost may have been ends of waits.
    if hasLost { waits.removeAll() }
  }

  private func step(_ record: UnsafeRawBufferPointer, _ time: UInt64) -> Step? {
    guard record.count >= 8 else { return nil }
    let id = record.loadUnaligned(as: UInt16.self)
    let pid = record.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    if id == layout.beginID, record.count >= max(layout.beginLock + 8, layout.beginFlags + 4) {
      guard record.loadUnaligned(fromByteOffset: layout.beginFlags, as: UInt32.self) != Self.spin else { return nil }
      let lock = record.loadUnaligned(fromByteOffset: layout.beginLock, as: UInt64.self)
      return Step(time: time, pid: pid, lock: lock, isBegin: true)
    }
    guard id == layout.endID, record.count >= layout.endLock + 8 else { return nil }
    let lock = record.loadUnaligned(fromByteOffset: layout.endLock, as: UInt64.self)
    return Step(time: time, pid: pid, lock: lock, isBegin: false)
  }

  /// Follows what was taken in.
  /// - Parameter now: A time before which no CPU has anything that was not taken in.
  /// - Returns: Waits that have become too long, each once.
  func follow(until now: UInt64) -> [LongWait] {
    var found: [LongWait] = []
    steps.sort { $0.time < $1.time }
    let known = steps.prefix { $0.time <= now }
    for step in known {
      var open = waits[step.pid] ?? []
      let index = open.firstIndex { $0.lock == step.lock }
      if step.isBegin {
        // It may repeat within one wait.
        if index == nil { open.append(Open(lock: step.lock, begin: step.time)) }
      } else if let index {
        let wait = open.remove(at: index)
        if !wait.isReported, step.time - wait.begin > threshold {
          found.append(LongWait(pid: step.pid, lock: step.lock, wait: step.time - wait.begin))
        }
      }
      waits[step.pid] = open.isEmpty ? nil : open
    }
    steps.removeFirst(known.count)
    for (pid, open) in waits {
      for index in open.indices where !open[index].isReported && now > open[index].begin + threshold {
        waits[pid]?[index].isReported = true
        found.append(LongWait(pid: pid, lock: open[index].lock, wait: now - open[index].begin))
      }
    }
    return found.sorted { $0.wait > $1.wait }
  }
}

/// A field of an event, out of the kernel's format text.
struct FormatField: Hashable {
  var offset: Int
  var size: Int

  init?(_ format: String, _ name: String) {
    for line in format.split(separator: "\n") {
      let parts = line.split(separator: ";").map { KernelFile.trimmed(String($0)) }
      guard parts.count >= 3, parts[0].hasPrefix("field:"),
        parts[0].split(whereSeparator: { " *".contains($0) }).last.map(String.init) == name,
        parts[1].hasPrefix("offset:"), parts[2].hasPrefix("size:"), let offset = Int(parts[1].dropFirst(7)),
        let size = Int(parts[2].dropFirst(5))
      else { continue }
      (self.offset, self.size) = (offset, size)
      return
    }
    return nil
  }

  static func id(_ format: String) -> UInt16? {
    format.split(separator: "\n").first { $0.hasPrefix("ID: ") }.flatMap { UInt16($0.dropFirst(4)) }
  }
}
