/// Which events play which role, and which of their fields are the role's: so captures of kernels with other event
/// names can be read.
///
/// The user's entries come before the standard ones. A role that a map gives to an event of the capture is played by
/// the map's events alone: otherwise switches, say, would be read twice.
public struct EventMap: Sendable, Hashable {
  /// One event, or all events whose names have a prefix.
  public struct Entry: Sendable, Hashable {
    /// The event's group in tracefs, such as `sched`.
    public var system: String
    /// The event's name; with a `*` at the end, all names that begin so.
    public var name: String
    /// `nil`: the event has no role, even if the standard map gives it one.
    public var role: EventRole?
    /// Where the role's fields are, by ``RoleField/name``. Fields that are left out have their ``RoleField/standard``
    /// name.
    public var sources: [String: Source]

    /// Gives an event a role, or takes its role away.
    public init(system: String, name: String, role: EventRole?, sources: [String: Source] = [:]) {
      self.system = system
      self.name = name
      self.role = role
      self.sources = sources
    }

    /// Where a role's field is.
    public func source(of field: RoleField) -> Source { sources[field.name] ?? .field(field.standard) }

    func matches(_ system: String, _ name: String) -> Bool {
      guard system == self.system else { return false }
      guard self.name.hasSuffix("*") else { return name == self.name }
      return name.hasPrefix(self.name.dropLast())
    }
  }

  /// Where a role's field is.
  public enum Source: Sendable, Hashable {
    /// In an event's field of that name; `common_pid` is the task that was current.
    case field(String)
    /// In no field; it is always this number.
    case constant(Int64)
    /// In no field.
    case absent
  }

  /// The user's entries, of which the first that matches an event counts; empty in the standard map.
  public var own: [Entry]

  /// A map with the user's entries before the standard ones.
  public init(own: [Entry]) { self.own = own }

  /// The kernel's own events, and those of proxytrace's probes.
  public static let standard = EventMap(own: [])

  /// The first entry that matches an event; `nil` if none does.
  public func entry(system: String, name: String) -> Entry? {
    own.first { $0.matches(system, name) } ?? Self.standardEntries.first { $0.matches(system, name) }
  }

  /// Whether an event's entry is the user's.
  public func isOwn(system: String, name: String) -> Bool { own.contains { $0.matches(system, name) } }

  /// The user's entries that match none of these events and are not in the standard map. They may be misspelt.
  public func unused(in events: [EventInfo]) -> [Entry] {
    own.filter { entry in
      let isStandard = Self.standardEntries.contains { $0.system == entry.system && $0.name == entry.name }
      return !isStandard && !events.contains { entry.matches($0.system, $0.name) }
    }
  }

  /// The entries of the standard map. `proxytrace` is the group of the exact probes, and of events that a user may
  /// make.
  public static let standardEntries: [Entry] = RoleDescription.table.map {
    Entry(system: $0.system, name: $0.event, role: $0.role)
  }
}
