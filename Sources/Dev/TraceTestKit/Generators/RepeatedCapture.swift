public import TraceCore
import TraceReader

/// A long capture with the contention of real ones: captures of one machine, one after the other, again and again.
public enum RepeatedCapture {
  /// - Parameters:
  ///   - files: The captures.
  ///   - events: How many events to write, at least; whole turns are.
  /// - Returns: the file's bytes.
  /// - Throws: what the reader and the writer throw.
  public static func bytes(of files: [String], events: Int, layout: CaptureLayout) throws -> [UInt8] {
    let parts = try Parts(files)
    let turn = parts.events.reduce([], CaptureRepeater.following)
    let times = turn.isEmpty ? 0 : (events + turn.count - 1) / turn.count
    return try TraceDatWriter.bytes(
      of: CaptureRepeater(turn, times: times), layout, options: parts.options, cpuCount: parts.cpuCount)
  }

  /// The capture of a larger machine: on some of its CPUs one of the captures is played again and again, on as many others the next one
  /// beside it, and so on.
  /// - Parameters:
  ///   - files: The captures: the first one on its CPUs alone, the others on as many as are left, in turn.
  ///   - events: How many events to write.
  ///   - cpus: How many CPUs the machine has, in multiples of those of the captures.
  /// - Returns: the file's bytes.
  /// - Throws: what the reader and the writer throw.
  public static func bytes(beside files: [String], events: Int, cpus: Int, layout: CaptureLayout) throws -> [UInt8] {
    let parts = try Parts(files)
    let (first, others) = (parts.events.prefix(1), parts.events.dropFirst())
    let count = max(1, cpus / parts.cpuCount)
    let beside = (0..<max(0, count - 1)).compactMap { number in
      others.isEmpty ? nil : others[others.startIndex + number % others.count]
    }
    let turns = first + beside
    return try TraceDatWriter.bytes(
      of: CapturesBeside(Array(turns), cpuCount: parts.cpuCount).prefix(events), layout,
      cpuCount: turns.count * parts.cpuCount)
  }

  /// Captures of one machine, as they are in their files.
  private struct Parts {
    var events: [[SchedEvent]] = []
    var cpuCount = 1
    var options = CaptureOptions()

    init(_ files: [String]) throws {
      for file in files {
        var reader = try CaptureReader(path: file)
        cpuCount = max(cpuCount, reader.info.cpuCount)
        for (pid, comm) in reader.savedComms { options.savedComms[pid] = comm.text }
        var part: [SchedEvent] = []
        while let event = reader.next() { part.append(event) }
        events.append(part)
      }
    }
  }
}

extension TraceDatWriter {
  /// A whole capture.
  public static func bytes(
    of events: some Sequence<SchedEvent>, _ layout: CaptureLayout, options: CaptureOptions = CaptureOptions(),
    cpuCount: Int
  ) throws -> [UInt8] {
    var writer = try TraceDatWriter(layout, options: options, cpuCount: cpuCount)
    for event in events { try writer.append(event) }
    return try writer.finish()
  }
}
