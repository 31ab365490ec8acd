import Glibc

/// A value that one thread at a time may use, behind a lock of pthread: the thread sanitizer does not know the standard library's, and
/// reports what it guards as races.
///
/// Unchecked: the value is used under the lock alone.
package final class Guarded<Value: Sendable>: @unchecked Sendable {
  private var value: Value
  /// Allocated once, owned here alone.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  package init(_ value: Value) {
    self.value = value
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  /// Uses the value; other threads wait meanwhile. Not to be called again inside of `body`.
  package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body(&value)
  }
}
