import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct VerdictWordsTests {
  @Test(
    arguments: [
      (.statedByUser, "said by the user"),
      (.probedDonors(1), "1 switch with a donor in the probe"),
      (.probedDonors(2), "2 switches with a donor in the probe"),
      (.donorsChosen(1), "1 time a donor was chosen for a task that ran on"),
      (.namedDonors(7), "7 times an event named a donor"),
      (
        .undonated(owners: 2, probedSwitches: 1),
        "2 owners were switched in while a more urgent waiter was blocked on that CPU, and the probe of 1 switch names no "
          + "donor"
      ),
      (.silentMoves(1), "1 blocked waiter moved to another CPU without sched_migrate_task"),
      (.idledWithWork(3), "3 times a waiter left its CPU idle for a task that was queued there"),
      (.markedDonors(1), "1 time a mutex's owner ran while the scheduler had its blocked waiter running"),
      (.keptWaiters(5), "5 blocked waiters stayed runnable for the scheduler"),
      (
        .dequeuedWaiters(1),
        "1 blocked waiter left the runqueue, as the scheduler's stopping marks say, and none stayed"
      ),
      (.stayedHome(2), "2 blocked waiters stayed on their CPU while their owner was runnable on another"),
      (
        .shares(contested: 12.9, ran: 0.505, alone: 0.1, proxied: 0.994),
        "owners that competed for their waiters' CPU ran 51 % of 12 ms: their own weight gives 10 %, their donors' 99 %"
      ),
      (.nothing, "no probe, no silent migration, and no owner competed long enough for its waiter's CPU"),
    ] as [(VerdictReason, String)])
  func everyReasonIsAClause(_ reason: VerdictReason, _ words: String) { #expect(reason.words == words) }

  @Test func clausesAreJoined() {
    let verdict = ProxyVerdict(answer: .on, reasons: [.silentMoves(1), .keptWaiters(2)], evidence: .unknown)
    #expect(
      verdict.reasonText
        == "1 blocked waiter moved to another CPU without sched_migrate_task; 2 blocked waiters stayed runnable for the "
        + "scheduler")
    #expect(ProxyVerdict(answer: .on, reasons: [], evidence: .unknown).reasonText.isEmpty)
  }
}
