import Synchronization

/// What tests make once and share: values by name, each made by the first that asks for it.
///
/// Two that ask at the same time may both make it, and one of the two is kept.
public final class Kept<Value: Sendable>: Sendable {
  private let values = Mutex<[String: Value]>([:])

  public init() {}

  /// The value of a name, made unless it is there.
  public func value(_ name: String, _ make: () throws -> Value) rethrows -> Value {
    if let value = values.withLock({ $0[name] }) { return value }
    let value = try make()
    values.withLock { $0[name] = value }
    return value
  }
}
