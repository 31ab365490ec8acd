import Foundation
public import TraceCore
import Yams

extension EventMap {
  /// In bytes. No map is larger.
  private static let largestFile = 1 << 20

  /// Reads a map from a file.
  /// - Throws: `cannotOpen`; `badMap` with line and column.
  public init(path: String) throws(TraceError) {
    let bytes: [UInt8]
    do throws(SmallFile.Problem) {
      bytes = try SmallFile.read(path, limit: Self.largestFile)
    } catch {
      throw TraceError(
        .cannotOpen, path: path, "the event map \(error.text)", advice: "check its name and permissions")
    }
    try self.init(bytes, path: path)
  }

  /// Reads a map's text.
  /// - Parameter path: The name of the map in errors.
  /// - Throws: `badMap` with line and column.
  public init(_ bytes: [UInt8], path: String) throws(TraceError) {
    guard bytes.count <= Self.largestFile else {
      throw TraceError(.badMap, path: path, "is larger than an event map can be", advice: Problem.advice)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TraceError(.badMap, path: path, "is no UTF-8 text", advice: Problem.advice)
    }
    do throws(Problem) {
      self.init(own: try MapFile.entries(text))
    } catch {
      throw error.error(path)
    }
  }
}

/// What is wrong with a map, and where.
private struct Problem: Error {
  var text: String
  /// From 1; `nil` where the parser does not give them.
  var line, column: Int?
  var remedy = Self.advice

  static let advice = "proxytrace info --print-event-map prints a map to start from"

  init(_ text: String, _ mark: Mark?, _ advice: String = Self.advice) {
    self.text = text
    (line, column) = (mark?.line, mark?.column)
    remedy = advice
  }

  func error(_ path: String) -> TraceError {
    let place = line.map { "line \($0), column \(column ?? 1): " } ?? ""
    return TraceError(.badMap, path: path, place + text, advice: remedy)
  }
}

/// The parts of a map's text.
private enum MapFile {
  static func entries(_ text: String) throws(Problem) -> [EventMap.Entry] {
    try refuseAliases(text)
    guard let root = try compose(text) else { throw Problem("holds nothing", nil) }
    let parts = try mapping(root, "a map", ["version", "events"])
    if let version = parts["version"], version.scalar?.string != "1" {
      throw Problem("this version of event maps is not known", version.mark, "write version: 1")
    }
    guard let events = parts["events"] else { throw Problem("there is no list of events", root.mark) }
    guard let list = events.sequence else { throw Problem("events is no list", events.mark, "begin each with a dash") }
    var entries: [EventMap.Entry] = []
    for node in list {
      let entry = try entry(node)
      if entries.contains(where: { $0.system == entry.system && $0.name == entry.name }) {
        throw Problem("\(entry.system):\(entry.name) stands here twice", node.mark, "keep one of them")
      }
      entries.append(entry)
    }
    return entries
  }

  /// Refuses words that begin with an asterisk before the parser sees them. Aliases of aliases can make a few lines
  /// into more nodes than fit into memory, and the parser visits all of them in a mapping's key. No map needs aliases.
  private static func refuseAliases(_ text: String) throws(Problem) {
    var (line, column) = (1, 0)
    // The two bytes before.
    var (first, last) = (UInt8(ascii: " "), UInt8(ascii: " "))
    var isComment = false
    for byte in text.utf8 {
      column += 1
      // A colon without a blank after it ends a key only if the key is in quotes or brackets.
      let beginsWord =
        " \t\r\n,[{".utf8.contains(last) || last == UInt8(ascii: ":") && "\"']}".utf8.contains(first)
      if byte == UInt8(ascii: "#"), beginsWord { isComment = true }
      if byte == UInt8(ascii: "*"), beginsWord, !isComment {
        var problem = Problem("aliases are not read", nil, "write what it stands for, or put the word into quotes")
        (problem.line, problem.column) = (line, column)
        throw problem
      }
      if byte == UInt8(ascii: "\n") { (line, column, isComment) = (line + 1, 0, false) }
      (first, last) = (last, byte)
    }
  }

  private static func compose(_ text: String) throws(Problem) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw problem(error)
    } catch {
      throw Problem("is no YAML", nil)
    }
  }

  private static func problem(_ error: YamlError) -> Problem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return Problem("is no YAML: \(problem)", mark)
    case .reader(let problem, _, _, _): return Problem("is no YAML: \(problem)", nil)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
      return Problem("\(names) stands here twice", context.mark, "keep one of them")
    default: return Problem("is no YAML", nil)
    }
  }

  /// A mapping's values by their keys, all of which must be known.
  private static func mapping(_ node: Node, _ what: String, _ known: [String]) throws(Problem) -> [String: Node] {
    guard let mapping = node.mapping else {
      throw Problem("\(what) is no mapping", node.mark, "write KEY: VALUE, with \(known.joined(separator: ", "))")
    }
    var values: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, known.contains(name) else {
        let name = key.scalar.map { "\"\($0.string)\"" } ?? "such"
        throw Problem("\(what) has no \(name)", key.mark, "it has \(known.joined(separator: ", "))")
      }
      values[name] = value
    }
    return values
  }

  private static func entry(_ node: Node) throws(Problem) -> EventMap.Entry {
    let parts = try mapping(node, "an event", ["event", "role", "fields"])
    guard let event = parts["event"] else {
      throw Problem("an event without its name", node.mark, "add event: SYSTEM:NAME")
    }
    let (system, name) = try self.name(event)
    guard let word = parts["role"] else {
      throw Problem("\(system):\(name) has no role", node.mark, "add role: one of \(roles)")
    }
    let role = try self.role(word)
    var sources: [String: EventMap.Source] = [:]
    if let fields = parts["fields"], !isNull(fields) {
      guard let role else { throw Problem("role none has no fields", fields.mark, "leave them out") }
      for (key, value) in try mapping(fields, "role \(role.word)", role.fields.map(\.name)) {
        guard let field = role.fields.first(where: { $0.name == key }) else { continue }
        sources[key] = try source(value, of: field, role)
      }
    }
    return EventMap.Entry(system: system, name: name, role: role, sources: sources)
  }

  private static func name(_ node: Node) throws(Problem) -> (system: String, name: String) {
    let parts = (node.scalar?.string ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, isWord(parts[0]), isWord(parts[1].hasSuffix("*") ? parts[1].dropLast() : parts[1][...])
    else {
      throw Problem("no event has such a name", node.mark, "write SYSTEM:NAME, as in sched:sched_switch")
    }
    return (parts[0], parts[1])
  }

  private static let roles = (EventRole.allCases.map(\.word) + ["none"]).joined(separator: ", ")

  private static func role(_ node: Node) throws(Problem) -> EventRole? {
    let word = node.scalar?.string
    if word == "none" { return nil }
    guard let role = EventRole.allCases.first(where: { $0.word == word }) else {
      throw Problem("there is no role \(word.map { "\"\($0)\"" } ?? "of that kind")", node.mark, "there are \(roles)")
    }
    return role
  }

  private static func source(_ node: Node, of field: RoleField, _ role: EventRole) throws(Problem) -> EventMap.Source {
    if isNull(node) {
      if field.isRequired {
        throw Problem("role \(role.word) needs \(field.name)", node.mark, "name the event's field")
      }
      return .absent
    }
    guard let text = node.scalar?.string else {
      throw Problem("\(field.name) is no name of a field", node.mark, "write one word")
    }
    if let value = Int64(text) {
      guard field.mayBeConstant else {
        throw Problem("\(field.name) of role \(role.word) cannot be a number", node.mark, "name the event's field")
      }
      return .constant(value)
    }
    guard isWord(text) else { throw Problem("no field has such a name", node.mark, "write one word") }
    return .field(text)
  }

  private static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  /// A letter or `_`, then letters, digits, `_` and `-`: what the kernel allows in names of systems, events and fields.
  private static func isWord(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, !first.isASCIIDigit, first != UInt8(ascii: "-") else { return false }
    return text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
  }
}
