import Glibc
import Synchronization

/// A thread that runs one closure.
package final class Worker {
  private final class Task {
    let name: StaticString
    let body: () -> Void
    init(_ name: StaticString, _ body: @escaping () -> Void) { (self.name, self.body) = (name, body) }

    func run() {
      // Glibc's module has no pthread_setname_np(). That a thread has no name does no harm.
      let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
      if file >= 0 {
        name.withUTF8Buffer { _ = write(file, $0.baseAddress, $0.count) }
        _ = close(file)
      }
      body()
    }
  }

  private var thread = pthread_t()
  private let stop = Atomic(false)
  package private(set) var isRunning = false

  private let name: StaticString

  /// - Parameter name: What `top -H` and `perf` call the thread: up to 15 ASCII characters.
  package init(_ name: StaticString) { self.name = name }

  /// Starts the thread. Afterwards ``isRunning`` says whether one could be created.
  /// - Parameter body: Runs until ``join()`` returns at the latest; what it uses must live as long.
  package func start(_ body: @escaping () -> Void) {
    stop.store(false, ordering: .relaxed)
    let context = Unmanaged.passRetained(Task(name, body))
    let result = EndingSignals.blocked {
      pthread_create(
        &thread, nil,
        { context in
          // From passRetained() above, once.
          guard let context else { return nil }
          Unmanaged<Task>.fromOpaque(context).takeRetainedValue().run()
          return nil
        }, context.toOpaque())
    }
    isRunning = result == 0
    if !isRunning { context.release() }
  }

  /// Whether ``end(waking:)`` was called: the closure is to return as soon as it sees that. Any thread may ask.
  package var isStopped: Bool { stop.load(ordering: .acquiring) }

  /// Makes a closure return that asks ``isStopped`` whenever it has waited, and waits until it has.
  /// - Parameter semaphore: The one that the closure waits for.
  package func end(waking semaphore: borrowing Semaphore) {
    guard isRunning else { return }
    stop.store(true, ordering: .releasing)
    semaphore.post()
    join()
  }

  /// Waits until the closure has returned.
  package func join() {
    guard isRunning else { return }
    isRunning = false
    pthread_join(thread, nil)
  }
}
