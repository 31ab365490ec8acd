import Glibc

/// What the calling thread has computed since then: other than a clock's, such a limit holds on a busy machine too.
public struct ThreadTime {
  private let start = ThreadTime.now()

  public init() {}

  /// Processor time of the calling thread, which must be the one that made this.
  public var elapsed: Duration { Self.now() - start }

  private static func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
