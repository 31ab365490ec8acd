import Glibc
import TraceCore

/// An array that cannot be copied.
///
/// State that every event changes lives in these: an `Array` asks before each change whether somebody shares its memory,
/// which costs as much as the change. Indices are checked all the same.
struct FlatArray<Element>: ~Copyable {
  /// `capacity` elements, of which the first `count` are initialised. Nobody else has the pointer, and it is freed with the
  /// array.
  private var memory: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init() {
    capacity = 16
    memory = Self.allocate(capacity)
  }

  deinit {
    memory.deinitialize(count: count)
    Self.free(memory, capacity)
  }

  /// For loops that have checked their indices: valid until the array grows.
  var base: UnsafeMutablePointer<Element> {
    @inline(__always) get { memory }
  }

  var isEmpty: Bool { count == 0 }
  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Element {
    @inline(__always) _read {
      precondition(index >= 0 && index < count, "index out of range")
      yield memory[index]
    }
    @inline(__always) _modify {
      precondition(index >= 0 && index < count, "index out of range")
      yield &memory[index]
    }
  }

  @inline(__always)
  mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    (memory + count).initialize(to: element)
    count += 1
  }

  /// Takes the last element out.
  @discardableResult
  mutating func removeLast() -> Element {
    precondition(count > 0, "nothing to remove")
    count -= 1
    return (memory + count).move()
  }

  @inline(__always)
  mutating func removeAll() {
    memory.deinitialize(count: count)
    count = 0
  }

  mutating func swapAt(_ first: Int, _ second: Int) {
    precondition(first >= 0 && first < count && second >= 0 && second < count, "index out of range")
    if first == second { return }
    let element = (memory + first).move()
    (memory + first).moveInitialize(from: memory + second, count: 1)
    (memory + second).initialize(to: element)
  }

  @inline(never)
  private mutating func grow() {
    let larger = Self.allocate(capacity * 2)
    larger.moveInitialize(from: memory, count: count)
    Self.free(memory, capacity)
    memory = larger
    capacity *= 2
  }

  /// From here on memory comes from the kernel, and goes back to it: the heap keeps the holes that an array leaves when it
  /// moves. In bytes.
  private static var large: Int { 128 << 10 }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
    let size = capacity * MemoryLayout<Element>.stride
    if size < large { return .allocateLines(capacity: capacity) }
    let place = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let place, place != MAP_FAILED else { fatalError("no memory for an array, \(size) bytes") }
    return place.bindMemory(to: Element.self, capacity: capacity)
  }

  private static func free(_ memory: UnsafeMutablePointer<Element>, _ capacity: Int) {
    let size = capacity * MemoryLayout<Element>.stride
    if size < large { memory.deallocate() } else { munmap(memory, size) }
  }
}

extension FlatArray where Element: Equatable {
  @inline(__always)
  func contains(_ element: Element) -> Bool {
    for index in indices where self[index] == element { return true }
    return false
  }
}
