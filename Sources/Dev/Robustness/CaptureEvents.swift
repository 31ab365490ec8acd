public import ProxyModel
public import TraceCore
import TraceReader

/// A capture's events, read once for many runs of the model.
public struct CaptureEvents: Sendable {
  public var events: [SchedEvent] = []
  private var options = ProxyMachine.Options()

  public init(path: String) throws(TraceError) {
    var reader = try CaptureReader(path: path)
    options.savedComms = reader.savedComms
    options.cpuCount = reader.info.cpuCount
    options.recordsClasses = true
    while let event = reader.next() { events.append(event) }
  }

  public func timeline(_ events: [SchedEvent]) -> Timeline {
    var machine = ProxyMachine(options)
    for event in events { machine.apply(event) }
    return machine.finish()
  }
}
