import CLinux
import Glibc
import Synchronization
import TraceCore

/// Signals that end a recording. They are blocked as long as this lives, but for the time in which the recorder sleeps: whoever
/// presses Ctrl-C twice still gets a complete file.
struct StopSignals: ~Copyable {
  private static let pending = Atomic<Bool>(false)
  private static let all = EndingSignals.numbers + [SIGUSR1]
  private var before = sigset_t()
  private var sleeping = sigset_t()

  init() {
    Self.pending.store(false, ordering: .relaxed)
    var blocked = sigset_t()
    sigemptyset(&blocked)
    for number in Self.all + [SIGCHLD] { sigaddset(&blocked, number) }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    sleeping = before
    for number in Self.all + [SIGCHLD] { sigdelset(&sleeping, number) }
    for number in Self.all { signal(number) { _ in StopSignals.pending.store(true, ordering: .relaxed) } }
    // Its default would not wake anybody.
    signal(SIGCHLD) { _ in }
  }

  deinit {
    for number in Self.all + [SIGCHLD] { signal(number, SIG_DFL) }
    var mask = before
    pthread_sigmask(SIG_SETMASK, &mask, nil)
  }

  /// Lets signals end the program again.
  consuming func restore() {}

  var hasCome: Bool { Self.pending.load(ordering: .relaxed) }

  /// Sleeps until a signal comes, or the time is over.
  func sleep(_ seconds: Double) {
    let nanoseconds = Int(max(seconds, 0) * 1e9)
    var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    var mask = sleeping
    _ = ppoll(nil, 0, &time, &mask)
  }
}
