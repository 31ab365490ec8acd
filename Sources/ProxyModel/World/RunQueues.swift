import TraceCore

/// The tasks that are queued on each CPU, as linked lists in no order.
struct RunQueues: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Link: BitwiseCopyable {
    var previous: Int32 = -1
    var next: Int32 = -1
  }

  /// By task: its neighbours, −1 without one.
  private var links = FlatArray<Link>()
  /// By CPU: the first task, −1 without one.
  private var first = FlatArray<Int32>()

  /// Makes room for tasks and CPUs.
  mutating func grow(tasks: Int) { while links.count < tasks { links.append(Link()) } }
  mutating func grow(cpus: Int) { while first.count < cpus { first.append(-1) } }

  /// A task that is in no list joins a CPU's. A CPU that no kernel has is none.
  mutating func join(_ task: TaskIndex, _ cpu: CPU) {
    guard ProxyMachine.isPossible(cpu) else { return }
    grow(cpus: Int(cpu) + 1)
    let (index, head) = (Int(task.rawValue), first[Int(cpu)])
    links[index] = Link(previous: -1, next: head)
    if head >= 0 { links[Int(head)].previous = Int32(bitPattern: task.rawValue) }
    first[Int(cpu)] = Int32(bitPattern: task.rawValue)
  }

  mutating func leave(_ task: TaskIndex, _ cpu: CPU) {
    let link = links[Int(task.rawValue)]
    if link.previous >= 0 {
      links[Int(link.previous)].next = link.next
    } else if cpu >= 0, Int(cpu) < first.count {
      first[Int(cpu)] = link.next
    }
    if link.next >= 0 { links[Int(link.next)].previous = link.previous }
    links[Int(task.rawValue)] = Link()
  }

  mutating func removeAll() {
    for cpu in first.indices { first[cpu] = -1 }
    for task in links.indices { links[task] = Link() }
  }

  /// Appends the tasks that are queued on a CPU.
  @inline(__always)
  func add(on cpu: Int, to list: inout [TaskIndex]) { forEach(on: cpu) { list.append($0) } }

  @inline(__always)
  func forEach(on cpu: Int, _ body: (TaskIndex) -> Void) {
    guard cpu >= 0, cpu < first.count else { return }
    var next = first[cpu]
    while next >= 0 {
      body(TaskIndex(rawValue: UInt32(next)))
      next = links[Int(next)].next
    }
  }
}
