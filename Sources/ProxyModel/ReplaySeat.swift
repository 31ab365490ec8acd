import TraceCore

/// A place for a replay, which may be empty.
///
/// The replay stays where it is: an optional that cannot be copied is moved out and back whenever something is called through
/// it, which for the kilobyte of a replay costs more than most of its steps.
struct ReplaySeat: ~Copyable {
  /// Allocated once; initialised as long as ``isTaken``. Owned here alone, freed with this.
  private let memory = UnsafeMutablePointer<Replay>.allocateLines(capacity: 1)
  private(set) var isTaken = true

  init(_ replay: consuming Replay) { memory.initialize(to: replay) }

  deinit {
    if isTaken { memory.deinitialize(count: 1) }
    memory.deallocate()
  }

  /// The replay, `nil` if there is none any more. Not to be kept.
  @inline(__always)
  var replay: UnsafeMutablePointer<Replay>? { isTaken ? memory : nil }

  /// Takes the replay out.
  mutating func take() -> Replay? {
    guard isTaken else { return nil }
    isTaken = false
    return memory.move()
  }

  mutating func drop() { _ = take() }
}
