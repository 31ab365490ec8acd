import TraceCore

/// The fields that a ``PrintedLine`` has read: some numbers, a name, a text.
struct PrintedFields: FieldSource {
  let current: Pid
  private var fields = InlineArray<4, FieldName>(repeating: .pid)
  private var numbers = InlineArray<4, UInt64>(repeating: 0)
  private var count = 0
  private var comm: Comm?
  private var text: UnsafeRawBufferPointer?

  init(current: Pid) { self.current = current }

  /// No event has more than four numbers.
  @inline(__always)
  mutating func set(_ field: FieldName, _ number: UInt64) {
    (fields[count], numbers[count]) = (field, number)
    count += 1
  }

  @inline(__always)
  mutating func set(_ field: FieldName, _ number: Int32) { set(field, UInt64(bitPattern: Int64(number))) }

  mutating func set(_ comm: Comm) { self.comm = comm }

  mutating func set(_ task: TaskSnapshot) {
    set(.pid, task.pid)
    set(.prio, task.priority.rawValue)
    set(task.comm)
  }

  mutating func set(text: UnsafeRawBufferPointer) { self.text = text }

  @inline(__always)
  func number(_ field: FieldName) -> UInt64? {
    for index in 0..<count where fields[index] == field { return numbers[index] }
    return nil
  }

  /// Such an event has one name.
  func comm(_ field: FieldName) -> Comm? { comm }

  /// ``PrintedLine/switched()`` reads switches.
  var previousState: TaskState? { nil }

  func text(_ field: FieldName) -> UnsafeRawBufferPointer? { text }
}
