public import ProxyAnalysis
import ProxyModel

/// What a page draws: the findings that have a wait, and the longest waits.
public struct PageSubjects: Sendable {
  /// A picture and the finding that it belongs to.
  struct Subject: Sendable {
    var window: PictureWindow
    /// Place among the report's findings; `nil` for a wait that is drawn since it is long.
    var finding: Int?
  }

  let subjects: [Subject]

  /// What is to be drawn, in the order of ``PictureEvents``.
  public var windows: [PictureWindow] { subjects.map(\.window) }

  /// - Parameters:
  ///   - report: The capture's.
  ///   - most: How many pictures at most.
  public init(_ report: Report, most: Int = 24) {
    let timeline = report.context.timeline
    var subjects: [Subject] = []
    var seen: Set<[Int]> = []
    for (place, finding) in report.findings.prefix(200).enumerated() {
      guard subjects.count < most * 3 / 4, let window = Self.window(finding, timeline) else { continue }
      guard seen.insert([window.wait, window.inversion ?? -1]).inserted else { continue }
      subjects.append(Subject(window: window, finding: place))
    }
    let drawn = Set(subjects.map(\.window.wait))
    var longest: [(place: Int, length: Int64)] = []
    for (place, wait) in timeline.waits.enumerated() where wait.kind == .mutex && !drawn.contains(place) {
      longest.append((place, wait.length))
      if longest.count > 4 * most {
        longest.sort { $0.length > $1.length }
        longest.removeSubrange(most...)
      }
    }
    longest.sort { ($0.length, $1.place) > ($1.length, $0.place) }
    for wait in longest.prefix(most - subjects.count) {
      subjects.append(Subject(window: PictureWindow(of: wait.place, in: timeline), finding: nil))
    }
    self.subjects = subjects
  }

  /// The picture of a finding's worst instance; `nil` where it is about no wait.
  private static func window(_ finding: Finding, _ timeline: Timeline) -> PictureWindow? {
    let mark =
      finding.worst.length > 0
      ? PictureWindow.Mark(begin: finding.worst.begin, length: finding.worst.length) : nil
    switch finding.worst.place {
    case .wait(let id) where timeline.waits.indices.contains(id - 1):
      return PictureWindow(of: id - 1, in: timeline)
    case .inversion(let id) where timeline.inversions.indices.contains(id - 1):
      return PictureWindow(of: timeline.inversions[id - 1].wait, marking: id - 1, in: timeline)
    case .handoff(let id) where timeline.handoffs.indices.contains(id - 1):
      return PictureWindow(of: timeline.handoffs[id - 1].wait, marking: nil, mark, in: timeline)
    default: return nil
    }
  }
}
