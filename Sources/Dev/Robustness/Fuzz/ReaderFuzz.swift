import TraceCore
import TraceTestKit

/// What the made captures hold: waits, moves, probes, and events of every other kind.
enum FuzzSchedule {
  static func events(seed: UInt64, count: Int, cpuCount: Int = 2) -> [SchedEvent] {
    var plan = SchedulePlan.random(seed: seed, cpuCount: cpuCount)
    plan.emitsProbes = true
    return ScheduleGenerator.generate(plan, count: count).events
  }
}

/// Input = the file.
enum ContainerFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> [String] {
    var examiner = Examiner()
    examiner.keepsRecords = false
    return examiner.examine(input).violations
  }

  /// Made captures of every layout: real ones are too large for bytes to be changed one by one.
  static func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    let layouts: [CaptureLayout] = [
      .init(version: 6), .init(version: 7), .init(version: 7, compression: .zstd),
      .init(version: 7, compression: .zlib), .init(version: 7, order: .big, kernelLongSize: 4),
      .init(version: 6, order: .big, kernelLongSize: 8, headLongSize: 4),
    ]
    return try layouts.map { layout in
      var options = CaptureOptions()
      options.savedComms = [11: "owner"]
      var writer = try TraceDatWriter(layout, options: options)
      for event in FuzzSchedule.events(seed: 1, count: 60) {
        try writer.append(event)
      }
      return try writer.finish()
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

  static func run(_ input: UnsafeRawBufferPointer) -> [String] {
    guard let first = input.first else { return [] }
    var capture = captures[Int(first) % captures.count]
    let pages = Array(input.dropFirst())
    let half = pages.count / 2 / capture.layout.subBufferSize * capture.layout.subBufferSize
    capture.cpus = [Array(pages[..<half]), Array(pages[half...])]
    var examiner = Examiner()
    examiner.rendering = .nothing
    let result = examiner.examine(capture.bytes())
    let records = result.records.values.reduce(0) { $0 + $1.count }
    // A record is a word at least.
    return result.violations + (records * 4 > pages.count ? ["\(records) records in \(pages.count) bytes"] : [])
  }

  static func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    for (index, layout) in layouts.enumerated() {
      var style = RingBufferStyle()
      style.absoluteStampInterval = 7
      style.discardInterval = 5
      style.usesLongForm = index == 0
      var writer = try TraceDatWriter(layout, style: style)
      for event in FuzzSchedule.events(seed: 2, count: 40) {
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
  private static let records: [[UInt8]] = {
    guard var writer = try? TraceDatWriter(CaptureLayout(version: 6)) else { return [] }
    for event in FuzzSchedule.events(seed: 3, count: 100) { try? writer.append(event) }
    guard let bytes = try? writer.finish(), let map = try? CaptureMap(bytes) else { return [] }
    return map.extents.map { Array(bytes[$0.offset..<$0.offset + $0.size]) }
  }()

  /// The system is not in the text.
  private static func system(_ text: ArraySlice<UInt8>) -> String {
    let name = String(decoding: text.prefix { $0 != 0x0a }, as: UTF8.self).dropFirst(6)
    if name.hasPrefix("sched_") { return "sched" }
    if name.hasPrefix("contention_") || name.hasPrefix("contended_") { return "lock" }
    return name.hasPrefix("task_") ? "task" : "proxytrace"
  }

  private static let whole = try? RawCapture()

  static func run(_ input: UnsafeRawBufferPointer) -> [String] {
    guard var capture = whole else { return ["no capture could be made"] }
    let given = Array(input).split(separator: 0)
    let names = Set(given.map { $0.prefix { $0 != 0x0a } })
    // The others stay as they are, so that there is something to report.
    for index in capture.formats.indices {
      capture.formats[index].texts.removeAll { names.contains($0.prefix { $0 != 0x0a }) }
    }
    for text in given { capture.formats.append((system(text), [Array(text)])) }
    capture.cpus = records
    var examiner = Examiner()
    examiner.rendering = .nothing
    return examiner.examine(capture.bytes()).violations
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
