import ProxyModel
import TraceCore

/// How rows of one capture become samples.
struct RowReading: Sendable {
  /// The duration of a row.
  var value: @Sendable (_ row: Int) -> Int64
  /// All of it.
  var sample: @Sendable (_ row: Int) -> Sample
  /// A part of the row's duration; `nil` where it does not have that part.
  var part: @Sendable (_ row: Int, RowPart) -> Int64? = { _, _ in nil }
  /// The kind of the row's lock; `nil` where it is not asked for. Far cheaper than by way of the sample.
  var kind: @Sendable (_ row: Int) -> WaitKind? = { _ in nil }
  /// How the parts are known.
  var partEvidence: @Sendable (_ row: Int) -> Evidence = { _ in .unknown }
  /// Somebody has passed so many rows.
  var passed: @Sendable (_ rows: Int) -> Void = { _ in }

  /// The same rows with the length of a part.
  func of(_ wanted: RowPart) -> RowReading {
    var reading = self
    reading.value = { [part] in part($0, wanted) ?? 0 }
    reading.sample = { [sample, part, partEvidence] row in
      var one = sample(row)
      (one.value, one.evidence) = (part(row, wanted) ?? 0, partEvidence(row))
      return one
    }
    return reading
  }
}

/// Samples of a side, each made when it is asked for: a capture can have millions of rows.
public struct Samples: Sendable {
  /// Rows of one capture.
  private struct Part: Sendable {
    /// The place of its first sample among all.
    let begin: Int
    let count: Int
    /// The rows that are samples; `nil` where all are.
    let rows: RowSet?
    let reading: RowReading

    func row(_ position: Int) -> Int { rows.map { $0[position - begin] } ?? position - begin }

    func forEachRow(_ body: (Int) -> Void) {
      guard let rows else { return (0..<count).forEach(body) }
      var (former, passed) = (0, 0)
      rows.forEachRow { row in
        body(row)
        // Farther away than this are other pages, with their neighbours.
        passed += Swift.min(row - former, 768)
        former = row
        if passed >= 1024 {
          reading.passed(passed)
          passed = 0
        }
      }
    }
  }

  private var parts: [Part] = []
  /// How many there are.
  public private(set) var count = 0

  /// No samples.
  public init() {}

  /// Adds rows of another capture.
  /// - Parameters:
  ///   - rows: Indices of the rows that are samples.
  ///   - reading: How a row becomes one.
  mutating func append(_ rows: RowSet, _ reading: RowReading) {
    parts.append(Part(begin: count, count: rows.count, rows: rows, reading: reading))
    count += rows.count
  }

  /// The same for all of so many rows.
  mutating func append(count: Int, _ reading: RowReading) {
    parts.append(Part(begin: self.count, count: count, rows: nil, reading: reading))
    self.count += count
  }

  /// The durations, in order of the samples: far cheaper than by way of these.
  public var values: [Int64] {
    var values: [Int64] = []
    values.reserveCapacity(count)
    for part in parts { part.forEachRow { values.append(part.reading.value($0)) } }
    return values
  }

  /// Those that are wanted.
  func chosen(_ isWanted: (Sample) -> Bool) -> Samples { rows { reading, row in isWanted(reading.sample(row)) } }

  /// Those of a kind of lock.
  func ofKind(_ kind: WaitKind) -> Samples { rows { reading, row in reading.kind(row) == kind } }

  /// A part of each row instead of its whole duration. Rows that do not have the part are left out.
  func measured(_ wanted: RowPart) -> Samples {
    rows({ reading, row in reading.part(row, wanted) != nil }, read: { $0.of(wanted) })
  }

  /// Those of some rows, by the place of their capture and of themselves in it.
  func rows(where isWanted: (_ capture: Int, _ row: Int) -> Bool) -> Samples {
    var chosen = Samples()
    for (capture, part) in parts.enumerated() {
      var rows = RowSet()
      part.forEachRow { if isWanted(capture, $0) { rows.append($0) } }
      chosen.append(rows, part.reading)
    }
    return chosen
  }

  /// Some of the rows.
  /// - Parameter read: How they become samples, made of how they did.
  private func rows(
    _ isWanted: (RowReading, Int) -> Bool, read: (RowReading) -> RowReading = { $0 }
  ) -> Samples {
    var chosen = Samples()
    for part in parts {
      var rows = RowSet()
      part.forEachRow { if isWanted(part.reading, $0) { rows.append($0) } }
      chosen.append(rows, read(part.reading))
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
    return part.reading.sample(part.row(position))
  }
}
