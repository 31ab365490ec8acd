/// The name of a field that some role has. Roles that have a field of the same name mean different things by it only
/// where ``RoleDescription/fields`` says so.
package enum FieldName: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case comm, pid, prio
  case prevComm, prevPid, prevPrio, prevState
  case nextComm, nextPid, nextPrio, nextTask
  case targetCPU, origCPU, destCPU
  case parentPid, childPid, childComm, oldPid
  case oldprio, newprio
  case lock, flags, ret, owner, waiter
  case donor, donorPid, donor2, donor2Pid, donor3, donor3Pid, prevBlockedOn
  case runnable, text
  case name, delta, kind
  case isSwitch, dprio, curr
  case blocked, cpu, dsq

  private static let words = [
    "comm", "pid", "prio",
    "prev_comm", "prev_pid", "prev_prio", "prev_state",
    "next_comm", "next_pid", "next_prio", "next_task",
    "target_cpu", "orig_cpu", "dest_cpu",
    "parent_pid", "child_pid", "child_comm", "old_pid",
    "oldprio", "newprio",
    "lock", "flags", "ret", "owner", "waiter",
    "donor", "donor_pid", "donor2", "donor2_pid", "donor3", "donor3_pid", "prev_blocked_on",
    "runnable", "text",
    "name", "delta", "kind",
    "is_switch", "dprio", "curr",
    "blocked", "cpu", "dsq",
  ]

  /// As event maps write it.
  package var word: String { Self.words[Int(rawValue)] }

  /// What a field holds.
  package enum Content: Sendable {
    case number
    /// A task's name, of at most 16 bytes.
    case comm
    /// Text of any length.
    case text
  }

  /// What the field holds.
  package var content: Content {
    switch self {
    case .comm, .prevComm, .nextComm, .childComm: .comm
    case .text, .name: .text
    default: .number
    }
  }
}

/// A field that a role has.
public struct RoleField: Sendable, Hashable {
  /// Which field it is.
  package let field: FieldName
  /// What the field is called in the event that has the role by default.
  public let standard: String
  /// Whether an event without the field cannot have the role.
  public let isRequired: Bool
  /// Whether a map may give a number instead of a field.
  public let mayBeConstant: Bool

  /// The field's name in event maps.
  public var name: String { field.word }

  init(_ field: FieldName, _ standard: String? = nil, isRequired: Bool = true, mayBeConstant: Bool = false) {
    self.field = field
    self.standard = standard ?? field.word
    self.isRequired = isRequired
    self.mayBeConstant = mayBeConstant
  }

  static func optional(_ field: FieldName) -> RoleField { RoleField(field, isRequired: false) }

  static func orConstant(_ field: FieldName) -> RoleField { RoleField(field, mayBeConstant: true) }
}
