import TraceCore

/// A stretch in which nobody waits for a lock: most of most captures.
///
/// Without a wait there is no chain, no class, no donor: all that matters, when the next wait begins, is who is where. So the
/// calm loop (``CalmLoop``) steps the places of tasks directly, and the hypotheses hear nothing.
struct CalmPeriod: ~Copyable {
  fileprivate(set) var isOn = false
  /// How many there were.
  fileprivate(set) var count: UInt32 = 0
  var lookups = CalmLookups()
}

extension ProxyMachine {
  /// How many calm periods there were.
  package var calmPeriodCount: Int { Int(calm.count) }

  /// How many switches there were, while somebody waited, that no wait had anything to do with.
  package var bystanderSwitchCount: Int {
    mutating get {
      second.catchUp()
      return second.upToDate.pointee.switchesBeside
    }
  }

  /// The calm loop makes no rows, and the hypotheses do not hear of what it follows.
  private var followsCalm: Bool {
    @inline(__always) get { options.takesShortWays && options.rows.isDisjoint(with: .everyStep) }
  }

  /// Begins a calm period where nothing is open.
  @inline(__always)
  mutating func beginCalmPeriod() {
    if calm.isOn || waits.hasOpen || !followsCalm { return }
    // The calm loop steps the world itself, which is behind.
    if second.isBehind { return longWay.spare(events: 1) }
    beginCalmPeriodIfPossible()
  }

  @inline(never)
  private mutating func beginCalmPeriodIfPossible() {
    // That a gap ends meanwhile matters to nothing before the next event about a lock, which goes the long way.
    guard deferred.followUps.expectsNothing, waits.aboutToBlock.isEmpty,
      second.upToDate.pointee.isCalm
    else { return }
    calm.isOn = true
    calm.count &+= 1
    second.upToDate.pointee.beginCalmPeriod()
  }

  @inline(never)
  mutating func endCalmPeriod() {
    calm.isOn = false
    second.upToDate.pointee.endCalmPeriod()
  }
}

extension Step {
  /// Whether a calm period goes on through it: the scheduler's steps, of which the world keeps track either way.
  var keepsCalm: Bool {
    switch self {
    case .switched, .waking, .wakeup, .migrated, .described, .dead: true
    default: false
    }
  }
}
