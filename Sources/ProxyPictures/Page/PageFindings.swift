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
    for (place, finding) in report.findings.prefix(200).enumerated() {
      guard subjects.count < most * 3 / 4 else { break }
      guard let window = PictureWindow(of: finding, rank: place + 1, in: timeline) else { continue }
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
}
