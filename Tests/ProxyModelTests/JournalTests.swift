import Testing
import TraceCore
import TraceTestKit

@testable import ProxyModel

struct JournalTests {
  /// An entry that tells its position.
  private func entry(_ position: Int) -> JournalEntry {
    JournalEntry(time: Timestamp(UInt64(position)), cpu: 0, step: .unqueued(TaskIndex(rawValue: 0)))
  }

  /// Fills and empties it by turns, a few entries or thousands at a time: it grows, goes round and shrinks.
  @Test(arguments: 0..<UInt64(8)) func holdsWhatHasNotLeft(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var journal = Journal()
    var (first, end) = (0, 0)
    for _ in 0..<400 {
      for _ in 0..<Int.random(in: 0...[3, 300, 9000].randomElement(using: &random)!, using: &random) {
        #expect(journal.end == end)
        journal.append(entry(end))
        end += 1
      }
      #expect((journal.first, journal.count, journal.isEmpty) == (first, end - first, first == end))
      // One is changed where it is; those that have left, and those that are still to come, are not there.
      if first < end {
        let place = Int.random(in: first..<end, using: &random)
        journal.setOwner(.noRelease, since: Timestamp(UInt64(place)), at: place)
        journal.setOwner(.unknown, at: first - 1)
        journal.setOwner(.unknown, at: end)
      }
      let leaving = Bool.random(using: &random) ? end - first : Int.random(in: 0...(end - first), using: &random)
      for _ in 0..<leaving {
        guard let head = journal.firstEntry?.pointee else {
          Issue.record("nothing is there at \(first)")
          return
        }
        #expect(head.time == Timestamp(UInt64(first)))
        if head.owner == .noRelease { #expect(head.ownerSince == head.time) }
        journal.removeFirst()
        first += 1
      }
    }
    #expect(first > 100_000)
  }
}
