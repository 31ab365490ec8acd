import TraceCore
import TraceTestKit

@testable import TraceReader

/// Captures made for a test.
enum MadeCapture {
  /// Records of a few kinds, alternating between CPUs, `count` of them.
  static func events(_ count: Int, cpus: [CPU] = [0, 1], start: UInt64 = 1_000_000_000) -> [SchedEvent] {
    let a = TaskSnapshot(pid: 11, priority: Priority(139), comm: "owner")
    let b = TaskSnapshot(pid: 12, priority: Priority(-1), comm: "fifteen-letters")
    let bodies: [EventBody] = [
      .switched(SwitchRecord(previous: a, previousState: .uninterruptible, next: b)),
      .waking(WakeRecord(task: b, targetCPU: 1)), .contentionBegan(lock: LockAddress(0xc000_1040), flags: [.mutex]),
      .migrated(task: a, from: 0, to: 1),
    ]
    return (0..<count).map { index in
      SchedEvent(
        timestamp: Timestamp(start + UInt64(index) * 1000), cpu: cpus[index % cpus.count], pid: 11,
        body: bodies[index % bodies.count])
    }
  }

  static func bytes(
    _ layout: TraceTestKit.CaptureLayout, _ events: [SchedEvent], style: RingBufferStyle = RingBufferStyle(),
    options: CaptureOptions = CaptureOptions(), clock: String = "mono"
  ) throws -> [UInt8] {
    var writer = try TraceDatWriter(layout, options: options, style: style, clock: clock)
    for event in events { try writer.append(event) }
    return try writer.finish()
  }

  static let layouts: [TraceTestKit.CaptureLayout] = [
    .init(version: 6), .init(version: 7), .init(version: 7, compression: .zstd), .init(version: 7, compression: .zlib),
    .init(version: 7, compression: .zstd, order: .big, kernelLongSize: 4, headLongSize: 8, subBufferSize: 16384),
    .init(version: 6, order: .big, kernelLongSize: 8, headLongSize: 4),
  ]

  /// Reads to the end.
  static func read(_ bytes: [UInt8], instance: String? = nil) throws -> StreamContent {
    let file = try ScratchFile(bytes)
    return try StreamContent(file.path, instance: instance)
  }

  /// The error that opening ends with.
  static func failure(_ bytes: [UInt8], instance: String? = nil) throws -> TraceError? {
    let file = try ScratchFile(bytes)
    do throws(TraceError) {
      _ = try CaptureReader(path: file.path, instance: instance)
      return nil
    } catch {
      return error
    }
  }
}
