/// Tasks, as bits: they are numbered from 0, there are few, and the same ones come and go all the time.
package struct TaskSet: Sendable {
  private var words: [UInt64] = []
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  package func contains(_ task: TaskIndex) -> Bool {
    let (word, bit) = Self.place(of: task)
    return word < words.count && words[word] & bit != 0
  }

  package mutating func insert(_ task: TaskIndex) {
    let (word, bit) = Self.place(of: task)
    while words.count <= word { words.append(0) }
    if words[word] & bit == 0 { count += 1 }
    words[word] |= bit
  }

  package mutating func remove(_ task: TaskIndex) {
    guard contains(task) else { return }
    let (word, bit) = Self.place(of: task)
    words[word] &= ~bit
    count -= 1
  }

  package mutating func removeAll() {
    words.removeAll(keepingCapacity: true)
    count = 0
  }

  private static func place(of task: TaskIndex) -> (word: Int, bit: UInt64) {
    (Int(task.rawValue / 64), 1 << UInt64(task.rawValue % 64))
  }
}
