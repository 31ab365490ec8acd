import TraceCore

/// How owners fared that competed for the CPU on which their waiters were blocked, against what their own weight would have
/// given them and what their donors' would have. All in nanoseconds.
struct Contests {
  /// Nanoseconds of contest after which more of it tells no more.
  static let enough = 5e8

  /// Time in which an owner and others wanted that CPU.
  private(set) var contested: Double = 0
  /// How long the owner ran in it, how long it would have by its own weight, and by its donors'.
  private(set) var ran: Double = 0
  private(set) var expectedAlone: Double = 0
  private(set) var expectedProxied: Double = 0

  var isEnough: Bool { contested >= Self.enough }

  /// - Parameters:
  ///   - length: in nanoseconds.
  ///   - own: the owner's weight; `donors` and `others` likewise.
  mutating func add(_ length: Double, ownerRan: Bool, own: Double, donors: Double, others: Double) {
    contested += length
    if ownerRan { ran += length }
    expectedAlone += length * own / (own + others)
    expectedProxied += length * (own + donors) / (own + donors + others)
  }
}

extension Hypothesis {
  /// Adds the time since the last step to the contests between owners and others that went on in it.
  mutating func weighContests(until time: Timestamp, _ world: inout World, into contests: inout Contests) {
    let length = time - world.now
    guard length > 0, !contests.isEnough else { return }
    for index in world.waits.indices where world.waits[index].isMutex {
      let waiter = world.waits[index].waiter
      guard let cpu = residence(of: waiter, &world), !isDequeued(waiter, &world),
        case (.task(let owner), _) = walk(from: index, &world), !isDonorBefore(index, of: owner, on: cpu, &world)
      else { continue }
      weighContest(of: owner, on: cpu, Double(length), &world, into: &contests)
    }
  }

  /// Whether an earlier wait has had this owner on this CPU weighed already.
  private mutating func isDonorBefore(
    _ index: Int, of owner: TaskIndex, on cpu: CPU, _ world: inout World
  ) -> Bool {
    for earlier in 0..<index where isDonor(earlier, of: owner, on: cpu, &world) { return true }
    return false
  }

  private mutating func weighContest(
    of owner: TaskIndex, on cpu: CPU, _ length: Double, _ world: inout World, into contests: inout Contests
  ) {
    guard let curr = world.curr(on: Int(cpu)), world.place(of: owner) == .queued(cpu) || curr == owner else { return }
    var donors = 0.0
    for index in world.waits.indices where isDonor(index, of: owner, on: cpu, &world) {
      donors += Self.weight(world[world.waits[index].waiter].priority)
    }
    var others = curr == owner || world[curr].pid == 0 ? 0 : Self.weight(world[curr].priority)
    world.scheduling.forEachQueued(on: Int(cpu)) { task in
      if task != owner { others += Self.weight(world[task].priority) }
    }
    let own = Self.weight(world[owner].priority)
    guard others > 0, own > 0, donors > 0 else { return }
    contests.add(length, ownerRan: curr == owner, own: own, donors: donors, others: others)
  }

  private static func weight(_ priority: Priority?) -> Double { priority?.weight ?? 0 }
}
