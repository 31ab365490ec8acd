import Glibc

/// A counting semaphore between two threads.
package struct Semaphore: ~Copyable {
  /// Initialised once, owned here alone.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocateLines(capacity: 1)

  package init(_ value: Int) { sem_init(semaphore, 0, UInt32(value)) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  package func post() { sem_post(semaphore) }

  /// Takes one if there is one.
  package func tryWait() -> Bool { sem_trywait(semaphore) == 0 }

  package func wait() {
    // A signal may interrupt it.
    while sem_wait(semaphore) != 0 {}
  }
}
