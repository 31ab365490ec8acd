import ProxyAnalysis
import ProxyModel
import TraceCore

extension JSONWriter {
  /// What the capture tells of a BPF scheduler; nothing where it tells nothing.
  func write(schedExtOf context: ReportContext, to json: inout JSONStream) throws(OutputError) {
    let (summary, marks) = (context.timeline.schedExt, context.timeline.marks)
    if summary.isEmpty { return }
    try json.key("sched_ext")
    try json.object { json throws(OutputError) in
      try write([("first_seen", summary.firstSeen?.rawValue), ("last_seen", summary.lastSeen?.rawValue)], to: &json)
      try write(marks.total, knowsBlocked: context.knowsBlockedEnqueues, to: &json)
      try json.key("tasks")
      try json.array { json throws(OutputError) in
        for (task, counts) in marks.tasks where context.chooses(task) {
          try json.object(inline: true) { json throws(OutputError) in
            try json.key("pid")
            try json.number(Int64(context.timeline[task].id.pid))
            try json.key("comm")
            try json.string(context.timeline[task].comm.text)
            try write(counts, knowsBlocked: context.knowsBlockedEnqueues, to: &json)
          }
        }
      }
      try json.key("counters")
      try json.array { json throws(OutputError) in
        for counter in summary.counters {
          try json.object(inline: true) { json throws(OutputError) in
            try json.key("name")
            try json.string(counter.name.text)
            try json.key("sum")
            try json.number(counter.sum)
            try write([("count", counter.count)], to: &json)
          }
        }
      }
      try json.key("exits")
      try json.array { json throws(OutputError) in
        for exit in summary.exits {
          try json.object(inline: true) { json throws(OutputError) in
            try json.key("scheduler")
            try json.string(exit.scheduler.text)
            try json.key("reason")
            try json.number(exit.reason)
            try write([("time", exit.time.rawValue)], to: &json)
          }
        }
      }
    }
  }

  private func write(_ counts: MarkCounts, knowsBlocked: Bool, to json: inout JSONStream) throws(OutputError) {
    try write(
      [
        ("running", counts.running), ("stopping", counts.stopping), ("enqueue", counts.enqueue),
        ("nr_blocked_enqueues", knowsBlocked ? counts.blockedEnqueue : nil),
      ], to: &json)
  }

  private func write(_ numbers: [(String, UInt64?)], to json: inout JSONStream) throws(OutputError) {
    for (name, number) in numbers {
      try json.key(name)
      if let number { try json.number(number) } else { try json.null() }
    }
  }
}
