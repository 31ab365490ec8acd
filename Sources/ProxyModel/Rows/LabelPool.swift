import TraceCore

/// A ``TaskLabel`` of a ``LabelPool``; ``none`` for no task.
struct LabelID: Hashable, Sendable, BitwiseCopyable {
  var rawValue: UInt32

  static let none = LabelID(rawValue: .max)
}

/// Tasks as they were at different moments: rows name them by number.
struct LabelPool: ~Copyable, Sendable {
  /// Of a task the numbers that were given last, the later one first. A name or a priority that comes and goes gets no third
  /// number; one that comes back later may, which costs 32 bytes.
  ///
  /// Not private: the debug build of this compiler cannot have that of what a log holds.
  struct Latest: BitwiseCopyable, Sendable {
    var first = LabelID.none
    var second = LabelID.none
  }

  /// By task.
  private var latest: PackedLog<Latest>
  private var labels: PackedLog<TaskLabel>

  init(in file: RowFile) {
    latest = PackedLog(in: file)
    labels = PackedLog(in: file)
  }

  /// The number of a label; given at first sight.
  mutating func id(_ label: TaskLabel) -> LabelID {
    let task = Int(label.index.rawValue)
    while latest.count <= task { latest.append(Latest()) }
    let known = latest[task]
    if known.first != .none, labels[Int(known.first.rawValue)] == label { return known.first }
    if known.second != .none, labels[Int(known.second.rawValue)] == label {
      latest[task] = Latest(first: known.second, second: known.first)
      return known.second
    }
    let id = LabelID(rawValue: UInt32(truncatingIfNeeded: labels.count))
    labels.append(label)
    latest[task] = Latest(first: id, second: known.first)
    return id
  }

  /// The label of a number that this pool has given.
  @inline(__always)
  subscript(id: LabelID) -> TaskLabel { labels[Int(id.rawValue)] }

  /// `nil` for ``LabelID/none``.
  func label(_ id: LabelID) -> TaskLabel? { id == .none ? nil : self[id] }
}
