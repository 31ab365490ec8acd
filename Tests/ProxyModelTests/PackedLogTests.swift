import Testing
import TraceCore

@testable import ProxyModel

/// Packed records against a plain array.
struct PackedLogTests {
  /// A record that says where it stood.
  private struct Record: BitwiseCopyable, Sendable, Equatable {
    var key: Int
    var place: Int
  }

  private static func filled(_ records: [Record]) -> PackedLog<Record> {
    var log = PackedLog<Record>(in: RowFile())
    for record in records { log.append(record) }
    return log
  }

  private static func all(_ log: borrowing PackedLog<Record>) -> [Record] { log.indices.map { log[$0] } }

  /// `disorder` is how far a key may stand from its place: little takes the short way, much the long one.
  @Test(arguments: [0, 1, 50, 100_000], [0, 1, 1023, 1024, 1025, 5000])
  func sortsStably(disorder: Int, count: Int) {
    var random = SeededGenerator(seed: UInt64(disorder + count))
    let records = (0..<count).map { Record(key: ($0 + random.number(0...disorder)) / 3, place: $0) }
    var log = Self.filled(records)
    log.sort { $0.key < $1.key }
    #expect(Self.all(log) == records.sorted { ($0.key, $0.place) < ($1.key, $1.place) })
  }

  /// The same of records that come to their places one by one, and of those that are changed and left out afterwards.
  @Test(arguments: [0, 1, 50, 100_000], [0, 1, 1023, 1024, 1025, 5000])
  func addsInOrder(disorder: Int, count: Int) {
    struct OrderedRecord: RowInOrder, Equatable {
      var key: Int
      var place: Int
      func comes(before other: Self) -> Bool { key < other.key }
    }
    var random = SeededGenerator(seed: UInt64(disorder + count))
    let records = (0..<count).map { OrderedRecord(key: ($0 + random.number(0...disorder)) / 3, place: $0) }
    let sorted = records.sorted { ($0.key, $0.place) < ($1.key, $1.place) }
    var log = PackedLog<OrderedRecord>(in: RowFile())
    for record in records { log.add(record) }
    log.bringInOrder()
    #expect(log.indices.map { log[$0] } == sorted)
    log.keepInOrder { record in
      record.key = -record.key
      return record.place % 2 == 0
    }
    let kept = sorted.filter { $0.place % 2 == 0 }.map { OrderedRecord(key: -$0.key, place: $0.place) }
    #expect(log.indices.map { log[$0] } == kept.sorted { ($0.key, $0.place) < ($1.key, $1.place) })
  }

  @Test(arguments: [0, 1, 1024, 3000])
  func keepsWhatItIsToldTo(count: Int) {
    let records = (0..<count).map { Record(key: $0 % 7, place: $0) }
    var log = Self.filled(records)
    log.keep { record in
      record.key += 1
      return record.key > 3
    }
    #expect(Self.all(log) == records.filter { $0.key > 2 }.map { Record(key: $0.key + 1, place: $0.place) })
    log.append(Record(key: -1, place: -1))
    #expect(Self.all(log).last == Record(key: -1, place: -1))
    log.truncate(to: 0)
    #expect(Self.all(log) == [])
    log.append(Record(key: 5, place: 0))
    let taken = log.take()
    #expect(Self.all(log) == [] && Self.all(taken) == [Record(key: 5, place: 0)])
  }

  @Test func aLabelIsKeptOnce() {
    var pool = LabelPool(in: RowFile())
    let one = TaskLabel(index: TaskIndex(rawValue: 0), pid: 7, comm: "one", priority: Priority(120))
    var boosted = one
    boosted.priority = Priority(49)
    let ids = [pool.id(one), pool.id(boosted), pool.id(one)]
    #expect(ids[0] == ids[2] && ids[0] != ids[1])
    let (second, none) = (pool[ids[1]], pool.label(.none))
    #expect(second == boosted && none == nil)
  }
}
