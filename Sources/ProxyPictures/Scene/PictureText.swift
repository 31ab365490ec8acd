public import ProxyAnalysis
import ProxyModel
import ProxyReport
import TraceCore

/// Words of pictures about a capture.
public struct PictureText: Sendable {
  let context: ReportContext
  let person: PersonText
  var clock: TraceClock { context.capture.clock }
  var isProxying: Bool { context.timeline.verdict.answer == .on }

  /// Words about a capture.
  public init(_ context: ReportContext) {
    self.context = context
    person = PersonText(context)
  }

  func name(_ task: TaskSnapshot) -> String {
    if task.pid == 0 { return "idle" }
    return person.task(TaskLabel(index: TaskIndex(rawValue: 0), pid: task.pid, comm: task.comm, priority: nil))
  }

  func name(_ task: TaskLabel) -> String { task.pid == 0 ? "idle" : person.task(task) }

  func nice(_ priority: Priority?) -> String {
    guard let priority else { return "" }
    return switch priority.rawValue {
    case ..<0: "DL"
    case 0..<100: "RT \(99 - priority.rawValue)"
    default: "nice \(priority.rawValue - 120)"
    }
  }

  /// `18.309874 + 15.918 ms`.
  func stretch(_ begin: Timestamp, _ end: Timestamp) -> String {
    "\(person.instant(begin)) + \(person.duration(end - begin))"
  }

  func known(_ evidence: Evidence) -> String {
    "\(EvidenceMark(evidence).glyph) \(evidence.name)" + (evidence.rule.map { ": rule \($0.rawValue)" } ?? "")
  }
}

extension BarStyle {
  /// A class has the style of its name.
  init(_ kind: WaitClass) { self = kind == .own ? .own : BarStyle(rawValue: kind.name) ?? .unknown }

  /// The wait class that the style stands for; `nil` for the styles of lanes.
  var waitClass: WaitClass? { WaitClass.allCases.first { BarStyle($0) == self } }

  /// What the style means, for a legend; for a class the words of the report.
  func words(isProxying: Bool) -> String {
    if let waitClass { return waitClass.plainName(isProxying: isProxying) }
    return laneWords
  }

  /// The style of the class that the report calls so.
  init?(plainName name: String) {
    let found = WaitClass.allCases.first { kind in
      kind.plainName(isProxying: true) == name || kind.plainName(isProxying: false) == name
    }
    guard let found else { return nil }
    self.init(found)
  }

  private var laneWords: String {
    switch self {
    case .other: "another task"
    case .waiter: "the waiter"
    case .queued: "ready, not running"
    case .blocked: "blocked on a lock"
    case .off: "asleep"
    case .hold: "holds the lock"
    case .picked: "blocked task picked, CPU idles"
    case .lost: "no records"
    case .mixed: "many short stretches"
    case .mark: "what the picture is about"
    default: rawValue
    }
  }
}
