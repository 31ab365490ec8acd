import Glibc

/// Puts the best set of probes into a tracefs that the kernel takes.
struct ProbeInstaller {
  /// The tracefs itself: dynamic events are everybody's.
  private let top: TraceFS
  private let name: RecorderName
  private let facts: ProbeFacts

  struct Installed {
    var set: ProbeSet
    /// Names in the recorder's group.
    var names: [String] = []
    /// Why better sets were not taken, and what of this one the kernel refused.
    var refusals: [String] = []
  }

  init(_ tracefs: String, _ name: RecorderName, _ facts: ProbeFacts) throws(CaptureError) {
    top = try TraceFS(tracefs)
    self.name = name
    self.facts = facts
  }

  /// - Throws: Where the user wants one set and the kernel does not take it.
  func install(_ wanted: RecordOptions.Probes) throws(CaptureError) -> Installed {
    var refusals: [String] = []
    for set in ProbeSet.allCases where wanted == .auto || wanted.rawValue == set.rawValue {
      if case .impossible(let reason) = facts.support(of: set) {
        refusals.append("no \(set.rawValue) probes: \(reason)")
        continue
      }
      do throws(CaptureError) {
        var installed = try install(set)
        installed.refusals = refusals + installed.refusals
        return installed
      } catch {
        refusals.append("no \(set.rawValue) probes: \(error.problem)")
        _ = Removal(tracefs: top.path, name: name).removeProbes()
      }
    }
    throw CaptureError(
      "--probes \(wanted.rawValue)", refusals.joined(separator: "; "),
      advice: "leave the choice to the program, or record --events-only")
  }

  private func install(_ set: ProbeSet) throws(CaptureError) -> Installed {
    var installed = Installed(set: set)
    for probe in set.probes {
      do throws(CaptureError) {
        try top.append(probe.definition(in: name.text), to: "dynamic_events")
        installed.names.append(probe.name)
      } catch {
        guard probe.isOptional else { throw error }
        installed.refusals.append("no probe \(probe.name): \(error.problem)")
      }
    }
    return installed
  }
}
