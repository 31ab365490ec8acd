public import ProxyModel
import ProxyTraceKit
public import TraceCore

/// A capture's events, read once for many runs of the model.
public struct CaptureEvents: Sendable {
  public var events: [SchedEvent] { recorded.events }
  private var recorded: RecordedEvents

  public init(path: String) throws(TraceError) {
    var options = CaptureSession.Options()
    options.extras.rows = .segments
    recorded = try CaptureSession(path: path, options).record()
  }

  /// What the model says of these events, in batches as in the program and one by one.
  public struct Result {
    /// Of the batches.
    public var timeline: Timeline
    /// How often the model's fast path for stretches without a wait began.
    public var calmPeriods: Int
    /// In what the events one by one lead to another timeline: a defect.
    public var differences: [String]
  }

  public func result(_ events: [SchedEvent]) -> Result {
    var changed = recorded
    changed.events = events
    changed.options.recordedCPUs = Set(events.lazy.filter { $0.loss == nil }.map(\.cpu))
    let (timeline, calmPeriods, differences) = changed.timelineOfBothPaths()
    return Result(timeline: timeline, calmPeriods: calmPeriods, differences: differences)
  }
}
