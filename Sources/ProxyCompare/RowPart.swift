import ProxyModel

/// A part of a row's duration, called as its column in the tables.
enum RowPart: Sendable, Hashable {
  /// Of a wait: its time of a class.
  case waiting(WaitClass)
  /// Of a release: to `sched_waking`, from there to `sched_wakeup`, to the switch to the new owner, to `contention_end`.
  case wake, queue, run, acquire
  /// Of a donation to a sched_ext scheduler: to the first `ops.enqueue()`, from there to the owner's CPU, to `ops.running()`, to the
  /// switch to the owner.
  case admit, place, pick, start

  static let releaseParts: [RowPart] = [.wake, .queue, .run, .acquire]
  static let donationParts: [RowPart] = [.admit, .place, .pick, .start]

  /// The column's name: `inverted_ns`.
  var name: String {
    switch self {
    case .waiting(let kind): kind.name + "_ns"
    default: "\(self)_ns"
    }
  }

  func of(_ row: HandoffRow) -> Int64? {
    switch self {
    case .waiting: nil
    case .wake: row.release(\.wake)
    case .queue: row.release(\.queue)
    case .run: row.release(\.run)
    case .acquire: row.release(\.acquire)
    case .admit: row.admit
    case .place: row.place
    case .pick: row.pick
    case .start: row.start
    }
  }

  func of(_ row: WaitRow) -> Int64? { if case .waiting(let kind) = self { row.times[kind] } else { nil } }
}
