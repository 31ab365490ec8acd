import TraceCore

/// A drawing before it has a medium: lanes with bars over one axis of time, arrows between lanes. All text is for people, escaped as
/// for a terminal, and not yet for markup.
public struct Scene: Sendable {
  /// What the picture shows, in one line.
  public var title: String
  /// Further lines below it.
  public var facts: [String]
  var begin: Timestamp
  var end: Timestamp
  /// The stretch that the picture is about.
  var focus: Range<Timestamp>
  var groups: [Group] = []
  var arrows: [Arrow] = []
  /// Instants that are named above all lanes.
  var instants: [Instant] = []
  /// Styles that occur, for the legend.
  var legend: [BarStyle] = []
  /// How the picture's facts are known, for the legend.
  var evidences: [EvidenceMark] = []
  let text: PictureText

  struct Group: Sendable {
    var title: String
    var lanes: [Lane]
  }

  struct Lane: Sendable {
    var label: String
    var hover: String = ""
    var kind: Kind
    var bars: [Bar] = []

    enum Kind: Sendable {
      /// What the picture is about.
      case mark
      /// Where a wait went.
      case classes
      /// `rq->donor`, above the CPU's lane.
      case donor
      /// `rq->curr`.
      case curr
      case task
      case lock
    }
  }

  struct Bar: Sendable {
    var begin: Timestamp
    var end: Timestamp
    var style: BarStyle
    var label: String
    /// Lines for the pointer.
    var hover: [String]
    var evidence: Evidence?
  }

  struct Arrow: Sendable {
    var kind: Kind
    var from: Place
    var to: Place
    var label: String
    var hover: String

    /// A lane by its group and its index there.
    struct Place: Sendable {
      var group: Int
      var lane: Int
      var time: Timestamp
    }

    enum Kind: String, Sendable {
      /// From a waiter to who holds the lock.
      case blocked
      /// A move of a donor without an event.
      case silent
      /// A lock is handed on, or a task woken.
      case release
    }
  }

  struct Instant: Sendable {
    var time: Timestamp
    var label: String
  }
}

/// What a bar stands for; each has a colour, and a pattern where colours alone could be mistaken for each other.
enum BarStyle: String, Sendable, CaseIterable {
  // Where a wait goes: the classes.
  case own, handoff, unknown, proxied, running, inverted, preempted, delayed, waking, sleeping
  // What besides stands in lanes.
  case other, waiter, queued, blocked, off, hold, picked, lost, mixed, mark
}

/// How a fact is known, as a shape.
enum EvidenceMark: String, Sendable, CaseIterable {
  case probe, event, inferred, unknown

  init(_ evidence: Evidence) { self = EvidenceMark(rawValue: evidence.name) ?? .unknown }

  /// A shape that is told apart without colour.
  var glyph: String {
    switch self {
    case .probe: "■"
    case .event: "●"
    case .inferred: "◇"
    case .unknown: "?"
    }
  }
}
