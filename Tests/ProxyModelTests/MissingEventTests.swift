import ProxyModel
import ProxyScore
import Testing
import TraceCore
import TraceTestKit

/// Kernels and recordings that lack an event, made of real captures by leaving it out.
struct MissingEventTests {
  private func without(_ capture: ScoredCapture, _ isLeftOut: (EventBody) -> Bool) -> ScoredCapture {
    var capture = capture
    capture.events.removeAll { isLeftOut($0.body) }
    return capture
  }

  @Test func withoutReleasesOwnersShowByWhomTheyWake() throws {
    for folder in ["proxy-on-plain", "proxy-off-plain"] {
      var owners = OwnerScore()
      for capture in try RealCaptures.folder(folder) {
        let old = without(capture) { if case .contendedRelease = $0 { true } else { false } }
        let timeline = old.timeline()
        #expect(!timeline.seen.contains(.contendedRelease))
        owners += OwnerScore(timeline, capture.truth)
      }
      #expect(owners.precision >= 0.97, "\(folder): \(owners)")
      #expect(owners.unknown <= 0.03, "\(folder): \(owners)")
    }
  }

  @Test func withoutContentionThereIsCurrAlone() throws {
    let capture = try RealCaptures.named("proxy-on-plain/crowd")
    let blind = without(capture) {
      switch $0 {
      case .contentionBegan, .contentionEnded, .contendedRelease: true
      default: false
      }
    }
    let (timeline, whole) = (blind.timeline(), capture.timeline())
    #expect(timeline.waits.isEmpty && timeline.splits.isEmpty && timeline.inversions.isEmpty)
    #expect(timeline.verdict.answer == .undecided)
    #expect(timeline.cpus.map(\.busy) == whole.cpus.map(\.busy))
  }

  @Test func withoutWakingsWaitsAreStillWhole() throws {
    let capture = try RealCaptures.named("proxy-off-plain/same-cpu")
    let blind = without(capture) {
      switch $0 {
      case .waking, .wakeup, .wakeupNew, .migrated: true
      default: false
      }
    }
    let timeline = blind.timeline()
    #expect(timeline.waits.count == capture.timeline().waits.count)
    for wait in timeline.waits { #expect(wait.times.total == wait.length) }
  }

  @Test func theUserMayDecideWhetherTheKernelProxies() throws {
    let capture = try RealCaptures.named("proxy-on-plain/same-cpu")
    #expect(capture.timeline(proxyExecution: false).splits.isEmpty)
    #expect(capture.timeline(proxyExecution: false).verdict.answer == .off)
    let off = try RealCaptures.named("proxy-off-plain/same-cpu")
    #expect(!off.timeline(proxyExecution: true).splits.isEmpty)
    #expect(off.timeline(proxyExecution: true).verdict.evidence == .unknown)
  }

  @Test func ignoredProbesAreAsGoodAsNotRecorded() throws {
    for name in ["proxy-on-probed/crowd", "proxy-off-probed/chain3"] {
      let capture = try RealCaptures.named(name)
      let bare = without(capture) {
        switch $0 {
        case .probedSwitch, .probedWait, .probedSetNext: true
        default: false
        }
      }
      let (ignored, absent) = (capture.timeline(ignoringProbes: true), bare.timeline())
      #expect(ignored.splits == absent.splits)
      #expect(ignored.waits == absent.waits)
      #expect(ignored.verdict == absent.verdict)
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func whatALossHidesIsNotClaimed(seed: UInt64) throws {
    // What a gap hides turns unknown; nothing known may differ from the undamaged run.
    for name in ["proxy-on-plain/crowd", "proxy-off-plain/chain4-cross", "proxy-off-plain/same-cpu"] {
      let capture = try RealCaptures.named(name)
      let whole = capture.timeline()
      var damaged = capture
      var random = SeededGenerator(seed: seed)
      let first = random.number(capture.events.count / 4...capture.events.count / 2)
      let length = random.number(20...200)
      let span = capture.events[first].timestamp...capture.events[first + length].timestamp
      damaged.events = EventLoss.drop(from: capture.events, on: 0, in: span)
      let timeline = damaged.timeline()
      #expect(timeline.gaps.filter { !$0.isQuiet }.count == 1)
      for wait in timeline.waits { #expect(wait.times.total == wait.length) }
      for cpu in timeline.cpus { #expect(cpu.busy + cpu.idle + cpu.lost == timeline.span) }
      for wait in timeline.waits {
        guard let owner = wait.owner,
          let same = whole.waits.first(where: { $0.begin == wait.begin && $0.waiter.pid == wait.waiter.pid })
        else { continue }
        if wait.ownerEvidence == .event, same.ownerEvidence != .unknown {
          #expect(owner.pid == same.owner?.pid, "\(name): \(wait.waiter.comm) at \(wait.begin.rawValue)")
        }
      }
    }
  }
}
