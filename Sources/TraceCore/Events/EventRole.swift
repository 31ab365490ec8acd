/// What an event is to the analysis. ``RoleDescription`` says what each role stands for.
public enum EventRole: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  case switched, waking, wakeup, wakeupNew, migrated
  case forked, executed, exited, renamed, inheritedPriority
  case contentionBegan, contentionEnded, contendedRelease
  case probedSwitch, probedWait, probedSetNext, probedExit
  /// Callbacks of a sched_ext scheduler, each as an event of its own.
  case running, stopping, enqueued
  /// Free text. The message decides whether the record is a mark of a callback.
  case message
  /// Events of the kernel that name a donor, or a lock's owner.
  case donor, owner
  /// What the kernel reports about the loaded BPF scheduler.
  case schedExtCounter, schedExtExit, schedExtDump
  /// A runqueue gets a task, or loses one.
  case queued, unqueued

  /// The role that an event has by default; `nil` for events without a role.
  /// - Parameters:
  ///   - system: The event's group in tracefs, such as `sched`.
  ///   - name: The event's name in that group.
  public static func standard(system: String, name: String) -> EventRole? {
    EventMap.standard.entry(system: system, name: name)?.role
  }

  /// Everything that is known about the role.
  public var details: RoleDescription { RoleDescription.table[Int(rawValue)] }

  /// The role's name in event maps.
  public var word: String { details.word }

  /// What the role stands for, in a line.
  public var purpose: String { details.purpose }

  /// The fields of events with this role.
  public var fields: [RoleField] { details.fields }

  /// The event to record for this role, as `trace-cmd record -e` takes it: `SYSTEM:NAME`.
  public var eventName: String { details.eventName }

  /// Whether the role is that of an exact probe, which `--ignore-probes` leaves out.
  public var isProbe: Bool { details.isProbe }
}

extension EventBody {
  /// The role of the event that has this body by default; of a mark, that of the callback's own event. `nil` for losses
  /// and for records without a role.
  public var role: EventRole? {
    switch self {
    case .switched: .switched
    case .waking: .waking
    case .wakeup: .wakeup
    case .wakeupNew: .wakeupNew
    case .migrated: .migrated
    case .forked: .forked
    case .executed: .executed
    case .exited: .exited
    case .renamed: .renamed
    case .inheritedPriority: .inheritedPriority
    case .contentionBegan: .contentionBegan
    case .contentionEnded: .contentionEnded
    case .contendedRelease: .contendedRelease
    case .probedSwitch: .probedSwitch
    case .probedWait: .probedWait
    case .probedSetNext: .probedSetNext
    case .probedExit: .probedExit
    case .mark(let mark):
      switch mark.kind {
      case .running: .running
      case .stopping: .stopping
      case .enqueue: .enqueued
      }
    case .schedExt(let record):
      switch record.kind {
      case .counter: .schedExtCounter
      case .stalled: .schedExtDump
      case .exit: .schedExtExit
      }
    case .donorNamed: .donor
    case .ownerNamed: .owner
    case .queued: .queued
    case .unqueued: .unqueued
    case .lost, .other: nil
    }
  }
}
