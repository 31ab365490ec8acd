import TraceCore

/// Chains that lead back to themselves, each with the waits of the tasks in the cycle.
///
/// Nobody in a cycle can acquire: each sleeps for a lock that another one has. The kernel gets out of it only where a wait fails, for a
/// signal or with `-EDEADLK` (`__mutex_lock_common()`, kernel/locking/mutex.c). So a cycle of whose waits the first to end
/// acquires its lock was none: one of its owners is not the owner.
struct CycleLog: ~Copyable, Sendable {
  // Not private: the debug build of this compiler cannot have that of what a log holds.
  struct Cycle: BitwiseCopyable, Sendable {
    /// Row of the chain.
    var chain: Int
    /// Where its waits are among all.
    var first: Int
    var count: Int
  }

  private var cycles: PackedLog<Cycle>
  /// Row numbers, as they were when the waits began.
  private var waits: PackedLog<UInt32>

  init(in file: RowFile) {
    cycles = PackedLog(in: file)
    waits = PackedLog(in: file)
  }

  /// Adds a chain, the last one of all so far.
  mutating func append(chain: Int, waits members: some Sequence<UInt32>) {
    let first = waits.count
    for wait in members { waits.append(wait) }
    cycles.append(Cycle(chain: chain, first: first, count: waits.count - first))
  }

  /// The row of a chain, the last one of all, is dropped.
  mutating func drop(chain: Int) {
    guard let last = cycles.indices.last, cycles[last].chain == chain else { return }
    waits.truncate(to: cycles[last].first)
    cycles.truncate(to: last)
  }

  /// Calls `body` with each chain whose cycle was none.
  func forEachRefuted(
    by rows: borrowing PackedLog<WaitRecord>, placed place: (Int) -> Int, _ body: (_ chain: Int) -> Void
  ) {
    for index in cycles.indices {
      cycles.passed(index)
      let cycle = cycles[index]
      var end = Timestamp(.max)
      var result = WaitResult.open
      for member in cycle.first..<cycle.first + cycle.count {
        let wait = rows[place(Int(waits[member]))]
        // One whose end is lost may have failed at any time since; of two at once the failure is what ended it.
        if wait.certainEnd < end || wait.certainEnd == end && wait.result != .acquired {
          (end, result) = (wait.certainEnd, wait.result)
        }
      }
      if result == .acquired { body(cycle.chain) }
    }
  }
}
