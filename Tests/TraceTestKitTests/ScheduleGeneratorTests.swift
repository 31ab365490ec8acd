import Testing
import TraceCore

@testable import TraceTestKit

/// A machine made by chance, and what happened on it.
struct RandomSchedule: Sendable, CustomTestStringConvertible {
  let plan: SchedulePlan
  let events: [SchedEvent]
  let truth: ScheduleTruth

  init(_ plan: SchedulePlan) {
    self.plan = plan
    (events, truth) = ScheduleGenerator.generate(plan, count: 2000)
  }

  var testDescription: String { "seed \(plan.seed)" }

  /// `#expect` for conditions that are checked once an event: cheap where they hold.
  func check(_ isTrue: Bool, at time: Timestamp, sourceLocation: SourceLocation = #_sourceLocation) {
    if !isTrue { Issue.record("seed \(plan.seed), time \(time.rawValue)", sourceLocation: sourceLocation) }
  }
}

/// The laws that every trace obeys.
@Suite struct ScheduleGeneratorTests {
  static let schedules: [RandomSchedule] = (1...24).map { (seed: UInt64) in
    var plan = SchedulePlan.random(
      seed: seed, cpuCount: 1 + Int(seed % 4), taskCount: 2 + Int(seed % 9), lockCount: 1 + Int(seed % 5),
      proxyExecution: seed % 3 != 0)
    plan.emitsProbes = seed % 2 == 0
    plan.emitsReleases = seed % 5 != 0
    return RandomSchedule(plan)
  }

  @Test(arguments: schedules) func switchesAreContinuous(schedule: RandomSchedule) {
    #expect(schedule.events.count >= 2000)
    var curr: [CPU: Pid] = [:]
    var time = Timestamp(0)
    for event in schedule.events {
      schedule.check(event.timestamp > time, at: event.timestamp)
      time = event.timestamp
      // The probe of a switch is written after the event, but before the switch: it speaks for the task that goes.
      if case .probedSwitch(let probe) = event.body {
        schedule.check(probe.previous == event.pid && probe.next == curr[event.cpu], at: time)
        continue
      }
      schedule.check(event.pid == curr[event.cpu, default: 0], at: time)
      guard case .switched(let record) = event.body else { continue }
      schedule.check(record.previous.pid == event.pid && record.next.pid != event.pid, at: time)
      curr[event.cpu] = record.next.pid
    }
  }

  @Test(arguments: schedules) func waitsBeginAndEnd(schedule: RandomSchedule) {
    let truth = schedule.truth
    var open: [Pid: LockAddress] = [:]
    var ended = 0
    for event in schedule.events {
      switch event.body {
      case .contentionBegan(let lock, _):
        schedule.check(open[event.pid, default: lock] == lock, at: event.timestamp)
        open[event.pid] = lock
      case .contentionEnded(let lock, _):
        schedule.check(open.removeValue(forKey: event.pid) == lock, at: event.timestamp)
        ended += 1
      default: break
      }
    }
    #expect(truth.waits.count { $0.end != nil } == ended)
    #expect(truth.waits.count { $0.end == nil } == open.count)
    #expect(truth.waits.allSatisfy { ($0.end == nil) == ($0.result == nil) && $0.begin < $0.end ?? Timestamp(.max) })
  }

  @Test(arguments: schedules) func holdsNeverOverlap(schedule: RandomSchedule) {
    let truth = schedule.truth
    #expect(!truth.holds.isEmpty)
    for holds in Dictionary(grouping: truth.holds, by: \.lock).values {
      for (hold, next) in zip(holds, holds.dropFirst()) {
        schedule.check(
          hold.begin <= hold.end ?? Timestamp(.max) && hold.end ?? Timestamp(.max) <= next.begin, at: hold.begin)
      }
    }
    // Who waits does so for somebody else's lock, and has it when the wait ends well.
    for wait in truth.waits where wait.result == 0 {
      let hold = truth.holds.first { $0.begin == wait.end }
      schedule.check(hold?.lock == wait.lock && hold?.owner == wait.waiter, at: wait.begin)
    }
  }

  @Test(arguments: schedules) func releasesNameTheOwner(schedule: RandomSchedule) {
    let truth = schedule.truth
    for event in schedule.events {
      guard case .contendedRelease(let lock) = event.body else { continue }
      let hold = truth.holds.first { $0.end == event.timestamp }
      schedule.check(
        schedule.plan.emitsReleases && hold?.lock == lock && hold?.owner == event.pid, at: event.timestamp)
    }
  }

  @Test(arguments: schedules) func truthAndEventsAgreeOnWhoRuns(schedule: RandomSchedule) {
    let truth = schedule.truth
    for cpu in 0..<CPU(schedule.plan.cpuCount) {
      let entries = truth.occupancies.filter { $0.cpu == cpu }
      var index = 0
      for event in schedule.events where event.cpu == cpu {
        guard case .switched(let record) = event.body else { continue }
        index = entries[index...].firstIndex { $0.begin == event.timestamp } ?? entries.count
        guard index < entries.count else {
          Issue.record("a switch that the truth does not know at \(event.timestamp)")
          break
        }
        schedule.check(
          entries[index].curr == record.next.pid && entries[index - 1].curr == record.previous.pid, at: event.timestamp)
      }
      #expect(entries.allSatisfy { schedule.plan.proxyExecution || $0.curr == $0.donor })
    }
  }

  @Test(arguments: schedules.filter(\.plan.emitsProbes)) func probesTellTheTruth(schedule: RandomSchedule) {
    let truth = schedule.truth
    var probes = 0
    var lastSwitch: [CPU: Timestamp] = [:]
    for event in schedule.events {
      if case .switched = event.body { lastSwitch[event.cpu] = event.timestamp }
      guard case .probedSwitch(let probe) = event.body, let time = lastSwitch[event.cpu] else { continue }
      probes += 1
      let entry = truth.occupancies.first { $0.cpu == event.cpu && $0.begin == time }
      schedule.check(entry?.curr == probe.next, at: time)
      if probe.depth < 3 { schedule.check(entry?.donor == probe.farthestDonor ?? probe.next, at: time) }
    }
    #expect(probes > 100)
  }

  /// From the donor, lock by lock and owner by owner, the way leads to whom it lends its time.
  @Test(arguments: schedules.filter(\.plan.proxyExecution)) func donorsWaitForWhomTheyHelp(schedule: RandomSchedule) {
    let truth = schedule.truth
    for entry in truth.occupancies where entry.curr != entry.donor {
      func isOpen(_ begin: Timestamp, _ end: Timestamp?) -> Bool {
        begin <= entry.begin && entry.begin < end ?? Timestamp(.max)
      }
      var task: Pid? = entry.donor
      while let waiter = task, waiter != entry.curr {
        let lock = truth.waits.first { $0.waiter == waiter && isOpen($0.begin, $0.end) }?.lock
        task = truth.holds.first { $0.lock == lock && isOpen($0.begin, $0.end) }?.owner
      }
      schedule.check(task == entry.curr, at: entry.begin)
    }
  }

  @Test func proxyExecutionHappensInAllItsForms() {
    let truths = Self.schedules.filter(\.plan.proxyExecution).map(\.truth)
    #expect(truths.count { $0.occupancies.contains { $0.curr != $0.donor } } > 10)
    #expect(truths.contains { !$0.moves.isEmpty })
    #expect(truths.contains { $0.waits.contains { $0.result == -4 } })
  }

  @Test func aSeedMakesOneTrace() throws {
    func trace(_ seed: UInt64) throws -> [UInt8] {
      var writer = try TraceDatWriter()
      for event in ScheduleGenerator.generate(.random(seed: seed), count: 2000).events { try writer.append(event) }
      return try writer.finish()
    }
    #expect(try trace(5) == trace(5))
    #expect(try trace(5) != trace(6))
  }

  @Test func numbersAreTheSameEverywhere() {
    var random = SeededGenerator(seed: 0)
    #expect(random.next() == 0xe220_a839_7b1d_cdaf)
    #expect(random.next() == 0x6e78_9e6a_a1b9_65f4)
    #expect((0..<1000).allSatisfy { _ in (3...7).contains(random.number(3...7)) })
  }

  /// The classic inversion: the owner is the least urgent, a third task keeps it from the CPU, unless the donor lends its
  /// own priority.
  @Test(arguments: [true, false]) func aThirdTaskDelaysTheOwner(proxyExecution: Bool) throws {
    var plan = SchedulePlan()
    plan.cpuCount = 1
    plan.proxyExecution = proxyExecution
    plan.tasks = [
      TaskPlan(
        pid: 1, comm: "owner", priority: Priority(89), script: [.lock(0), .spin(1_000_000), .unlock(0)],
        isRepeated: false, delay: 0),
      TaskPlan(
        pid: 2, comm: "noise", priority: Priority(69), script: [.spin(5_000_000)], isRepeated: false, delay: 200_000),
      TaskPlan(
        pid: 3, comm: "donor", priority: Priority(49), script: [.lock(0), .unlock(0)], isRepeated: false,
        delay: 100_000),
    ]
    let truth = ScheduleGenerator.generate(plan, count: 1000).truth
    let wait = try #require(truth.waits.first)
    let length = try #require(wait.end) - wait.begin
    #expect(truth.waits.count == 1 && wait.waiter == 3 && wait.result == 0)
    #expect(proxyExecution ? length < 1_100_000 : length > 5_000_000)
    let onAccount = truth.occupancies.filter { $0.curr != $0.donor }
    #expect(onAccount.map(\.donor) == (proxyExecution ? [3] : []))
  }
}
