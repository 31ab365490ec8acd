import Glibc

/// The signals by which users and systems end a program.
///
/// They are for the thread that makes the output, which removes what is unfinished: all others block them.
package enum EndingSignals {
  /// Their numbers.
  package static let numbers = [SIGINT, SIGTERM, SIGHUP]

  /// Runs a body while the calling thread does not take them, and keeps its `errno`. A thread that the body creates goes on without
  /// them: it has the mask of the one that creates it (pthread_create(3)).
  /// - Returns: what the body returns.
  package static func blocked<Result>(_ body: () -> Result) -> Result {
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    for number in numbers { sigaddset(&blocked, number) }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    let result = body()
    let error = errno
    pthread_sigmask(SIG_SETMASK, &before, nil)
    errno = error
    return result
  }
}
