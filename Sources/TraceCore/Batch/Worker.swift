import Glibc

/// A thread that runs one closure.
package final class Worker {
  private final class Task {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  private var thread = pthread_t()
  package private(set) var isRunning = false

  package init() {}

  /// Starts the thread. Afterwards ``isRunning`` says whether one could be created.
  /// - Parameter body: Runs until ``join()`` returns at the latest; what it uses must live as long.
  package func start(_ body: @escaping () -> Void) {
    let context = Unmanaged.passRetained(Task(body))
    let result = EndingSignals.blocked {
      pthread_create(
        &thread, nil,
        { context in
          // From passRetained() above, once.
          guard let context else { return nil }
          Unmanaged<Task>.fromOpaque(context).takeRetainedValue().body()
          return nil
        }, context.toOpaque())
    }
    isRunning = result == 0
    if !isRunning { context.release() }
  }

  /// Waits until the closure has returned.
  package func join() {
    guard isRunning else { return }
    isRunning = false
    pthread_join(thread, nil)
  }
}
