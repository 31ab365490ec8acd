/// Samples of a side, each made when it is asked for: a capture can have millions of rows.
public struct Samples: Sendable {
  /// Rows of one capture.
  private struct Part: Sendable {
    /// The place of its first sample among all.
    let begin: Int
    let count: Int
    /// The rows that are samples; `nil` where all are.
    let rows: [UInt32]?
    let value: @Sendable (_ row: Int) -> Int64
    let sample: @Sendable (_ row: Int) -> Sample

    func row(_ position: Int) -> Int { rows.map { Int($0[position - begin]) } ?? position - begin }
  }

  private var parts: [Part] = []
  /// How many there are.
  public private(set) var count = 0

  /// No samples.
  public init() {}

  /// Adds rows of another capture.
  /// - Parameters:
  ///   - rows: Indices of the rows that are samples.
  ///   - value: The duration of a row.
  ///   - sample: All of it.
  mutating func append(
    _ rows: [UInt32], _ value: @escaping @Sendable (Int) -> Int64, _ sample: @escaping @Sendable (Int) -> Sample
  ) {
    parts.append(Part(begin: count, count: rows.count, rows: rows, value: value, sample: sample))
    count += rows.count
  }

  /// The same for all of so many rows.
  mutating func append(
    count: Int, _ value: @escaping @Sendable (Int) -> Int64, _ sample: @escaping @Sendable (Int) -> Sample
  ) {
    parts.append(Part(begin: self.count, count: count, rows: nil, value: value, sample: sample))
    self.count += count
  }

  /// The durations, in order of the samples: far cheaper than by way of these.
  public var values: [Int64] {
    var values: [Int64] = []
    values.reserveCapacity(count)
    for part in parts {
      for position in part.begin..<part.begin + part.count { values.append(part.value(part.row(position))) }
    }
    return values
  }

  /// Those that are wanted.
  func chosen(_ isWanted: (Sample) -> Bool) -> Samples {
    var chosen = Samples()
    for part in parts {
      let rows = (part.begin..<part.begin + part.count).map(part.row).filter { isWanted(part.sample($0)) }
      chosen.append(rows.map { UInt32($0) }, part.value, part.sample)
    }
    return chosen
  }
}

extension Samples: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// ``count``.
  public var endIndex: Int { count }
  /// The sample at a position.
  public subscript(position: Int) -> Sample {
    precondition(position >= 0 && position < count, "no such sample")
    let part = parts.last { $0.begin <= position && $0.count > 0 }
    guard let part else { preconditionFailure("no such sample") }
    return part.sample(part.row(position))
  }
}
