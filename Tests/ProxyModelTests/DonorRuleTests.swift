import Foundation
import ProxyModel
import ProxyScore
import Testing
import TraceCore

/// What the rules about donors are worth on recordings that have a probe, inferred without it.
struct DonorRuleTests {
  private static let donors = RealCaptures.directory.deletingLastPathComponent().appending(path: "donors")

  private static let folders = ["other-workloads", "new-workloads"]

  private static func scores(_ folder: String) throws -> [CaptureScore] { try all.get()[folder, default: []] }

  /// Every capture's score, computed once for all tests.
  private static let all: Result<[String: [CaptureScore]], any Error> = Result {
    let scores = try ScoreTable.captures(below: donors, folders: folders).map { CaptureScore($0) }
    return Dictionary(grouping: scores, by: \.folder)
  }

  private static func claims(_ scores: [CaptureScore], _ rule: InferenceRule) -> SplitScore.Claims {
    scores.reduce(into: SplitScore()) { $0 += $1.inferredSplits }.byEvidence[.inferred(rule)] ?? SplitScore.Claims()
  }

  /// A rule whose name does not say that it is weak holds, on workloads that it was not made with.
  @Test(arguments: folders)
  func theOnlyDonorIsTheDonor(folder: String) throws {
    let claims = Self.claims(try Self.scores(folder), .onlyDonor)
    #expect(claims.said > 20_000_000)
    #expect(Double(claims.agreed) >= 0.98 * Double(claims.said), "\(claims)")
  }

  /// That curr runs for one of several holds as well, where each of them is seen to be there.
  @Test func oneOfSeveralIsTheDonor() throws {
    let claims = Self.claims(try Self.folders.flatMap { try Self.scores($0) }, .oneOfSeveral)
    #expect(claims.said > 20_000_000)
    #expect(Double(claims.listed) >= 0.98 * Double(claims.said), "\(claims)")
  }

  /// A fair owner is picked by itself for about its share of the weight, so that the rule is as weak as it says, and no weaker.
  @Test func whoIsOutweighedRunsByItselfNowAndThen() throws {
    let claims = Self.claims(try Self.scores("other-workloads"), .mostlyDonor)
    #expect(claims.said > 2_000_000_000)
    #expect(Double(claims.agreed) >= 0.85 * Double(claims.said), "\(claims)")
    #expect(Double(claims.agreed) < 0.98 * Double(claims.said), "\(claims)")
  }

  /// Every rule that is wrong more often than one time in twenty calls itself a guess.
  @Test func weakRulesSaySo() throws {
    let scores = try Self.folders.flatMap { try Self.scores($0) }
    let claims = scores.reduce(into: SplitScore()) { $0 += $1.inferredSplits }.byEvidence
    #expect(claims.count >= 5)
    for (evidence, claims) in claims where Double(claims.agreed) < 0.95 * Double(claims.said) {
      #expect(evidence.rule?.isGuess == true, "\(evidence): \(claims)")
    }
  }

  /// Where several may be the donor, the others are listed: that the donor is one of them holds better than that it is the first.
  @Test func whoElseMayBeTheDonorIsListed() throws {
    let scores = try Self.folders.flatMap { try Self.scores($0) }
    let claims = Self.claims(scores, .perhapsMoved)
    #expect(claims.listed > claims.agreed)
  }

  /// Of two that may be the donor one is woken and moves away. Whether curr runs for the other from then on, or by itself, no event
  /// shows; when the other moves away too, it runs by itself.
  @Test func whenOneOfTwoLeavesNothingIsKnown() {
    var script = Script()
    for cpu: CPU in 0...1 { script.ticks(0, cpu) }
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(20, 0, to: 7, prio: 110)
    script.contends(30, 0, flags: [.mutex])
    script.switched(40, 0, to: 6, state: .uninterruptible, prio: 139)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.mutex])
    script.switched(70, 0, to: 6, state: .uninterruptible, prio: 139)
    script.wakes(100, 1, 7, target: 0, prio: 110)
    script.add(110, 1, .migrated(task: Script.snapshot(7, 110), from: 0, to: 1))
    script.wakes(140, 1, 5, target: 0, prio: 100)
    script.add(150, 1, .migrated(task: Script.snapshot(5, 100), from: 0, to: 1))
    script.releases(290, 0)
    script.ticks(300, 0)
    let timeline = script.timeline(proxyExecution: true)
    let rows = timeline.splits.filter { $0.begin >= Timestamp(70) }
    #expect(rows.map { [$0.begin.rawValue, $0.end.rawValue] } == [[70, 110]])
    #expect(rows.map(\.donor.pid) == [5])
    #expect(timeline.cpus[0].unknown == 40)
  }

  /// A donor that no event shows on its owner's CPU is told by a name of its own.
  @Test func whoMovedUnseenIsNoCertainDonor() {
    var script = Script()
    for cpu: CPU in 0...1 { script.ticks(0, cpu) }
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(20, 1, to: 5, prio: 100)
    script.contends(30, 1, flags: [.mutex])
    script.switched(40, 1, to: 0, state: .uninterruptible)
    script.switched(50, 0, to: 8, prio: 120)
    script.switched(60, 0, to: 6, prio: 139)
    script.releases(200, 0)
    script.switched(210, 0, to: 0)
    let rows = script.timeline(proxyExecution: true).splits
    #expect(rows.last?.begin == Timestamp(60))
    #expect(rows.map(\.evidence.rule).allSatisfy { $0 == .perhapsMoved })
  }

  /// One waiter more on the CPU, whatever its priority, and the donor is one of several: the table lists the other.
  @Test(
    arguments: [
      (other: 130, rule: InferenceRule.oneOfSeveral), (other: 100, rule: .oneOfEquals), (other: 98, rule: .onlyDonor),
    ] as [(other: Int32, rule: InferenceRule)])
  func severalCandidatesAreTold(other: Int32, rule: InferenceRule) {
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(20, 0, to: 7, prio: other)
    script.contends(30, 0, flags: [.mutex])
    script.switched(40, 0, to: 6, state: .uninterruptible, prio: 139)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.mutex])
    script.switched(70, 0, to: 6, state: .uninterruptible, prio: 139)
    script.releases(200, 0)
    script.ticks(300, 0)
    let last = script.timeline(proxyExecution: true).splits.last { $0.begin == Timestamp(70) }
    #expect(last?.evidence.rule == rule)
    #expect(last?.otherDonors.map(\.pid) == (rule == .onlyDonor ? [] : [last?.donor.pid == 5 ? 7 : 5]))
  }

  /// Waiters that come to the owner's CPU one after the other: each is listed beside the donor from then on.
  @Test func candidatesThatArriveAreListedOneByOne() {
    var script = Script()
    for cpu: CPU in 0...2 { script.ticks(0, cpu) }
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.mutex])
    script.switched(70, 0, to: 6, state: .uninterruptible, prio: 139)
    for (time, cpu, pid, prio) in [(100, 1, 7, 110), (120, 2, 8, 120)] as [(UInt64, CPU, Pid, Int32)] {
      script.switched(time - 5, cpu, to: pid, prio: prio)
      script.contends(time, cpu, flags: [.mutex])
      script.switched(time + 10, cpu, to: 0, state: .uninterruptible)
    }
    script.releases(200, 0)
    script.switched(210, 0, to: 0)
    let rows = script.timeline(proxyExecution: true).splits.filter { $0.cpu == 0 && $0.begin >= Timestamp(70) }
    #expect(rows.map(\.begin.rawValue) == [70, 110, 130])
    #expect(rows.map(\.donor.pid) == [5, 5, 5])
    #expect(rows.map(\.evidence.rule) == [.onlyDonor, .oneOfSeveral, .oneOfSeveral])
    #expect(rows.map { $0.otherDonors.map(\.pid) } == [[], [7], [7, 8]])
  }

  /// A donor came before records went missing. That it leaves after them says nothing of whom the CPU runs for then.
  @Test func whoCameBeforeAGapSaysNothingBehindIt() {
    var script = Script()
    script.ticks(0, 0)
    script.ticks(0, 1)
    script.switched(10, 0, to: 6, prio: 120)
    script.contends(20, 0, flags: [.mutex])
    script.acquires(25, 0)
    script.switched(95, 1, to: 7, prio: 110)
    script.contends(100, 1, flags: [.mutex])
    script.switched(110, 1, to: 0, state: .uninterruptible)
    script.ticks(150, 0)
    script.loses(150, 0, until: 160, count: 3)
    script.ticks(170, 0)
    script.add(180, 1, .migrated(task: Script.snapshot(7, 110), from: 0, to: 1))
    script.ticks(300, 0)
    script.releases(400, 0)
    let timeline = script.timeline(proxyExecution: true)
    #expect(timeline.splits.isEmpty)
    #expect(timeline.cpus.map(\.unknown) == [270, 0])
  }

  /// The donor has its lock and waits no more, but was not seen to leave the CPU's account; another waiter comes there.
  @Test func aDonorThatHasItsLockIsNotWeighedAgain() {
    var script = Script()
    script.ticks(0, 0)
    script.ticks(0, 1)
    script.switched(10, 0, to: 6, prio: 139)
    for lock in [Script.lock, Script.otherLock] {
      script.contends(20, 0, lock, flags: [.mutex])
      script.acquires(21, 0, lock)
    }
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.mutex])
    script.switched(70, 0, to: 6, state: .uninterruptible, prio: 139)
    script.releases(80, 0)
    script.wakes(81, 0, 5, target: 1, prio: 100)
    script.acquires(90, 1, by: 5)
    script.switched(95, 1, to: 7, state: .interruptible, prio: 110)
    script.contends(100, 1, Script.otherLock, flags: [.mutex])
    script.switched(110, 1, to: 0, state: .uninterruptible)
    script.releases(200, 0, Script.otherLock)
    script.ticks(300, 0)
    let rows = script.timeline(proxyExecution: true).splits.filter { $0.cpu == 0 && $0.begin >= Timestamp(70) }
    #expect(rows.map(\.donor.pid) == [5])
    #expect(rows.map { $0.otherDonors.isEmpty } == [true])
  }
}
