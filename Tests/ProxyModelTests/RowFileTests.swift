import Testing
import TraceCore

@testable import ProxyModel

/// A log says the same whether its pieces are in memory or in a file.
struct RowFileTests {
  private struct Record: BitwiseCopyable, Sendable, Equatable {
    var key: UInt64
    var place: UInt64
    var more = InlineArray<6, UInt64>(repeating: 7)

    static func == (a: Record, b: Record) -> Bool { a.key == b.key && a.place == b.place && a.more[5] == b.more[5] }
  }

  /// More than stays in memory: 60,000 records of 64 bytes.
  /// - Returns: the same in an array.
  private static func fill(_ log: inout PackedLog<Record>, _ random: inout SeededGenerator, swaps: Int) -> [Record] {
    var model: [Record] = []
    for place in 0..<60_000 {
      let key = UInt64(place / 3 + (random.oneIn(max(1, 60_000 / max(1, swaps))) ? 40 : 0))
      model.append(Record(key: key, place: UInt64(place)))
      log.append(model[place])
      // What was begun is finished later, sometimes much later.
      let old = random.oneIn(500) ? random.number(0...place) : max(0, place - random.number(0...30))
      model[old].more[5] = UInt64(place)
      log[old].more[5] = UInt64(place)
    }
    return model
  }

  private func expect(_ log: borrowing PackedLog<Record>, _ model: [Record], _ what: Comment) {
    var differences = log.count == model.count ? 0 : 1
    for index in 0..<min(log.count, model.count) {
      log.passed(index)
      if log[index] != model[index] { differences += 1 }
    }
    #expect(differences == 0, what)
  }

  @Test(arguments: 0..<4 as Range<UInt64>) func saysWhatItWasTold(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let file = RowFile()
    var log = PackedLog<Record>(in: file)
    var model = Self.fill(&log, &random, swaps: seed == 3 ? 30_000 : 50)
    #expect(file.isBegun)
    expect(log, model, "filled")
    log.sort { $0.key < $1.key }
    model = model.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)
    expect(log, model, "sorted")
    let keep = { (record: inout Record) -> Bool in
      if record.place % 5 == 0 { record.more[5] = 1 }
      return record.place % 7 != 0
    }
    log.keep(keep)
    model = model.compactMap { record in
      var record = record
      return keep(&record) ? record : nil
    }
    expect(log, model, "kept")
    log.truncate(to: 30_001)
    model.removeLast(model.count - 30_001)
    for place in 0..<5000 {
      model.append(Record(key: 1, place: UInt64(place)))
      log.append(model[model.count - 1])
    }
    expect(log, model, "cut and continued")
    let taken = log.take()
    expect(taken, model, "taken")
    let isEmpty = log.isEmpty
    #expect(isEmpty)
  }

  /// The file's stretches serve again, and several logs share it.
  @Test func logsKeepOutOfEachOther() {
    var random = SeededGenerator(seed: 9)
    let file = RowFile()
    for _ in 0..<3 {
      var first = PackedLog<Record>(in: file)
      var second = PackedLog<Record>(in: file)
      let firstModel = Self.fill(&first, &random, swaps: 10)
      var small = PackedLog<UInt32>(in: file)
      for place in 0..<20_000 { small.append(UInt32(place)) }
      let secondModel = Self.fill(&second, &random, swaps: 10)
      expect(first, firstModel, "first")
      expect(second, secondModel, "second")
      var differences = 0
      for index in small.indices where small[index] != UInt32(index) { differences += 1 }
      #expect(differences == 0)
    }
  }

  /// A task's looks may come and go: the number always stands for the label that it was given for.
  @Test func labelsStandForWhatTheyWereGivenFor() {
    var random = SeededGenerator(seed: 4)
    var pool = LabelPool(in: RowFile())
    var given: [(LabelID, TaskLabel)] = []
    for _ in 0..<5000 {
      let task = UInt32(random.number(0...40))
      let label = TaskLabel(
        index: TaskIndex(rawValue: task), pid: Pid(task), comm: random.element(["a", "b", ""]),
        priority: random.oneIn(3) ? nil : Priority(Int32(random.number(119...121))))
      given.append((pool.id(label), label))
      if let last = given.last { #expect(pool.id(label) == last.0) }
    }
    var differences = 0
    for (id, label) in given where pool[id] != label { differences += 1 }
    #expect(differences == 0)
    #expect(pool.label(.none) == nil)
  }
}
