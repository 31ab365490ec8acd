import ProxyAnalysis
import ProxyModel
import TraceCore

extension JSONWriter {
  /// What the capture says of a BPF scheduler; nothing where it says nothing.
  func write(schedExtOf context: ReportContext, to json: inout JSONStream) throws(OutputError) {
    let (summary, marks) = (context.timeline.schedExt, context.timeline.marks)
    if summary.isEmpty { return }
    try json.key("sched_ext")
    try json.object { json throws(OutputError) in
      try json.member("scheduler", context.schedulerName)
      try json.member("flags", context.capture.machineFacts["sched_ext.flags"])
      try json.member("first_seen", summary.firstSeen?.rawValue)
      try json.member("last_seen", summary.lastSeen?.rawValue)
      try write(marks.total, knowsBlocked: context.knowsBlockedEnqueues, to: &json)
      try json.key("tasks")
      try json.array { json throws(OutputError) in
        for (task, counts) in marks.tasks where context.chooses(task) {
          try json.object(inline: true) { json throws(OutputError) in
            try json.member("pid", Int64(context.timeline[task].id.pid))
            try json.member("comm", context.timeline[task].comm.text)
            try write(counts, knowsBlocked: context.knowsBlockedEnqueues, to: &json)
          }
        }
      }
      try json.key("counters")
      try json.array { json throws(OutputError) in
        for counter in summary.counters {
          try json.object(inline: true) { json throws(OutputError) in
            try json.member("name", counter.name.text)
            try json.member("sum", counter.sum)
            try json.member("count", counter.count)
          }
        }
      }
      try json.key("stalls")
      try json.array { json throws(OutputError) in
        for stall in summary.stalls {
          try json.object(inline: true) { json throws(OutputError) in
            try json.member("comm", stall.task.text)
            try json.member("pid", Int64(stall.pid))
            try json.member("time", stall.time.rawValue)
          }
        }
      }
      try json.key("exits")
      try json.array { json throws(OutputError) in
        for exit in summary.exits {
          try json.object(inline: true) { json throws(OutputError) in
            try json.member("scheduler", exit.scheduler.text)
            try json.member("reason", exit.reason)
            try json.member("time", exit.time.rawValue)
          }
        }
      }
    }
  }

  private func write(_ counts: MarkCounts, knowsBlocked: Bool, to json: inout JSONStream) throws(OutputError) {
    try json.member("running", counts.running)
    try json.member("stopping", counts.stopping)
    try json.member("enqueue", counts.enqueue)
    try json.member("nr_blocked_enqueues", knowsBlocked ? counts.blockedEnqueue : nil)
  }
}
