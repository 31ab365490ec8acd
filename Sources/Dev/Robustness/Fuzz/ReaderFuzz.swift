import TraceCore
import TraceTestKit

/// What the made captures hold: waits, moves, probes, and events of every other kind.
enum FuzzSchedule {
  /// - Parameter hasProbes: Of a capture with probes the model follows every event the long way. One without begins with
  ///   ``calm``.
  static func events(seed: UInt64, count: Int, cpuCount: Int = 2, hasProbes: Bool = true) -> [SchedEvent] {
    var plan = SchedulePlan.random(seed: seed, cpuCount: cpuCount)
    plan.emitsProbes = hasProbes
    return (hasProbes ? [] : calm) + ScheduleGenerator.generate(plan, count: count).events
  }

  /// Tasks 1 to 4 that take turns on CPUs 0 and 1 while nobody waits for a lock, before second 1. Long enough for the model to
  /// expect no probe beside a switch any more, so that it enters its fast path.
  static let calm: [SchedEvent] = (0..<24 as Range<UInt64>).flatMap { round in
    let cpu = CPU(round % 2)
    func task(_ pid: Pid) -> TaskSnapshot { TaskSnapshot(pid: pid, priority: Priority(120), comm: Comm("t\(pid)")) }
    let (first, second) = (task(2 * cpu + 1), task(2 * cpu + 2))
    func event(_ time: UInt64, _ pid: Pid, _ body: EventBody) -> SchedEvent {
      SchedEvent(timestamp: Timestamp(999_000_000 + round * 24_000 + time), cpu: cpu, pid: pid, body: body)
    }
    let wake = WakeRecord(task: first, targetCPU: cpu)
    return [
      event(0, first.pid, .switched(SwitchRecord(previous: first, previousState: .interruptible, next: second))),
      event(13_000, second.pid, .waking(wake)), event(14_000, second.pid, .wakeup(wake)),
      event(20_000, second.pid, .switched(SwitchRecord(previous: second, previousState: .running, next: first))),
    ]
  }
}

/// Input = the file.
enum ContainerFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    var examiner = Examiner()
    examiner.keepsRecords = false
    return FuzzTarget.Result(examiner.examine(input))
  }

  /// Made captures of every layout: real ones are too large for bytes to be changed one by one.
  static func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    let layouts: [CaptureLayout] = [
      .init(version: 6), .init(version: 7), .init(version: 7, compression: .zstd),
      .init(version: 7, compression: .zlib), .init(version: 7, order: .big, kernelLongSize: 4),
      .init(version: 6, order: .big, kernelLongSize: 8, headLongSize: 4),
    ]
    return try layouts.enumerated().flatMap { index, layout in
      // Three quarters of them are calm.
      try [(UInt64(1), index % 2 == 0), (5, false)].map { seed, hasProbes in
        var options = CaptureOptions()
        options.savedComms = [11: "owner"]
        var writer = try TraceDatWriter(layout, options: options)
        for event in FuzzSchedule.events(seed: seed, count: 60, hasProbes: hasProbes) { try writer.append(event) }
        return try writer.finish()
      }
    }
  }
}

/// Input = a byte that chooses the layout, then pages: the first half of them CPU 0's, the others CPU 1's.
enum PagesFuzz {
  private static let layouts: [CaptureLayout] = [
    .init(version: 6), .init(version: 6, order: .big), .init(version: 6, kernelLongSize: 4),
    .init(version: 6, order: .big, kernelLongSize: 4), .init(version: 6, subBufferSize: 8192),
  ]

  private static let captures = layouts.compactMap { try? RawCapture($0) }

  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    guard let first = input.first else { return FuzzTarget.Result([]) }
    var capture = captures[Int(first) % captures.count]
    let pages = Array(input.dropFirst())
    let half = pages.count / 2 / capture.layout.subBufferSize * capture.layout.subBufferSize
    capture.cpus = [Array(pages[..<half]), Array(pages[half...])]
    var examiner = Examiner()
    examiner.rendering = .nothing
    let examination = examiner.examine(capture.bytes())
    let records = examination.records.values.reduce(0) { $0 + $1.count }
    var result = FuzzTarget.Result(examination)
    // A record is a word at least.
    if records * 4 > pages.count { result.violations.append("\(records) records in \(pages.count) bytes") }
    return result
  }

  static func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    for (index, layout) in Array(layouts.enumerated()) + layouts.enumerated() {
      var style = RingBufferStyle()
      style.absoluteStampInterval = 7
      style.discardInterval = 5
      style.usesLongForm = index == 0
      var writer = try TraceDatWriter(layout, style: style)
      let isSecond = seeds.count >= layouts.count
      for event in FuzzSchedule.events(seed: isSecond ? 6 : 2, count: 40, hasProbes: index % 2 == 0 && !isSecond) {
        try writer.append(event)
      }
      let bytes = try writer.finish()
      let map = try CaptureMap(bytes)
      seeds.append([UInt8(index)] + bytes[map.dataStart...])
    }
    for capture in captures {
      for page in try CaptureMap(capture).pages.prefix(3) { seeds.append([0] + capture[page.range]) }
    }
    return seeds
  }
}

/// Input = texts, separated by a zero byte. Each is the format of the event whose name it has; records of all events follow.
enum FormatsFuzz {
  /// Of CPUs; of a capture with probes, and twice of one without.
  private static let records: [[[UInt8]]] = [true, false, false].map { hasProbes in
    guard var writer = try? TraceDatWriter(CaptureLayout(version: 6)) else { return [] }
    for event in FuzzSchedule.events(seed: 3, count: 100, hasProbes: hasProbes) { try? writer.append(event) }
    guard let bytes = try? writer.finish(), let map = try? CaptureMap(bytes) else { return [] }
    return map.extents.map { Array(bytes[$0.offset..<$0.offset + $0.size]) }
  }

  /// The system is not in the text.
  private static func system(_ text: ArraySlice<UInt8>) -> String {
    let name = String(decoding: text.prefix { $0 != 0x0a }, as: UTF8.self).dropFirst(6)
    if name.hasPrefix("sched_") { return "sched" }
    if name.hasPrefix("contention_") || name.hasPrefix("contended_") { return "lock" }
    return name.hasPrefix("task_") ? "task" : "proxytrace"
  }

  private static let whole = try? RawCapture()

  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    guard var capture = whole else { return FuzzTarget.Result(["no capture could be made"]) }
    let given = Array(input).split(separator: 0)
    let names = Set(given.map { $0.prefix { $0 != 0x0a } })
    // The others stay as they are, so that there is something to report.
    for index in capture.formats.indices {
      capture.formats[index].texts.removeAll { names.contains($0.prefix { $0 != 0x0a }) }
    }
    for text in given { capture.formats.append((system(text), [Array(text)])) }
    capture.cpus = records[input.count % records.count]
    var examiner = Examiner()
    examiner.rendering = .nothing
    return FuzzTarget.Result(examiner.examine(capture.bytes()))
  }

  static func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    var seeds = try RawCapture().formats.flatMap(\.texts)
    for capture in captures {
      let map = try CaptureMap(capture)
      let used = map.formats.filter { ["sched", "lock", "proxytrace"].contains($0.system) }
      seeds += used.map { Array(capture[$0.range]) }
    }
    return seeds
  }
}
