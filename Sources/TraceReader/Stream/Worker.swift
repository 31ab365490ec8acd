import Glibc

/// A thread that runs one closure.
final class Worker {
  private final class Task {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  private var thread = pthread_t()
  private(set) var isRunning = false

  /// Starts the thread. Afterwards ``isRunning`` says whether one could be created.
  /// - Parameter body: Runs until ``join()`` returns at the latest; what it uses must live as long.
  func start(_ body: @escaping () -> Void) {
    let context = Unmanaged.passRetained(Task(body))
    // What ends the program is for the thread that makes the output: a new thread has the mask of the one that creates it.
    var (ending, before) = (sigset_t(), sigset_t())
    sigemptyset(&ending)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&ending, signal) }
    pthread_sigmask(SIG_BLOCK, &ending, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let result = pthread_create(
      &thread, nil,
      { context in
        // From passRetained() above, once.
        guard let context else { return nil }
        Unmanaged<Task>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context.toOpaque())
    isRunning = result == 0
    if !isRunning { context.release() }
  }

  /// Waits until the closure has returned.
  func join() {
    guard isRunning else { return }
    isRunning = false
    pthread_join(thread, nil)
  }
}
