public import ProxyAnalysis
public import ProxyModel
public import TraceCore

/// A stretch of a capture that is drawn, and what of it.
public struct PictureWindow: Sendable {
  /// Where the picture begins.
  public var begin: Timestamp
  /// Where it ends.
  public var end: Timestamp
  /// Index into `Timeline.waits` of the wait that the picture is about.
  public var wait: Int
  /// Index into `Timeline.inversions` of the window that is marked.
  public var inversion: Int?
  /// The stretch that is marked; `nil` for the whole wait.
  public var mark: Mark?
  /// The finding that the picture is of, and its number in the report; `nil` for a picture of a wait.
  public private(set) var finding: (rank: Int, finding: Finding)?

  /// A stretch inside a wait.
  public struct Mark: Sendable, Hashable {
    /// When it begins.
    public var begin: Timestamp
    /// Its length in steps of the trace clock.
    public var length: Int64

    /// A stretch by its beginning and length.
    public init(begin: Timestamp, length: Int64) { (self.begin, self.length) = (begin, length) }
  }

  /// The picture of a wait: all of it, and a margin on both sides.
  /// - Parameters:
  ///   - wait: Index into `Timeline.waits`.
  ///   - inversion: Index into `Timeline.inversions` of a window of this wait to mark.
  ///   - mark: Another stretch to mark. Where what is marked is a small part of the wait, the picture shows its surroundings alone.
  ///   - timeline: The capture's.
  public init(of wait: Int, marking inversion: Int? = nil, _ mark: Mark? = nil, in timeline: Timeline) {
    (self.wait, self.inversion) = (wait, inversion)
    self.mark =
      mark ?? inversion.map { Mark(begin: timeline.inversions[$0].begin, length: timeline.inversions[$0].length) }
    let row = timeline.waits[wait]
    (begin, end) = (row.begin, row.begin + max(row.length, 1))
    if let mark = self.mark {
      // A quarter of the picture is enough to see what happened in it.
      let wanted = mark.length.multipliedReportingOverflow(by: 4)
      if !wanted.overflow, wanted.partialValue > 0, wanted.partialValue < row.length {
        let side = (wanted.partialValue - mark.length) / 2
        (begin, end) = (
          max(row.begin, mark.begin + -side), min(row.begin + row.length, mark.begin + mark.length + side)
        )
      }
    }
    let margin = max((end - begin) / 12, 1)
    begin = max(timeline.begin, begin + -margin)
    end = min(timeline.end, end + margin)
    if end <= begin { end = begin + 1 }
  }

  /// The picture of a finding: its worst instance is marked. `nil` where that is about no wait.
  /// - Parameters:
  ///   - finding: One of the capture's.
  ///   - rank: Its number in the report.
  ///   - timeline: The capture's.
  public init?(of finding: Finding, rank: Int, in timeline: Timeline) {
    let worst = finding.worst
    let mark = worst.length > 0 ? Mark(begin: worst.begin, length: worst.length) : nil
    switch worst.place {
    case .wait(let id) where timeline.waits.indices.contains(id - 1):
      self.init(of: id - 1, mark, in: timeline)
    case .inversion(let id) where timeline.inversions.indices.contains(id - 1):
      // Of the window the finding may have a part alone: where its donor was in one place.
      self.init(of: timeline.inversions[id - 1].wait, marking: id - 1, mark, in: timeline)
    case .handoff(let id) where timeline.handoffs.indices.contains(id - 1):
      self.init(of: timeline.handoffs[id - 1].wait, mark, in: timeline)
    default: return nil
    }
    self.finding = (rank, finding)
  }

  /// Length in steps of the trace clock, at least 1.
  var length: Int64 { max(end - begin, 1) }

  func overlaps(_ from: Timestamp, _ to: Timestamp) -> Bool { from < end && to > begin }
}
