import ProxyAnalysis
import ProxyModel
import TraceCore

/// Fragments of text for a terminal: escaped, in the clock's unit.
struct FragmentText {
  private let clock: TraceClock
  private let symbols: [LockAddress: String]

  init(_ context: ReportContext) {
    clock = context.capture.clock
    symbols = context.symbols
  }

  /// Whether clock steps are nanoseconds. Where not, no time is printed in seconds.
  var countsNanoseconds: Bool { clock.unit == .nanoseconds }

  /// The unit of durations.
  var durationUnit: String { countsNanoseconds ? "ms" : "steps" }

  /// A cell of a table whose column names the unit.
  func cell(_ fragment: TextFragment) -> String {
    switch fragment {
    case .plain(let text): text
    case .quote(let text): TextEscape.terminal(text)
    case .task(let task): "\(name(task.comm)):\(task.pid)"
    case .comm(let comm): name(comm)
    case .pid(let pid): String(pid)
    case .priority(let priority): String(priority.description.dropFirst("prio ".count))
    case .cpu(let cpu): String(cpu)
    case .lock(let lock): name(lock)
    case .instant(let time): clock.format(time)
    case .duration(let steps): countsNanoseconds ? NumberText.milliseconds(steps) : String(steps)
    case .count(let count): String(count)
    case .share(let part, let whole): NumberText.percent(part, of: whole)
    case .unknown: "-"
    }
  }

  /// Fragments one after the other, with their units.
  /// - Parameter isBrief: whether priorities are told by nice or real-time priority alone.
  func sentence(_ fragments: [TextFragment], isBrief: Bool = false) -> String {
    fragments.map(isBrief ? brief : words).joined()
  }

  /// The same for a ``LineBreaker``: no fragment but plain text is broken.
  /// - Parameter isBrief: whether priorities are told by nice or real-time priority alone.
  func wrappable(_ fragments: [TextFragment], isBrief: Bool = false) -> String {
    fragments.map { fragment in
      if case .plain(let text) = fragment { return text }
      return (isBrief ? brief(fragment) : words(fragment)).split(separator: " ").joined(
        separator: LineBreaker.noBreakSpace)
    }.joined()
  }

  /// `vip:61 (nice -20)`.
  private func brief(_ fragment: TextFragment) -> String {
    guard case .task(let task) = fragment, let priority = task.priority else { return words(fragment) }
    let words = priority.description
    guard let open = words.firstIndex(of: "(") else { return self.words(fragment) }
    return "\(cell(fragment)) \(words[open...])"
  }

  private func words(_ fragment: TextFragment) -> String {
    switch fragment {
    case .duration: "\(cell(fragment)) \(durationUnit)"
    case .share: "\(cell(fragment)) %"
    case .priority(let priority): priority.description
    case .cpu(let cpu): "CPU \(cpu)"
    case .lock(let lock): short(lock)
    case .task(let task): cell(fragment) + (task.priority.map { " \($0)" } ?? "")
    default: cell(fragment)
    }
  }

  /// Columns of a name. Escapes can make a name longer than any that the kernel has; it is then cut, and the pid or the
  /// address identifies it.
  private static let nameLimit = 28

  private func name(_ comm: Comm) -> String {
    comm.isEmpty ? "<?>" : TextLayout.clipped(TextEscape.terminal(comm), Self.nameLimit)
  }

  /// A lock in few columns: its symbol, or else its address.
  func short(_ lock: LockAddress) -> String {
    symbols[lock].map { TextLayout.clipped(TextEscape.terminal($0), Self.nameLimit) } ?? lock.description
  }

  private func name(_ lock: LockAddress) -> String {
    symbols[lock] == nil ? short(lock) : "\(short(lock)) (\(lock))"
  }
}
