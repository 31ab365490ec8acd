import TraceCore

/// An optional whose value stays where it is.
///
/// An `Optional` that cannot be copied is moved out and back whenever something is called through it. For a large value that
/// costs more than most calls.
struct InPlaceOptional<Value: ~Copyable>: ~Copyable {
  /// Allocated once; initialised as long as ``hasValue``. Owned here alone, freed with this.
  private let memory: UnsafeMutablePointer<Value>
  private(set) var hasValue = true

  init(_ value: consuming Value) {
    memory = .allocateLines(capacity: 1)
    memory.initialize(to: value)
  }

  deinit {
    if hasValue { memory.deinitialize(count: 1) }
    memory.deallocate()
  }

  /// Where the value is, `nil` if there is none any more. Not to be kept.
  @inline(__always)
  var pointer: UnsafeMutablePointer<Value>? { hasValue ? memory : nil }

  /// Takes the value out.
  mutating func take() -> Value? {
    guard hasValue else { return nil }
    hasValue = false
    return memory.move()
  }

  /// Ends the value.
  mutating func drop() { _ = take() }
}
