public import TraceCore

/// The value of a field of a record that is being written.
enum FieldValue {
  /// Its bits; what a narrower field does not hold is dropped.
  case number(UInt64)
  case comm(Comm)
  case text([UInt8])

  static func signed(_ value: some BinaryInteger) -> FieldValue { .number(UInt64(bitPattern: Int64(value))) }
}

extension MarkRecord {
  /// The text under which a scheduler prints the mark.
  public var message: String {
    let text = "\(kind.name) pid=\(pid)"
    return isRunnable.map { "\(text) runnable=\($0 ? 1 : 0)" } ?? text
  }
}

/// Addresses that the kit gives to things of which an event holds only a number.
public enum SyntheticAddress {
  /// The `task_struct` of a pid; never 0, and a multiple of 8, so that a mutex can keep its flags below it.
  public static func task(_ pid: Pid) -> UInt64 { 0xff11_0001_0000_0000 + UInt64(UInt32(bitPattern: pid)) * 0x2000 }

  /// The n-th lock of a machine. Real on 64-bit kernels; 32-bit kernels see its lower half.
  public static func lock(_ index: Int) -> LockAddress { LockAddress(0xffff_ffff_a020_1000 + UInt64(index) * 0x20) }

  static let probe: UInt64 = 0xffff_ffff_8107_f86c
}

/// Turns an event into the values of its record's fields, in the order of the catalog.
struct EventValues {
  var role: EventRole
  var values: [FieldValue]

  /// `nil` for what is no record: a loss, an event without a role.
  init?(_ event: SchedEvent, dialect: EventCatalog.Dialect) throws(KitError) {
    func name(_ comm: Comm) -> FieldValue { dialect == .linux6 ? .comm(comm) : .text(comm.bytes) }
    switch event.body {
    case .switched(let record): try self.init(record)
    case .waking(let record): self.init(.waking, record)
    case .wakeup(let record): self.init(.wakeup, record)
    case .wakeupNew(let record): self.init(.wakeupNew, record)
    case .migrated(let task, let from, let to):
      self.init(
        .migrated, name(task.comm), .signed(task.pid), .signed(task.priority.rawValue), .signed(from), .signed(to))
    case .forked(let parent, let child, let comm):
      self.init(.forked, name(.empty), .signed(parent), name(comm), .signed(child))
    case .executed(let pid, let oldPid):
      self.init(.executed, .text(Array("/bin/true".utf8)), .signed(pid), .signed(oldPid))
    case .exited(let task):
      let values: [FieldValue] = [.comm(task.comm), .signed(task.pid), .signed(task.priority.rawValue)]
      self.init(role: .exited, values: dialect == .linux6 ? values : values + [.number(1)])
    case .renamed(let pid, let comm): self.init(.renamed, .signed(pid), .comm(.empty), .comm(comm), .number(0))
    case .inheritedPriority(let pid, let comm, let from, let to):
      self.init(.inheritedPriority, name(comm), .signed(pid), .signed(from.rawValue), .signed(to.rawValue))
    case .contentionBegan(let lock, let flags):
      self.init(.contentionBegan, .number(lock.rawValue), .number(UInt64(flags.rawValue)))
    case .contentionEnded(let lock, let result):
      self.init(.contentionEnded, .number(lock.rawValue), .signed(result))
    case .contendedRelease(let lock): self.init(.contendedRelease, .number(lock.rawValue))
    case .probedSwitch(let probe): self.init(probe, garbage: event.timestamp.rawValue)
    case .probedWait(let probe):
      // MUTEX_FLAG_WAITERS: the kernel sets it as soon as somebody sleeps.
      let owner = probe.ownerTask == 0 ? 0 : probe.ownerTask | 1
      self.init(
        .probedWait, .number(SyntheticAddress.probe), .number(probe.lock.rawValue),
        .number(UInt64(probe.flags.rawValue)), .number(owner))
    case .probedSetNext(let pid, let priority):
      self.init(.probedSetNext, .number(SyntheticAddress.probe), .signed(pid), .signed(priority.rawValue))
    case .probedExit(let isSwitch, let donor, let priority, let curr):
      self.init(
        .probedExit, .number(SyntheticAddress.probe), .number(isSwitch ? 1 : 0), .signed(donor),
        .signed(priority.rawValue), .signed(curr))
    case .mark(let mark): self.init(.message, .text(Array(mark.message.utf8)))
    case .donorNamed, .ownerNamed, .queued, .unqueued, .schedExt, .lost, .other: return nil
    }
  }

  private init(role: EventRole, values: [FieldValue]) {
    self.role = role
    self.values = values
  }

  private init(_ role: EventRole, _ values: FieldValue...) { self.init(role: role, values: values) }

  private init(_ record: SwitchRecord) throws(KitError) {
    guard let state = TaskStateBits.encode(record.previousState) else {
      throw KitError("no task state \(record.previousState)")
    }
    let (previous, next) = (record.previous, record.next)
    self.init(
      .switched, .comm(previous.comm), .signed(previous.pid), .signed(previous.priority.rawValue), .number(state),
      .comm(next.comm), .signed(next.pid), .signed(next.priority.rawValue))
  }

  private init(_ role: EventRole, _ record: WakeRecord) {
    let task = record.task
    self.init(role, .comm(task.comm), .signed(task.pid), .signed(task.priority.rawValue), .signed(record.targetCPU))
  }

  /// What stands behind a null pointer of the donor chain is garbage, as in the kernel's probes.
  private init(_ probe: SwitchProbe, garbage seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var values: [FieldValue] = [
      .number(SyntheticAddress.probe), .signed(probe.previous), .signed(probe.next), .number(probe.nextTask),
    ]
    for (index, pid) in [probe.donors.0, probe.donors.1, probe.donors.2].enumerated() {
      let depth = Int(probe.depth)
      switch index {
      case ..<depth: values += [.number(SyntheticAddress.task(pid)), .signed(pid)]
      case depth: values += [.number(0), .number(random.next())]
      default: values += [.number(random.next()), .number(random.next())]
      }
    }
    self.init(role: .probedSwitch, values: values + [.number(probe.previousBlockedOn)])
  }
}

/// Writes records of one event.
struct RecordEncoder {
  let format: EventFormat
  let fields: [PlacedField]
  let order: ByteOrder
  /// Size of the part whose size is fixed.
  private let fixedSize: Int

  init(_ format: EventFormat, _ layout: CaptureLayout) {
    self.format = format
    order = layout.order
    fields = format.place(longSize: layout.kernelLongSize)
    let end = fields.last.map { $0.offset + $0.size } ?? 8
    let alignments = fields.map { $0.field.alignment(longSize: layout.kernelLongSize) }
    let hasText = fields.contains { $0.field.kind == .text }
    // A C structure is as long as its alignment makes it; dynamic text begins right behind the last field.
    fixedSize = format.isPacked || hasText ? end : aligned(end, to: max(4, alignments.max() ?? 4))
  }

  func encode(pid: Pid, context: EventContext, _ values: [FieldValue]) -> [UInt8] {
    var record = ByteSink(order)
    record.put(format.id)
    record.put(UInt8(truncatingIfNeeded: context.rawValue))
    record.put(UInt8(context.contains(.migrationDisabled) ? 0x10 : 0))
    record.put(pid)
    var texts: [(position: Int, bytes: [UInt8])] = []
    for (field, value) in zip(fields, values) {
      record.put(zeros: field.offset - record.count)
      switch value {
      case .number(let bits): record.put(bits, size: field.size)
      case .comm(let comm):
        let bytes = comm.bytes
        record.put(bytes)
        record.put(zeros: 16 - bytes.count)
      case .text(let bytes):
        texts.append((record.count, bytes))
        record.put(UInt32(0))
      }
    }
    record.put(zeros: fixedSize - record.count)
    for (position, bytes) in texts {
      record.overwrite(at: position, with: UInt32(bytes.count + 1) << 16 | UInt32(record.count))
      record.put(bytes)
      record.put(UInt8(0))
    }
    return record.bytes
  }
}

extension ByteSink {
  fileprivate mutating func put(_ bits: UInt64, size: Int) {
    switch size {
    case 1: put(UInt8(truncatingIfNeeded: bits))
    case 2: put(UInt16(truncatingIfNeeded: bits))
    case 4: put(UInt32(truncatingIfNeeded: bits))
    default: put(bits)
    }
  }
}
