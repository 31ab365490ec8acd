import TraceCore

/// A value that is made when it is first asked for, on whatever thread, and once.
final class Once<Value: Sendable>: Sendable {
  private let made = Guarded<Value?>(nil)

  /// The value.
  /// - Parameter make: makes it; called at most once.
  func value(_ make: () -> Value) -> Value {
    made.withLock { made in
      if let value = made { return value }
      let value = make()
      made = value
      return value
    }
  }
}
