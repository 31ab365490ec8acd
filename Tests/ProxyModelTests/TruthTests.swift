import ProxyModel
import ProxyScore
import Testing
import TraceCore
import TraceTestKit

/// The reconstruction of real captures, held against what their workload measured and what their probes saw.
struct TruthTests {
  @Test(arguments: ScoreTable.folders)
  func waitsLieInsideTheTruth(folder: String) throws {
    #expect(try waitsLieInsideTheTruth(RealCaptures.folder(folder)) > 20)
  }

  @Test func waitsOfEveryFormatLieInsideTheTruth() throws {
    let captures = try RealCaptures.others.get()
    #expect(Set(captures.map(\.folder)) == ["formats", "sched-ext"])
    #expect(try waitsLieInsideTheTruth(captures) > 20)
  }

  /// - Returns: how many long lock calls of the truth were contended, and so must have a wait.
  private func waitsLieInsideTheTruth(_ captures: [ScoredCapture]) throws -> Int {
    var contended = 0
    for capture in captures {
      let locks = capture.truth.locks
      let waits = capture.timeline().waits.filter { $0.kind == .mutex && locks.contains($0.lock) }
      for wait in waits {
        let end = wait.begin + wait.length
        #expect(
          capture.truth.waits.contains {
            $0.pid == wait.waiter.pid && $0.lock == wait.lock && $0.contains(wait.begin, end)
          }, "\(capture.name): \(wait.waiter.comm) at \(wait.begin.rawValue) lies in no lock call")
      }
      // A call that took this long while another held the lock was contended. (Some calls are as long because the caller
      // was preempted in the middle of an uncontended lock.)
      let long = capture.truth.waits.filter { call in
        call.length > 1_500_000
          && capture.truth.holds.contains {
            $0.lock == call.lock && $0.pid != call.pid && $0.contains(call.begin, call.begin)
          }
      }
      contended += long.count
      for call in long {
        #expect(
          waits.contains { $0.waiter.pid == call.pid && $0.lock == call.lock && call.contains($0.begin, $0.begin) },
          "\(capture.name): \(call.name) at \(call.begin.rawValue) has no wait")
      }
    }
    return contended
  }

  @Test(arguments: ["proxy-on-plain", "proxy-on-probed", "proxy-off-plain", "proxy-off-probed"])
  func ownersAreRight(folder: String) throws {
    let owners = try RealCaptures.score(folder).owners
    #expect(owners.waits > 100)
    #expect(owners.precision >= 0.995)
    #expect(owners.unknown <= 0.03)
  }

  @Test(arguments: ScoreTable.folders)
  func whatEventsAndProbesSayIsRight(folder: String) throws {
    try expectKnownIsRight(try RealCaptures.score(folder))
  }

  @Test(.enabled(if: RealCaptures.directories.count > 1, "PROXYTRACE_CAPTURES names no whole captures"))
  func whatEventsAndProbesSayIsRightInWholeCaptures() throws {
    let captures = try RealCaptures.collected
    #expect(captures.count > 50)
    for capture in captures { try expectKnownIsRight(CaptureScore(capture)) }
  }

  /// Neither the workload's own holds nor a reading of the probes without any model contradict an instant of what is known by event or
  /// probe.
  private func expectKnownIsRight(_ score: CaptureScore) throws {
    for evidence in [Evidence.event, .probe] {
      if let owners = score.owners.byEvidence[evidence] { #expect(owners.right == owners.known, "\(score.name)") }
      if let holds = score.holds.byEvidence[evidence] { #expect(holds.wrong == 0, "\(score.name)") }
    }
    for splits in [score.inferredSplits, score.probedSplits] where splits.seen > 0 {
      for evidence in [Evidence.event, .probe] {
        guard let claims = splits.byEvidence[evidence] else { continue }
        #expect(claims.agreed == claims.said, "\(score.name): \(evidence.name)")
      }
    }
  }

  @Test func ownersAreRightWhereReleasesLeaveNoEvent() throws {
    let owners = try RealCaptures.score("linux-6.12").owners
    #expect(owners.waits > 250)
    #expect(owners.precision >= 0.98)
    #expect(owners.sleptUnknown == 0)
  }

  @Test func splitsAgreeWithTheProbes() throws {
    let score = try RealCaptures.score("proxy-on-probed")
    #expect(score.probedSplits.seen > 500_000_000)
    #expect(score.probedSplits.precision >= 0.999)
    #expect(score.probedSplits.recall >= 0.999)
    #expect(score.inferredSplits.precision >= 0.97)
    #expect(score.inferredSplits.recall >= 0.95)
  }

  @Test(arguments: ["proxy-off-plain", "proxy-off-probed", "linux-6.12"])
  func nothingIsProxiedWhereTheKernelDoesNot(folder: String) throws {
    let score = try RealCaptures.score(folder)
    #expect(score.claimed == 0)
    #expect(score.claimedWithProbes == 0)
  }

  @Test(arguments: ScoreTable.folders)
  func theLawsHold(folder: String) throws {
    #expect(try RealCaptures.score(folder).brokenLaws == 0)
  }

  @Test func theVerdictIsRightWithoutProbes() throws {
    for capture in try RealCaptures.all.get() {
      let verdict = capture.timeline(ignoringProbes: true).verdict
      let expected: ProxyVerdict.Answer = capture.folder.hasPrefix("proxy-on") ? .on : .off
      #expect(verdict.answer == expected, "\(capture.name): \(verdict.reasons)")
    }
  }

  @Test(arguments: [
    ("same-cpu", "donor", "contender"), ("cross-cpu", "donor", "cont1"), ("fifo", "high", "mid"),
    ("chain3", "top", "noise"),
  ])
  func longWaitsHaveTheirInversion(workload: String, waiter: String, culprit: String) throws {
    for folder in ["proxy-off-plain", "proxy-off-probed", "linux-6.12"] {
      for capture in try RealCaptures.folder(folder) where capture.name == "\(folder)/\(workload)" {
        let timeline = capture.timeline(ignoringProbes: true)
        let long = timeline.waits.indices.filter { row in
          let wait = timeline.waits[row]
          return wait.waiter.comm == Comm(waiter) && wait.kind == .mutex && capture.truth.locks.contains(wait.lock)
            && wait.length > 5_000_000
        }
        #expect(!long.isEmpty, "\(capture.name): no long wait")
        for row in long {
          let windows = timeline.inversions.filter { $0.wait == row }
          let names = Set(windows.compactMap { $0.culprits.first?.task.comm })
          #expect(names.contains(Comm(culprit)), "\(capture.name): wait \(row + 1) has \(names)")
        }
      }
    }
  }

  @Test func proxyExecutionLeavesLittleInversion() throws {
    let (on, off) = (try RealCaptures.score("proxy-on-plain"), try RealCaptures.score("proxy-off-plain"))
    #expect(off.inverted > 5_000_000_000)
    // Inverted time with proxy execution, as a share of that without.
    #expect(on.inverted * 20 < off.inverted)
  }
}
