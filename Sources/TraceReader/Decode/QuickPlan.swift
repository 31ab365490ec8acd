import TraceCore

/// A decode plan in 12 bytes, of a switch or a wakeup with the layout of all little-endian kernels: each task a block
/// of name, pid and priority. Most records of most captures have one.
struct QuickPlan: BitwiseCopyable {
  let kind: PackedEvent.Kind
  /// How many bits of the first field's 8 bytes are before it.
  let shift: UInt8
  /// Shorter records are not decoded by this.
  let minimumSize: UInt16
  /// Where the tasks' blocks are; of a wakeup the first alone.
  let task: UInt16
  let next: UInt16
  /// Where the 8 bytes are that end with `prev_state`, or the 4 bytes of `target_cpu`.
  let first: UInt16

  /// No record is long enough for it.
  static let none = QuickPlan(kind: .other, shift: 0, minimumSize: .max, task: 0, next: 0, first: 0)
}

extension QuickPlan {
  /// - Returns: `nil` for the plan of another event, or of another layout.
  init?(_ plan: DecodePlan) {
    let field = plan.first
    guard field.isPresent, plan.task.block != 0, plan.minimumSize >= CommonFields.size,
      let size = UInt16(exactly: plan.minimumSize), size < .max
    else { return nil }
    switch plan.packedKind {
    case .switched where plan.next.block != 0:
      self.init(
        kind: .switched, shift: field.shift, minimumSize: size, task: plan.task.block, next: plan.next.block,
        first: field.start)
    case .waking where field.isInt32(at: Int(field.start) + 4), .wakeup where field.isInt32(at: Int(field.start) + 4):
      self.init(
        kind: plan.packedKind, shift: 0, minimumSize: size, task: plan.task.block, next: 0,
        first: field.start + 4)
    default: return nil
    }
  }
}

/// Quick plans by event id, and states by their bits, each found by one load.
struct QuickPlans: ~Copyable {
  /// States below this are looked up; no kernel since 4.14 has more bits.
  static let stateLimit: UInt64 = 512

  /// ``count`` plans; ids beyond have none.
  let plans: UnsafeMutablePointer<QuickPlan>
  let count: Int
  /// ``PackedEvent/bits(_:)`` of ``stateLimit`` states.
  let states: UnsafeMutablePointer<UInt16>

  init(_ known: [UInt16: QuickPlan], _ letters: StateLetters) {
    count = (known.keys.max().map(Int.init) ?? -1) + 1
    // Both owned here alone, never changed and freed once.
    plans = .allocateLines(capacity: max(count, 1))
    for id in 0..<count { (plans + id).initialize(to: known[UInt16(id)] ?? .none) }
    states = .allocateLines(capacity: Int(Self.stateLimit))
    for raw in 0..<Int(Self.stateLimit) {
      (states + raw).initialize(to: PackedEvent.bits(letters.state(UInt64(raw))))
    }
  }

  deinit {
    plans.deallocate()
    states.deallocate()
  }
}
