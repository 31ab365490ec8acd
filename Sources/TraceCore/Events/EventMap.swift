/// Which events play which role, and where the fields of a role stand in them: what lets traces of kernels be read that name
/// their events otherwise.
///
/// Behind the entries of a user's map stand the standard ones. A role that a map gives to an event of the capture is played by
/// the map's events alone: two streams of switches would be one too many.
public struct EventMap: Sendable, Hashable {
  /// One event, or all whose names begin alike.
  public struct Entry: Sendable, Hashable {
    public var system: String
    /// The event's name; with a `*` at the end, all names that begin so.
    public var name: String
    /// `nil`: none, though the standard map may have one for it.
    public var role: EventRole?
    /// Where the role's fields are. Those that are not in it are called as the role calls them by default.
    public var sources: [String: Source]

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
    /// Nowhere; it is always this number.
    case constant(Int64)
    /// Nowhere.
    case absent
  }

  /// The user's entries, the first that matches counts; empty in the standard map.
  public var own: [Entry]

  public init(own: [Entry]) { self.own = own }

  /// The kernel's own events, and those of proxytrace's probes.
  public static let standard = EventMap(own: [])

  /// What an event is to be taken for; `nil` for nothing.
  public func entry(system: String, name: String) -> Entry? {
    own.first { $0.matches(system, name) } ?? Self.standardEntries.first { $0.matches(system, name) }
  }

  /// Whether an event's entry is the user's.
  public func isOwn(system: String, name: String) -> Bool { own.contains { $0.matches(system, name) } }

  /// The user's entries that are not in the standard map, for events that none of these is: misspelt, perhaps.
  public func unused(in events: [EventInfo]) -> [Entry] {
    own.filter { entry in
      let isStandard = Self.standardEntries.contains { $0.system == entry.system && $0.name == entry.name }
      return !isStandard && !events.contains { entry.matches($0.system, $0.name) }
    }
  }

  /// The entries of the standard map. `proxytrace` is the group of the exact probes, and of events that a user may make.
  public static let standardEntries: [Entry] = RoleDescription.table.map {
    Entry(system: $0.system, name: $0.event, role: $0.role)
  }
}
