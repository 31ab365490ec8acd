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
    var turn: [SchedEvent] = []
    var cpuCount = 1
    var options = CaptureOptions()
    for file in files {
      var reader = try CaptureReader(path: file)
      cpuCount = max(cpuCount, reader.info.cpuCount)
      for (pid, comm) in reader.savedComms { options.savedComms[pid] = comm.text }
      var part: [SchedEvent] = []
      while let event = reader.next() { part.append(event) }
      turn = CaptureRepeater.following(turn, part)
    }
    let times = turn.isEmpty ? 0 : (events + turn.count - 1) / turn.count
    return try TraceDatWriter.bytes(
      of: CaptureRepeater(turn, times: times), layout, options: options, cpuCount: cpuCount)
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
