import TraceCore

// Rows of callbacks without a partner.

extension CallbackPairing {
  /// Where a task's open run is: where it ran, or else where its mark was written.
  private func cpu(of task: TaskIndex) -> CPU { book[task].cpu >= 0 ? book[task].cpu : book[task].writtenOn }

  /// Since when a task that stops should have had a `running`; `nil` where none is owed.
  func owedRunning(_ task: TaskIndex) -> MarkBook.Moment? {
    let state = book[task]
    guard let first = book.firstRunning,
      let since = state.phase == .stopped ? state.stopping : state.hasSlept ? state.switchedIn : nil, first < since
    else { return nil }
    return since
  }

  /// A `running` comes while a task's run is still open.
  mutating func noteUnclosed(
    _ open: TaskIndex, by other: TaskIndex, _ moment: MarkBook.Moment, _ world: inout World
  ) {
    let state = book[open]
    guard state.phase == .running, let first = book.firstStopping, first < state.running else { return }
    // The owner's `running` that looked like one too many was right, and this is the run that lacks its end.
    let (other, moment) = state.suspect.map { ($0.owner, $0.running) } ?? (other, moment)
    if let suspect = state.suspect { book[suspect.owner].isProxy = false }
    book[open].suspect = nil
    let clash = PairingRow.Clash(
      what: .running, task: world.label(other), time: moment.time,
      cpu: other == open ? world.scheduling.cpu(of: open) : cpu(of: open))
    report(
      .runningWithoutStopping, .running, open, state.running, cpu(of: open), clash, since: min(state.running, moment),
      &world)
  }

  /// A task starts on a CPU: another's run may still be open there, or have been until after this one's `running`.
  mutating func noteClash(on cpu: Int, with task: TaskIndex, _ world: inout World) {
    let running = book[task].running
    if let open = book[cpu].open, open != task {
      noteUnclosed(open, by: task, running, &world)
      if book[open].phase == .running { book[open].phase = .clashed }
    } else if let closed = book[cpu].closed, closed != task, book[closed].phase == .stopped,
      book[closed].cpu == CPU(cpu),
      running < book[closed].stopping, book[closed].running < running, let first = book.firstStopping,
      first < book[closed].running
    {
      let clash = PairingRow.Clash(what: .running, task: world.label(task), time: running.time, cpu: CPU(cpu))
      report(
        .runningWithoutStopping, .running, closed, book[closed].running, CPU(cpu), clash,
        since: book[closed].running, &world)
    }
    book[cpu].closed = nil
  }

  mutating func reportStopping(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on cpu: Int?, writtenOn: CPU, since: MarkBook.Moment,
    _ world: inout World
  ) {
    let last = world.scheduling.cpu(of: task)
    let place = cpu.map { CPU($0) } ?? (last >= 0 ? last : writtenOn)
    let isSecond = book[task].phase == .stopped
    let clash = PairingRow.Clash(
      what: isSecond ? .stopping : .switchedIn, task: world.label(task), time: since.time, cpu: place)
    report(.stoppingWithoutRunning, .stopping, task, moment, place, clash, since: since, &world)
  }

  /// A mark of an owner that runs on a donor's account.
  mutating func reportProxy(
    _ owner: TaskIndex, _ callback: MarkRecord.Kind, _ moment: MarkBook.Moment, of donor: TaskIndex,
    _ world: inout World
  ) {
    let running = book[donor].running
    let place = cpu(of: donor)
    let clash = PairingRow.Clash(what: .running, task: world.label(donor), time: running.time, cpu: place)
    report(
      .undispatchedOwner, callback, owner, moment, place, clash, since: min(running, moment), donor: donor,
      owner: owner, &world)
  }

  /// A blocked task's `running` that nothing came of.
  mutating func reportNoStart(
    _ donor: TaskIndex, by clash: PairingRow.Clash, _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    var owner: TaskIndex?
    if isWaiter(donor, &hypothesis, &world),
      case (.task(let terminal), _) = hypothesis.walk(from: world[donor].wait, &world)
    {
      owner = terminal
    }
    report(
      .donorRunning, .running, donor, book[donor].running, cpu(of: donor), clash, since: book[donor].running,
      donor: donor, owner: owner, &world)
  }

  private mutating func report(
    _ kind: PairingRow.Kind, _ callback: MarkRecord.Kind, _ task: TaskIndex, _ moment: MarkBook.Moment, _ cpu: CPU,
    _ clash: PairingRow.Clash?, since: MarkBook.Moment, donor: TaskIndex? = nil, owner: TaskIndex? = nil,
    _ world: inout World
  ) {
    book.rows.append(
      PairingRow(
        kind: kind, callback: callback, task: world.label(task), time: moment.time, cpu: cpu, clash: clash,
        donor: donor.map { world.label($0) }, owner: owner.map { world.label($0) }, since: since.time))
  }
}
