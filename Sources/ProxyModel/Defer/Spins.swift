import TraceCore

/// What was seen when a waiter began to spin.
struct Spin {
  var since: Timestamp
  /// Tasks that ran on the other CPUs then, without idle tasks.
  var others: [TaskIndex] = []
  /// Every other CPU's curr was known.
  var sawAll: Bool
  /// The lock's owner at that time had been seen to acquire it.
  var wasWatched = false
  /// It went on for so long, or until the lock was acquired, that the owner must have been running.
  var isReal = false
  /// The first attempt succeeded.
  var wasShort = false
}

/// A spin's number in ``Spins``.
struct SpinID: Hashable, BitwiseCopyable {
  fileprivate var place: Int32
}

/// The spins of which something is open. They keep their memory for the next ones.
struct Spins: ~Copyable {
  private var all = FlatArray<Spin>()
  private var free: [SpinID] = []

  subscript(spin: SpinID) -> Spin {
    @inline(__always) _read { yield all[Int(spin.place)] }
    @inline(__always) _modify { yield &all[Int(spin.place)] }
  }

  mutating func begin(at time: Timestamp, sawAll: Bool) -> SpinID {
    guard let spin = free.popLast() else {
      all.append(Spin(since: time, sawAll: sawAll))
      return SpinID(place: Int32(all.count - 1))
    }
    while !self[spin].others.isEmpty { self[spin].others.removeLast() }
    (self[spin].since, self[spin].sawAll) = (time, sawAll)
    (self[spin].wasWatched, self[spin].isReal, self[spin].wasShort) = (false, false, false)
    return spin
  }

  /// Nothing is to be known of it any more.
  mutating func end(_ spin: SpinID) { free.append(spin) }
}
