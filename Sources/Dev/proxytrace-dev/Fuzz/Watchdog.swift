import Glibc

/// Says what was being tried when the process dies of it, or takes too long.
enum Watchdog {
  /// Read by signal handlers: nothing but memory that never moves.
  nonisolated(unsafe) private static let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1024)
  nonisolated(unsafe) private static var length = 0
  nonisolated(unsafe) private static var limit: UInt32 = 0

  /// Real time may pass for want of a CPU: a try that waits for nothing ends long before this many times its limit.
  private static let realTimeFactor: UInt32 = 15

  /// - Parameter seconds: The most CPU time that one try may take.
  static func install(seconds: UInt32) {
    limit = seconds
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
      signal(number) { number in
        Watchdog.tell("\ncrashed: ")
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    for number in [SIGALRM, SIGPROF] {
      signal(number) { _ in
        Watchdog.tell("\nhangs: ")
        _exit(1)
      }
    }
  }

  /// What is tried next.
  static func note(_ what: String) {
    length = 0
    for byte in what.utf8.prefix(1000) {
      text[length] = CChar(bitPattern: byte)
      length += 1
    }
    var timer = itimerval()
    timer.it_value.tv_sec = Int(limit)
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    alarm(limit * realTimeFactor)
  }

  private static func tell(_ word: StaticString) {
    _ = write(STDERR_FILENO, word.utf8Start, word.utf8CodeUnitCount)
    _ = write(STDERR_FILENO, text, length)
    _ = write(STDERR_FILENO, "\n", 1)
  }
}
