public import TraceCore

extension EventMap {
  /// The standard map as a file: every event, every field, what each role is for.
  public static var standardText: String {
    """
    # The events that proxytrace knows, the roles that they play, and where each role's fields stand in them.
    #
    # A map given with --events need only hold what is different. A role that it gives to an event of the capture is played
    # by the map's events alone. An event is SYSTEM:NAME as trace-cmd names it; a * at the end stands for any rest. Role
    # none takes an event's role away. Behind a role's field stands the event's field; common_pid is the task that was
    # current. ~ says that the event has none (optional fields alone); where a number may stand, it says which.
    version: 1
    events:

    """ + standardEntries.map(text).joined()
  }

  private static func text(_ entry: Entry) -> String {
    let role = entry.role
    var text = "  - event: \(entry.system):\(entry.name)  # \(role?.purpose ?? "nothing")\n"
    text += "    role: \(role?.word ?? "none")\n"
    guard let fields = role?.fields, !fields.isEmpty else { return text }
    text += "    fields:\n"
    for field in fields {
      text += "      \(field.name): \(word(entry.source(of: field)))\(note(field))\n"
    }
    return text
  }

  private static func word(_ source: Source) -> String {
    switch source {
    case .field(let name): name
    case .constant(let value): String(value)
    case .absent: "~"
    }
  }

  private static func note(_ field: RoleField) -> String {
    if field.mayBeConstant { return "  # or a number" }
    return field.isRequired ? "" : "  # optional"
  }
}
