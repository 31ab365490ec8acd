import Glibc

/// A thread that does one thing.
final class Worker {
  private final class Task {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  private var thread = pthread_t()
  private(set) var isRunning = false

  /// Begins; ``isRunning`` says whether there was a thread to be had.
  /// - Parameter body: Must not outlive what it uses: until ``join()``.
  func start(_ body: @escaping () -> Void) {
    let context = Unmanaged.passRetained(Task(body))
    let result = pthread_create(
      &thread, nil,
      { context in
        // Given by passRetained() below, once.
        guard let context else { return nil }
        Unmanaged<Task>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context.toOpaque())
    isRunning = result == 0
    if !isRunning { context.release() }
  }

  /// Waits for its end.
  func join() {
    guard isRunning else { return }
    isRunning = false
    pthread_join(thread, nil)
  }
}
