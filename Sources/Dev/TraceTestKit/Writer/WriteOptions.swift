import TraceCore

extension TraceDatWriter {
  /// The options that mean the same in both versions.
  func putCommonOptions(_ sink: inout ByteSink) {
    if let date = options.date { sink.put(option: .date, cString: date) }
    if options.writesTraceClock { sink.put(option: .traceClock, cString: clockList) }
    if let uname = options.uname { sink.put(option: .uname, cString: uname) }
    if let version = options.recorderVersion { sink.put(option: .version, cString: version) }
    if let id = options.traceID { sink.put(option: .traceID) { $0.put(id) } }
    if let offset = options.offset { sink.put(option: .offset, cString: String(offset)) }
    if let shift = options.timeShift { sink.put(option: .timeShift) { Self.put(shift, to: &$0) } }
    if let tsc = options.tscConversion {
      sink.put(option: .tscToNanoseconds) {
        $0.put(tsc.multiplier)
        $0.put(tsc.shift)
        $0.put(tsc.offset)
      }
    }
    if options.writesCPUStats { putCPUStats(&sink) }
    if options.writesCPUCount { sink.put(option: .cpuCount) { $0.put(UInt32(cpuCount)) } }
  }

  /// The content of `trace_clock`: all clocks, the used one in brackets.
  private var clockList: String {
    let used = buffers[0].clock
    let known = ["local", "global", "counter", "uptime", "perf", "mono", "mono_raw", "boot", "tai", "x86-tsc"]
    let all = known.contains(used) ? known : known + [used]
    return all.map { $0 == used ? "[\($0)]" : $0 }.joined(separator: " ") + "\n"
  }

  private static func put(_ shift: TimeShift, to sink: inout ByteSink) {
    sink.put(shift.peer)
    sink.put(UInt32(shift.interpolates ? 1 : 0))
    sink.put(UInt32(shift.samples.count))
    for samples in shift.samples {
      sink.put(UInt32(samples.count))
      for sample in samples { sink.put(sample.time) }
      for sample in samples { sink.put(sample.offset) }
      for sample in samples { sink.put(sample.scaling) }
    }
    guard shift.writesFractions else { return }
    for sample in shift.samples.joined() { sink.put(sample.fraction) }
  }

  /// One entry a CPU, and before those of an instance one with its name.
  private func putCPUStats(_ sink: inout ByteSink) {
    for buffer in buffers {
      if !buffer.name.isEmpty { sink.put(option: .cpuStat, cString: "\nBuffer: \(buffer.name)\n\n") }
      for cpu in 0..<cpuCount {
        let ring = buffer.rings[CPU(cpu)]
        let (lost, read, last) = (ring?.lostCount ?? 0, ring?.recordCount ?? 0, ring?.lastTime ?? 0)
        let micros = String(last / 1000 % 1_000_000)
        let now = "\(last / 1_000_000_000)." + String(repeating: "0", count: 6 - micros.utf8.count) + micros
        sink.put(
          option: .cpuStat,
          cString: "CPU: \(cpu)\nentries: 0\noverrun: \(lost)\ncommit overrun: 0\nbytes: 0\n"
            + "oldest event ts: \(now)\nnow ts: \(now)\ndropped events: 0\nread events: \(read)\n\n")
      }
    }
  }
}
