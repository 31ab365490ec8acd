import EventMaps
import TraceCore
import TraceTestKit

/// Input = an event map's text. What is accepted is then what a capture is read with.
enum MapFuzz {
  /// With probes, and three times without.
  private static let captures: [[UInt8]] = [true, false, false, false].map { hasProbes in
    guard var writer = try? TraceDatWriter(CaptureLayout(version: 6)) else { return [] }
    for event in FuzzSchedule.events(seed: 4, count: 60, hasProbes: hasProbes) { try? writer.append(event) }
    return (try? writer.finish()) ?? []
  }

  static func run(_ input: UnsafeRawBufferPointer) -> FuzzTarget.Result {
    do throws(TraceError) {
      let map = try EventMap(Array(input), path: "map")
      var violations = map.own.flatMap(violations)
      var examiner = Examiner()
      examiner.rendering = .nothing
      examiner.keepsRecords = false
      examiner.map = map
      let result = examiner.examine(captures[input.count % captures.count])
      violations += result.violations
      return FuzzTarget.Result(violations, calmPeriods: result.calmPeriods)
    } catch {
      // One line that says what to do.
      let isWell = !error.problem.isEmpty && !error.advice.isEmpty && error.reason == .badMap
      return FuzzTarget.Result(isWell ? [] : ["\(error)"])
    }
  }

  /// What no entry may have.
  private static func violations(_ entry: EventMap.Entry) -> [String] {
    let names = entry.role?.fields.map(\.name) ?? []
    let isWell = !entry.system.isEmpty && !entry.name.isEmpty && entry.sources.keys.allSatisfy(names.contains)
    return isWell ? [] : ["an entry is \(entry)"]
  }

  static let seeds: [[UInt8]] =
    [Array(EventMap.standardText.utf8)]
    + [
      "version: 1\nevents:\n  - event: a:b\n    role: curr\n    fields:\n      prev_pid: x\n      next_pid: 7\n",
      "events: [{event: 'sched:sched_pe_*', role: none}]\n",
      "events:\n- event: \"sched:sched_waking\"\n  role: wake # a comment\n  fields: ~\n",
      "%YAML 1.2\n---\nevents: []\n...\n", "&a [*a, ? *a : b, !!str x, |\n text\n, >-\n folded\n]",
      "events:\n- {event: lock:contention_begin, role: waiting, fields: {lock: lock_addr, flags: '32'}}\n",
    ].map { Array($0.utf8) }
}
