/// The rules by which a fact is deduced where no event states it. Each says what it needs, what it concludes, and how it
/// can be wrong; `docs/inference.md` has them with what they score against truth.
public enum InferenceRule: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  /// Premise: a task's `contention_end` with result 0. Conclusion: from then on it owns the lock, until a release, or until
  /// somebody else's acquisition shows that it released without a waiter.
  /// Wrong: an uncontended unlock leaves no event, so the end of such a hold may be earlier than shown.
  case perhapsStillHeld

  /// Premise: a task releases a lock (`contended_release`), and nobody slept on the lock's wait list before some instant, so that
  /// the fast paths worked. Conclusion: before that instant too the lock was that task's, back to the last known change.
  /// Wrong: an earlier owner may have unlocked, and this one locked, without an event.
  case untilReleased

  /// Premise: a probe or an event told a lock's owner at one instant. Conclusion: it is the owner until something else is seen.
  /// Wrong: by what left no event since, as long as nobody slept on the lock's wait list.
  case readOnce

  /// Premise: a task wakes a mutex waiter from task context, on a kernel without `contended_release`. Conclusion: it owned
  /// the mutex up to here (`__mutex_unlock_slowpath()` wakes the first waiter; kernel/locking/mutex.c).
  /// Wrong: where something else wakes the waiter in the same way. (A waking that ends a failed wait does not count.)
  case wokeTheWaiter

  /// Premise: a waiter spun for a mutex until it got it, or for a long time, while nobody slept on its wait list, and just
  /// one task ran on all other CPUs when it began. Conclusion: that task was the owner: spinning ends as soon as the owner
  /// leaves its CPU (`mutex_spin_on_owner()`, kernel/locking/mutex.c).
  /// Wrong: the owner may have released the lock in the instant in which the waiter began.
  case spunOnOwner

  /// Premise: a wait ended with the lock within 5 µs of spinning while others slept on its wait list, or a waiter spun for it
  /// while nobody ran who was seen to acquire it, and the sleepers would have kept others from taking it unseen. Conclusion:
  /// the lock was free when that wait began; only the fast path failed, because of the flag for sleepers.
  /// Wrong: if the owner released it within those microseconds.
  case foundFree

  /// Premise: two tasks release a lock one after the other, and nobody's wait ended in between. Conclusion: the second took
  /// the lock, without waiting, right after the first release.
  /// Wrong: by the time between that release and its acquisition, for which the lock was free.
  case tookOver

  /// Premise: a task that ran for a donor released a mutex and woke a waiter of it. Conclusion: the mutex is that waiter's
  /// from then on, before its `contention_end` (`__mutex_handoff()`, kernel/locking/mutex.c).
  /// Wrong: if the waiter gives up in that instant.
  case handedOver

  /// Premise: a mutex waiter was off its CPU, and its `sched_waking` has another `target_cpu`, with no `sched_migrate_task`
  /// in between. Conclusion: the kernel moved it to its owner's CPU while it was blocked (`proxy_migrate_task()` emits no
  /// event; kernel/sched/core.c).
  /// Wrong: about the time of the move, which no event shows.
  case movedSilently

  /// Premise: the kernel proxies, and of the blocked tasks on a CPU one alone has a chain that ends in the task that is switched in
  /// there, and goes before that task: by its scheduling class or real-time priority, or since a fair one outweighs it at least 19
  /// times. Conclusion: the task runs on its account. (Fair tasks share a CPU by weight, so that curr is picked on its own account,
  /// which no event shows, for at most a twentieth of the time; `sched_prio_to_weight`, kernel/sched/core.c.)
  /// Wrong: where the donor is moved, or curr is picked itself, without a switch.
  case onlyDonor

  /// Premise: as for `onlyDonor`, but both are fair, and the donor outweighs curr less than 19 times. Conclusion: curr runs on the
  /// donor's account most of the time.
  /// Wrong: for about the share that curr's weight is of both, in which EEVDF picks curr itself without a switch.
  case mostlyDonor

  /// Premise: the one blocked task on a CPU whose chain ends in the task that is switched in there was the donor before the switch,
  /// or has just left the CPU, and does not outweigh that task, or a priority is not known. Conclusion: curr may run on its account.
  /// Wrong: as often as EEVDF picks curr itself, which by weight is half of the time or more.
  case perhapsDonor

  /// Premise: several blocked tasks on a CPU have chains that end in the task that is switched in there. Conclusion: one of them is
  /// the donor, and the row names the most urgent. `other_donors` lists the others.
  /// Wrong: about which one: fair tasks are picked by lag and deadline, so that any of them may have been picked.
  case oneOfSeveral

  /// Premise: as for `oneOfSeveral`, and others have the same priority as the most urgent one. Conclusion: one of them is the
  /// donor; which one is not known, and the row names the one with the lowest pid. `other_donors` lists the others.
  /// Wrong: about which one: the scheduler alternates between tasks of equal weight.
  case oneOfEquals

  /// Premise: as for the rules above, but no event shows that the donor, or a waiter between it and curr, is on that CPU: it is
  /// placed there by `placedByPicks`. Conclusion: if it is there, it is the donor, or one of those that `other_donors` lists.
  /// Wrong: where the donor's CPU had not picked it, by its lag, so that it never came.
  case perhapsMoved

  /// Premise: a donor was moved to the CPU whose curr is the owner at its chain's end, and goes before what curr runs for by its
  /// scheduling class or real-time priority. Conclusion: curr runs on its account from the move on: the CPU chooses anew at once
  /// (`attach_task()`, `wakeup_preempt()`, kernel/sched/core.c).
  /// Wrong: by the time until that CPU chooses, which no event shows.
  case perhapsArrived

  /// Premise: tasks are blocked for mutexes, but none on a CPU that goes before its curr has a chain that ends in it. Conclusion: curr
  /// runs on its own account.
  /// Wrong: where a less urgent donor was picked, or one came to the CPU unseen.
  case noDonorThere

  /// Premise: a mutex waiter left its CPU to the idle task although another task was queued there, and that task ran next
  /// without being woken. Conclusion: the kernel proxies: it switched to the idle task before it moved the donor to its
  /// owner's CPU (`proxy_resched_idle()`, kernel/sched/core.c).
  /// Wrong: where records are missing without the ring buffer saying so.
  case idledWithWork

  /// Premise: two or more waiters blocked while their owner was running or queued on another CPU, did not see it sleep, and
  /// were woken where they had blocked. Conclusion: the kernel does not proxy: it would have moved them to their owner.
  /// Wrong: a donor that is never picked, since more urgent tasks keep its CPU, is not moved either.
  case stayedHome

  /// Premise: while waiters were blocked on a CPU, their owner and other tasks competed for it for some milliseconds.
  /// Conclusion: the kernel proxies if the owner's share is closer to what its donors' weights give than to its own.
  /// Wrong: with a scheduler that does not share by weight (sched_ext), or in a short trace.
  case ranByDonorsWeight

  /// Premise: a real-time task was switched in on a CPU although a more urgent one had been on that CPU's runqueue since before the
  /// switch, while somebody waited for a mutex. Conclusion: the kernel proxies: it picks the most urgent real-time task
  /// (`pick_task_rt()`, kernel/sched/rt.c), and a donor more urgent than both lends it the CPU.
  /// Wrong: where the move of the queued task to another CPU was lost.
  case outranRealTime

  /// Premise: a sched_ext scheduler's callback said that a mutex waiter runs, or that it stops and stays runnable, when
  /// the waiter blocked; where it runs, its owner was switched in instead. Conclusion: the kernel proxies: without it a
  /// blocked task leaves the runqueue, and its scheduler never sees it (`try_to_block_task()`, kernel/sched/core.c).
  /// Wrong: where marks are missing, or are printed by something else than the callbacks.
  case markedDonor

  /// Premise: a sched_ext scheduler's callback said that a mutex waiter stops and is no longer runnable, when it blocked
  /// while its owner was running or queued. Conclusion: the kernel does not proxy for this scheduler.
  /// Wrong: of waiters in other scheduling classes; a kernel can refuse proxy execution to sched_ext tasks alone.
  case markedDequeue

  /// Premise: an idle CPU picked a blocked task again and again, paused for more than a tick, and went on with it, without a switch
  /// in between. Conclusion: the task was on its runqueue all the time, and the CPU had nothing else to run.
  /// Wrong: if the task was moved away in the pause and came back; no event shows either.
  case pickedAgain

  /// Premise: the kernel proxies, and a task is blocked for a mutex. Conclusion: it is where it blocked until its CPU switches to a
  /// less urgent task: then it was picked, and moved to its owner's CPU, or taken off the runqueue where no owner could run
  /// (`find_proxy_task()`, `proxy_deactivate()`, kernel/sched/core.c).
  /// Wrong: fair tasks are picked by lag and deadline; and neither the move nor the dequeueing leaves an event.
  case placedByPicks

  /// Premise: a probe or an event stated an owner, or that a lock was released, while records of another CPU were missing; or
  /// a chain ends in a task that a gap has hidden. Conclusion: it was so until something else is seen.
  /// Wrong: where the lost records show a release, an acquisition or a wait.
  case besideGap
}

extension InferenceRule {
  /// Whether the rule chooses among things that the events do not tell apart, as its name says: it may be wrong as often as right.
  /// A row that rests on several rules names a guess before any other.
  public var isGuess: Bool {
    switch self {
    case .mostlyDonor, .perhapsDonor, .oneOfSeveral, .oneOfEquals, .perhapsMoved, .perhapsArrived: true
    default: false
    }
  }

  /// The rule in one sentence, for a legend.
  public var summary: String {
    switch self {
    case .perhapsStillHeld: "the last task seen to acquire a lock may own it until somebody else does"
    case .untilReleased: "who releases a lock owned it before anybody slept on it too"
    case .readOnce: "an owner that was read at one instant owns the lock until something else is seen"
    case .wokeTheWaiter: "who wakes a mutex waiter from task context has just released the mutex"
    case .spunOnOwner: "a spinner spins on an owner that runs, and just one other task ran"
    case .foundFree: "a lock that a waiter gets at once, though others sleep on it, was free"
    case .tookOver: "who releases next, with no wait ended in between, had taken the lock without waiting"
    case .handedOver: "a release on a donor's account hands the lock to the waiter that is woken"
    case .movedSilently: "a blocked waiter woken on another CPU than it blocked on was moved to its owner"
    case .onlyDonor: "the one blocked task on a CPU whose chain ends in the task that runs there is its donor"
    case .mostlyDonor:
      "the one blocked task whose chain ends in the task that runs lends, unless that was picked itself, as its weight allows"
    case .perhapsDonor:
      "the one blocked task whose chain ends in the task that runs may lend, but weighs no more than that task"
    case .oneOfSeveral:
      "one of several blocked tasks whose chains end in the task that runs lends; the most urgent is named"
    case .oneOfEquals: "one of several equal blocked tasks whose chains end in the task that runs lends"
    case .perhapsMoved: "a blocked task lends if it was moved to the CPU of its chain's end, which no event shows"
    case .perhapsArrived: "a donor moved to the CPU where its owner runs for less may lend it the CPU from then on"
    case .noDonorThere: "a task runs for itself where no blocked task that goes before it waits for it"
    case .idledWithWork: "a CPU that idles with a task queued is letting go of a donor"
    case .stayedHome: "waiters that stay where they blocked while their owner is elsewhere are no donors"
    case .ranByDonorsWeight: "owners that run as much as their donors' weight gives run on their account"
    case .outranRealTime: "who runs though a more urgent real-time task is queued there runs on a donor's account"
    case .markedDonor: "a blocked waiter that its scheduler has running, or runnable, is a donor"
    case .markedDequeue: "a blocked waiter that its scheduler has not runnable is no donor"
    case .pickedAgain: "a blocked task that an idle CPU picks before and after a pause was there in between"
    case .placedByPicks: "a blocked task is where it blocked until its CPU switches to something less urgent"
    case .besideGap: "what was stated beside a gap was so until something else is seen"
    }
  }
}
