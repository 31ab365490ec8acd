import TraceCore

/// A ``TaskLabel`` of a ``LabelPool``; ``none`` for no task.
struct LabelID: Hashable, Sendable, BitwiseCopyable {
  var rawValue: UInt32

  static let none = LabelID(rawValue: .max)
}

/// Tasks as they were at different moments, each kept once: rows name them by number.
struct LabelPool: ~Copyable, Sendable {
  private var ids: [TaskLabel: LabelID] = [:]
  private var labels = PackedLog<TaskLabel>()

  /// The number of a label; given at first sight.
  mutating func id(_ label: TaskLabel) -> LabelID {
    if let known = ids[label] { return known }
    let id = LabelID(rawValue: UInt32(truncatingIfNeeded: labels.count))
    labels.append(label)
    ids[label] = id
    return id
  }

  /// The label of a number that this pool has given.
  @inline(__always)
  subscript(id: LabelID) -> TaskLabel { labels[Int(id.rawValue)] }

  /// `nil` for ``LabelID/none``.
  func label(_ id: LabelID) -> TaskLabel? { id == .none ? nil : self[id] }
}
