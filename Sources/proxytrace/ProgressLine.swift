import Glibc
import ProxyReport

/// The share of the capture that has been read, on standard error: only on a terminal, only where reading takes long, and erased
/// at the end.
struct ProgressLine {
  private static let delay = 0.2
  private static let interval = 0.1
  /// Asking for the time at every event would cost more than the event.
  private static let eventsBetweenLooks = 1 << 14

  private let name: String
  private let isWanted = StandardStreams.isTerminal(STDERR_FILENO)
  private var next: Double
  private var countdown = eventsBetweenLooks
  private var isShown = false

  init(_ name: String) {
    self.name = TextEscape.terminal(name)
    next = Self.now() + Self.delay
  }

  /// Counts events, and shows the progress now and then.
  /// - Parameter share: how much of the capture has been read, 0 to 1.
  @inline(__always)
  mutating func tick(_ events: Int, _ share: Double) {
    guard isWanted else { return }
    countdown -= events
    if countdown <= 0 { look(share) }
  }

  /// Removes the line from the terminal.
  mutating func erase() {
    if isShown { StandardStreams.writeError("\r\u{1b}[K") }
    isShown = false
  }

  private mutating func look(_ share: Double) {
    countdown = Self.eventsBetweenLooks
    let now = Self.now()
    guard now >= next else { return }
    next = now + Self.interval
    isShown = true
    StandardStreams.writeError("\r\u{1b}[K\(name): \(Int(share * 100)) %")
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
