import ProxyAnalysis
import ProxyModel
import TraceCore

/// Phrases as text for a terminal: escaped, in the clock's unit.
struct FragmentText {
  private let clock: TraceClock
  private let symbols: [LockAddress: String]

  init(_ context: ReportContext) {
    clock = context.capture.clock
    symbols = context.symbols
  }

  /// Nothing may be called a second where this is `false`.
  var countsNanoseconds: Bool { clock.unit == .nanoseconds }

  /// What stands behind a duration.
  var durationUnit: String { countsNanoseconds ? "ms" : "steps" }

  /// A cell of a table whose column names the unit.
  func cell(_ phrase: TextFragment) -> String {
    switch phrase {
    case .plain(let text): text
    case .quote(let text): TextEscape.terminal(text)
    case .task(let task): "\(name(task.comm)):\(task.pid)"
    case .comm(let comm): name(comm)
    case .pid(let pid): String(pid)
    case .priority(let priority): String(priority.description.dropFirst("prio ".count))
    case .cpu(let cpu): String(cpu)
    case .lock(let lock): name(lock)
    case .instant(let time): clock.format(time)
    case .duration(let steps): countsNanoseconds ? HumanNumbers.milliseconds(steps) : String(steps)
    case .count(let count): String(count)
    case .share(let part, let whole): HumanNumbers.percent(part, of: whole)
    case .unknown: "-"
    }
  }

  /// Phrases one after the other, with their units.
  func sentence(_ phrases: [TextFragment]) -> String { phrases.map(words).joined() }

  /// The same for ``TextLayout/wrap(_:indent:hanging:)``: a line break does not cut what stands for one thing.
  func wrappable(_ phrases: [TextFragment]) -> String {
    phrases.map { phrase in
      if case .plain(let text) = phrase { return text }
      return words(phrase).split(separator: " ").joined(separator: TextLayout.glue)
    }.joined()
  }

  private func words(_ phrase: TextFragment) -> String {
    switch phrase {
    case .duration: "\(cell(phrase)) \(durationUnit)"
    case .share: "\(cell(phrase)) %"
    case .priority(let priority): priority.description
    case .cpu(let cpu): "CPU \(cpu)"
    case .lock(let lock): short(lock)
    case .task(let task): cell(phrase) + (task.priority.map { " \($0)" } ?? "")
    default: cell(phrase)
    }
  }

  /// What escapes make longer than any kernel's name is cut: pid and address tell the rest.
  private static let nameLimit = 28

  private func name(_ comm: Comm) -> String {
    comm.isEmpty ? "<?>" : TextLayout.clipped(TextEscape.terminal(comm), Self.nameLimit)
  }

  /// A lock where room is short: its symbol, or else its address.
  func short(_ lock: LockAddress) -> String {
    symbols[lock].map { TextLayout.clipped(TextEscape.terminal($0), Self.nameLimit) } ?? lock.description
  }

  private func name(_ lock: LockAddress) -> String {
    symbols[lock] == nil ? short(lock) : "\(short(lock)) (\(lock))"
  }
}
