public import ProxyModel
public import TraceCore

/// How well the splits agree with what the probes saw, in time.
public struct SplitScore: Sendable {
  /// Nanoseconds that the probes call proxied.
  public var seen: Int64 = 0
  /// What the model says, by how it is known.
  public var byEvidence: [Evidence: Claims] = [:]

  /// What is said by one rule, and how much of it the probes say too, in nanoseconds.
  public struct Claims: Sendable {
    /// That the model calls proxied.
    public var said: Int64 = 0
    /// In which both say that the same curr is proxied.
    public var proxied: Int64 = 0
    /// In which both name the same donor too.
    public var agreed: Int64 = 0
    /// In which the probes name the donor, or one of those that the row lists beside it.
    public var listed: Int64 = 0

    public init() {}

    static func += (a: inout Claims, b: Claims) {
      a.said += b.said
      a.proxied += b.proxied
      a.agreed += b.agreed
      a.listed += b.listed
    }
  }

  public init() {}

  /// Compares a timeline's splits with the probes of the events it was made of.
  ///
  /// - Parameter wholeStints: take the switch probe alone, and let its donor last until the next switch. It does not: a
  ///   donor that returns to its CPU, or another choice, changes `rq->donor` while curr stays, as the set_next probes show.
  public init(_ timeline: Timeline, events: some Sequence<SchedEvent>, wholeStints: Bool = false) {
    self.init(timeline, Self.reference(events, wholeStints: wholeStints))
  }

  /// Compares a timeline's splits with what the capture tells without any model.
  init(_ timeline: Timeline, _ reference: SplitReference) {
    seen = reference.pieces.values.joined().reduce(0) { $0 + ($1.end - $1.begin) }
    for (cpu, splits) in Dictionary(grouping: timeline.splits, by: \.cpu) {
      for (evidence, splits) in Dictionary(grouping: splits, by: \.evidence) {
        var claims = Self.claims(splits, reference.pieces[cpu] ?? [])
        claims.said -= Self.overlap(splits, reference.doubtful[cpu] ?? [])
        byEvidence[evidence, default: Claims()] += claims
      }
    }
  }

  /// The splits as the probes tell them: the exit probe, where the capture has it, else the older ones.
  private static func reference(
    _ events: some Sequence<SchedEvent>, wholeStints: Bool
  ) -> SplitReference {
    var (older, exits) = (ProbedSplits(wholeStints: wholeStints), ExitSplits())
    for event in events {
      older.apply(event)
      exits.apply(event)
    }
    if exits.hasProbe { return SplitReference(pieces: exits.finished()) }
    return SplitReference(pieces: older.pieces, doubtful: older.doubtful)
  }

  /// Both lists are in order of time and without overlaps.
  private static func claims(_ splits: [SplitRow], _ pieces: [ProbedSplits.Piece]) -> Claims {
    var sum = Claims()
    var first = 0
    for split in splits {
      sum.said += split.end - split.begin
      while first < pieces.count, pieces[first].end <= split.begin { first += 1 }
      var next = first
      while next < pieces.count, pieces[next].begin < split.end {
        let piece = pieces[next]
        if piece.curr == split.curr.pid {
          let both = min(piece.end, split.end) - max(piece.begin, split.begin)
          sum.proxied += both
          if piece.donor == split.donor.pid { sum.agreed += both }
          let isListed = split.otherDonors.contains { $0.pid == piece.donor }
          if piece.donor == split.donor.pid || isListed { sum.listed += both }
        }
        next += 1
      }
    }
    return sum
  }

  /// In how much of the splits nothing is compared. Both lists are in order of time and without overlaps.
  private static func overlap(_ splits: [SplitRow], _ ranges: [Range<Timestamp>]) -> Int64 {
    var sum: Int64 = 0
    var first = 0
    for split in splits {
      while first < ranges.count, ranges[first].upperBound <= split.begin { first += 1 }
      for range in ranges[first...].prefix(while: { $0.lowerBound < split.end }) {
        sum += max(0, min(range.upperBound, split.end) - max(range.lowerBound, split.begin))
      }
    }
    return sum
  }

  /// By all rules together.
  private var all: Claims { byEvidence.values.reduce(into: Claims()) { $0 += $1 } }
  public var said: Int64 { all.said }
  public var proxied: Int64 { all.proxied }
  public var agreed: Int64 { all.agreed }
  /// Of whose account curr runs on.
  public var precision: Double { said == 0 ? 1 : Double(agreed) / Double(said) }
  public var recall: Double { seen == 0 ? 1 : Double(agreed) / Double(seen) }

  public static func += (a: inout SplitScore, b: SplitScore) {
    a.seen += b.seen
    for (evidence, claims) in b.byEvidence { a.byEvidence[evidence, default: Claims()] += claims }
  }
}

/// The curr/donor split as the probes alone tell it, without any model.
struct ProbedSplits {
  /// A choice of curr itself, or of one that has lent it the CPU before, that is older than this, in nanoseconds, when the CPU
  /// switches or chooses again, led to no switch: picking takes 92 µs, if the hypervisor does not stop it.
  private static let longestPick: Int64 = 200_000

  struct Piece {
    var begin, end: Timestamp
    var curr, donor: Pid
  }

  private struct Running {
    var since: Timestamp
    var curr: Pid
    /// `nil` = on its own account.
    var donor: Pid? { didSet { if let donor { lenders.insert(donor) } } }
    /// Who has lent it the CPU since it was switched in.
    private(set) var lenders: Set<Pid> = []
  }

  let wholeStints: Bool
  private(set) var pieces: [CPU: [Piece]] = [:]
  /// From a choice to the next one, or to a switch, the scheduler may be at work all the time: these probes do not tell when it is done.
  private(set) var doubtful: [CPU: [Range<Timestamp>]] = [:]
  private var running: [CPU: Running] = [:]
  /// The last choice of a set_next probe that no switch has followed.
  private var choices: [CPU: (pid: Pid, time: Timestamp)] = [:]

  init(wholeStints: Bool) { self.wholeStints = wholeStints }

  mutating func apply(_ event: SchedEvent) {
    if let choice = choices[event.cpu], event.timestamp - choice.time > Self.longestPick,
      choice.pid == running[event.cpu]?.curr || running[event.cpu]?.lenders.contains(choice.pid) == true
    {
      settleChoice(event.cpu)
    }
    switch event.body {
    case .switched(let record):
      doubtChoice(event)
      close(event.cpu, at: event.timestamp)
      running[event.cpu] = Running(since: event.timestamp, curr: record.next.pid)
      choices[event.cpu] = nil
    case .probedSetNext(let pid, _):
      doubtChoice(event)
      choices[event.cpu] = (pid, event.timestamp)
    case .probedSwitch(let probe) where running[event.cpu]?.curr == probe.next:
      running[event.cpu]?.donor = probe.farthestDonor
    default: settleChoice(event.cpu)
    }
  }

  private mutating func doubtChoice(_ event: SchedEvent) {
    guard !wholeStints, let choice = choices[event.cpu], choice.time < event.timestamp else { return }
    doubtful[event.cpu, default: []].append(choice.time..<event.timestamp)
    close(event.cpu, at: choice.time)
    running[event.cpu]?.since = event.timestamp
  }

  /// No switch comes of a choice: curr stayed, and runs for the chosen task from then on.
  private mutating func settleChoice(_ cpu: CPU) {
    guard let (pid, time) = choices.removeValue(forKey: cpu), !wholeStints, var now = running[cpu], now.curr != 0 else {
      return
    }
    let donor = pid == now.curr ? nil : pid
    if donor == now.donor { return }
    close(cpu, at: time)
    now.since = time
    now.donor = donor
    running[cpu] = now
  }

  private mutating func close(_ cpu: CPU, at time: Timestamp) {
    guard let now = running[cpu], let donor = now.donor, time > now.since else { return }
    pieces[cpu, default: []].append(Piece(begin: now.since, end: time, curr: now.curr, donor: donor))
  }
}
