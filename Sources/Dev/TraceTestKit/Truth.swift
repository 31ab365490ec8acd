public import TraceCore

/// What a capture's workload measured itself, with CLOCK_MONOTONIC around each lock call: `NAME.truth.csv` beside `NAME.dat`.
public struct Truth: Sendable {
  /// One line: a lock call (W: before the call to after it) or a hold (H: after the call to the unlock).
  public struct Row: Sendable, Hashable {
    public var name: String
    public var pid: Pid
    public var lock: LockAddress
    public var begin: Timestamp
    public var end: Timestamp

    public var length: Int64 { end - begin }

    /// Whether an interval lies inside the row.
    public func contains(_ begin: Timestamp, _ end: Timestamp) -> Bool { self.begin <= begin && end <= self.end }
  }

  public var waits: [Row] = []
  public var holds: [Row] = []

  /// Addresses of the workload's mutexes that occur in it.
  public var locks: Set<LockAddress> { Set(waits.map(\.lock)).union(holds.map(\.lock)) }

  /// Parses the CSV (`kind,name,tid,lock,addr,t0_ns,t1_ns`); a line that is none is an error, since a truth that is read
  /// wrongly would let tests pass.
  public init(csv: String) throws {
    for line in csv.split(whereSeparator: \.isNewline).dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 7, let pid = Pid(fields[2]), fields[4].hasPrefix("0x"),
        let address = UInt64(fields[4].dropFirst(2), radix: 16), let begin = UInt64(fields[5]),
        let end = UInt64(fields[6])
      else { throw BadLine(line: String(line)) }
      let row = Row(
        name: String(fields[1]), pid: pid, lock: LockAddress(address), begin: Timestamp(begin), end: Timestamp(end))
      switch fields[0] {
      case "W": waits.append(row)
      case "H": holds.append(row)
      default: throw BadLine(line: String(line))
      }
    }
  }

  public struct BadLine: Error { public var line: String }
}
