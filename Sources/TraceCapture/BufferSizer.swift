/// How large the buffers are to be: so that the busiest CPU fills a quarter of its buffer between two visits.
struct BufferSizer {
  /// KB for each CPU, before the rate is known.
  static let firstSize = 4096
  /// KB for each CPU.
  private(set) var size: Int
  private let largest: Int
  private let isFixed: Bool

  /// - Parameters:
  ///   - fixed: KB for each CPU that the user wants; `nil` = by the rate.
  ///   - memory: The machine's, in KB.
  init(fixed: Int?, cpus: Int, memory: Int) {
    isFixed = fixed != nil
    // An eighth of the memory for all CPUs together.
    largest = max(Self.smallest, memory / 8 / max(cpus, 1))
    size = fixed ?? min(Self.firstSize, largest)
  }

  private static let smallest = 256

  /// - Parameters:
  ///   - bytes: What the busiest CPU has written since the last visit.
  /// - Returns: The new size in KB, where it is to change.
  mutating func see(bytes: Int) -> Int? { grow(whenBelow: bytes / 1024 * 4) }

  /// A flight recorder: grows until it holds the time that is to be kept.
  /// - Parameters:
  ///   - kept: Seconds that the buffer of the busiest CPU goes back, which is full.
  mutating func see(kept: Double, wanted: Double) -> Int? {
    guard kept < wanted else { return nil }
    return grow(whenBelow: size + 1)
  }

  private mutating func grow(whenBelow wanted: Int) -> Int? {
    guard !isFixed, size < wanted, size < largest else { return nil }
    while size < wanted, size < largest { size = min(size * 2, largest) }
    return size
  }
}
