public import Foundation
import TraceCore

/// A capture that is measured, and how it is made. Tests take shorter ones of the same kinds.
public struct Workload: Sendable {
  public enum Contention: String, Sendable {
    /// Real captures played again and again.
    case real
    /// One in which somebody nearly always waits, played again and again: ``Workload/capture``.
    case contended
    /// That one on two CPUs, and the others on all other CPUs, which have nothing to do with it: a large machine on which somebody
    /// always waits.
    case beside
    /// A simulated machine on which every task contends for a lock all the time.
    case dense
    /// One on which locks are seldom taken.
    case sparse
  }

  public var contention: Contention
  /// At least; of real captures whole turns.
  public var events: Int
  public var cpus: Int
  public var version: Int
  public var compression: Compression
  /// Of ``Contention/contended``: the capture that is played; `nil` for `crowd.dat` of the captures.
  public var capture: URL?

  public init(
    contention: Contention, events: Int, cpus: Int = 2, version: Int = 6, compression: Compression = .none,
    capture: URL? = nil
  ) {
    (self.contention, self.events, self.cpus) = (contention, events, cpus)
    (self.version, self.compression, self.capture) = (version, compression, capture)
  }

  /// `contended`, or `contended-melee` where a capture is named.
  private var kind: String {
    contention.rawValue + (capture.map { "-\($0.deletingPathExtension().lastPathComponent)" } ?? "")
  }

  /// `real, 10 M, 2 CPUs, v7 zstd`.
  public var name: String {
    "\(kind), \(Workload.human(events)), \(cpus) CPUs, v\(version)"
      + (compression == .none ? "" : " \(compression.rawValue)")
  }

  private var fileName: String {
    "\(kind)-\(events)-\(cpus)-v\(version)-\(compression.rawValue).dat"
  }

  static func human(_ count: Int) -> String {
    count % 1_000_000 == 0 ? "\(count / 1_000_000) M" : count % 1000 == 0 ? "\(count / 1000) k" : "\(count)"
  }

  /// Writes the capture, unless it is there from the last time.
  /// - Parameter captures: A folder of captures of one machine, for those that play real ones.
  public func make(in folder: URL, from captures: URL) throws -> URL {
    let file = folder.appending(path: fileName)
    if FileManager.default.fileExists(atPath: file.path) { return file }
    try Data(bytes(from: captures)).write(to: file, options: .atomic)
    return file
  }

  /// The capture.
  public func bytes(from captures: URL) throws -> [UInt8] {
    switch contention {
    case .real, .contended, .beside: try repeated(captures)
    case .dense, .sparse: try simulated()
    }
  }

  private var layout: CaptureLayout { CaptureLayout(version: version, compression: compression) }

  private func repeated(_ captures: URL) throws -> [UInt8] {
    let all = try FileManager.default.contentsOfDirectory(at: captures, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "dat" }.map(\.path).sorted()
    let crowd = all.filter { $0.hasSuffix("/crowd.dat") }
    switch contention {
    case .contended:
      return try RepeatedCapture.bytes(of: capture.map { [$0.path] } ?? crowd, events: events, layout: layout)
    case .beside:
      let files = crowd + all.filter { !crowd.contains($0) }
      return try RepeatedCapture.bytes(beside: files, events: events, cpus: cpus, layout: layout)
    default: return try RepeatedCapture.bytes(of: all, events: events, layout: layout)
    }
  }

  private func simulated() throws -> [UInt8] {
    let isDense = contention == .dense
    var plan = SchedulePlan.random(
      seed: 1, cpuCount: cpus, taskCount: cpus * 4, lockCount: isDense ? max(2, cpus) : 1, proxyExecution: true)
    plan.recordsTruth = false
    if !isDense {
      // Two tasks alone take locks; the others run and sleep.
      for task in plan.tasks.indices.dropFirst(2) {
        let old = plan.tasks[task]
        plan.tasks[task] = TaskPlan(
          pid: old.pid, comm: old.comm, priority: old.priority, cpu: old.cpu,
          script: old.script.filter {
            switch $0 {
            case .lock, .unlock: false
            case .spin, .sleep: true
            }
          }, isRepeated: old.isRepeated, delay: old.delay)
      }
    }
    var generator = ScheduleGenerator(plan)
    var options = CaptureOptions()
    options.savedComms = generator.savedComms
    var made: [SchedEvent] = []
    made.reserveCapacity(events)
    while made.count < events, let event = generator.next() { made.append(event) }
    return try TraceDatWriter.bytes(of: made, layout, options: options, cpuCount: cpus)
  }
}
