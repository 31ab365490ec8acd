import Glibc
import TraceCore

/// The events of a text by their names, numbered as they appear: a text has no formats and no ids.
struct TextEvents {
  private struct Known {
    var name: [UInt8]
    var info: EventInfo
    /// Where the fields of its role are, if they are written as `key=value`.
    var sources: [KeyValueFields.Source] = []
  }

  /// What is needed of an event for each of its lines, without reference counts.
  private struct Key {
    /// The name's length, its first and its last eight bytes; of a shorter one, nothing.
    var count: Int
    var first: UInt64 = 0
    var last: UInt64 = 0
    var id: UInt16 = 0
    var role: EventRole?
    /// The sched_ext callback that the event stands for by its role.
    var mark: MarkKinds = []
    /// Whether the entry is the user's.
    var isOwn = false
    /// Whether its fields are written as `key=value`: events of the user's map, and probes.
    var hasKeys = false

    @inline(__always)
    init(_ name: UnsafeRawBufferPointer) {
      count = name.count
      guard count >= 8, let base = name.baseAddress else { return }
      first = base.loadUnaligned(as: UInt64.self)
      last = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }

    /// Whether first and last bytes are all of the name.
    @inline(__always)
    var isComplete: Bool { count >= 8 && count <= 16 }

    @inline(__always)
    func hasEnds(of other: Key) -> Bool { count == other.count && first == other.first && last == other.last }
  }

  /// More names than this are no names; their records count as one event.
  private static let mostNames = 1000
  private static let slotCount = 2048

  private let map: EventMap
  private var known: [Known] = []
  /// Of each of `known`.
  private var keys: [Key] = []
  /// Open addressing by ``hash(_:)``: 0 = free, else an index of `known` and 1.
  private var slots = [UInt16](repeating: 0, count: TextEvents.slotCount)

  init(_ map: EventMap) { self.map = map }

  /// All events so far.
  var infos: [EventInfo] { known.map(\.info) }

  /// Their names as the text has them, from a place on.
  func names(from place: Int) -> [[UInt8]] { known[place...].map(\.name) }

  /// A name is coloured: it is another one's.
  private(set) var hasColours = false

  /// There are so many names that some are taken for one.
  var isFull: Bool { known.count == Self.mostNames }

  /// The index of an event by its name in the text, with or without its system.
  @inline(__always)
  mutating func index(of name: UnsafeRawBufferPointer) -> Int {
    let key = Key(name)
    var slot = Self.hash(name, key)
    while true {
      let found = Int(slots[slot])
      if found == 0 { return add(name, at: slot) }
      if keys[found &- 1].hasEnds(of: key), key.isComplete || Self.equal(known[found - 1].name, name) {
        return found &- 1
      }
      slot = (slot &+ 1) & (Self.slotCount - 1)
    }
  }

  /// What decides how a line of an event is read.
  @inline(__always)
  func facts(_ index: Int) -> (id: UInt16, role: EventRole?, isOwn: Bool) {
    let key = keys[index]
    return (key.id, key.role, key.isOwn)
  }

  func id(_ index: Int) -> UInt16 { keys[index].id }
  func mark(_ index: Int) -> MarkKinds { keys[index].mark }
  func sources(_ index: Int) -> [KeyValueFields.Source] { known[index].sources }
  func hasKeys(_ index: Int) -> Bool { keys[index].hasKeys }

  @inline(__always)
  private static func equal(_ a: [UInt8], _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count, let base = b.baseAddress else { return a.isEmpty && b.isEmpty }
    return a.withUnsafeBytes { memcmp($0.baseAddress ?? base, base, b.count) == 0 }
  }

  @inline(__always)
  private static func hash(_ name: UnsafeRawBufferPointer, _ key: Key) -> Int {
    var hash = UInt64(truncatingIfNeeded: name.count)
    if name.count >= 8 {
      hash ^= key.first &* 0x9e37_79b9_7f4a_7c15 ^ key.last &* 0xc2b2_ae3d_27d4_eb4f
    } else {
      for byte in name { hash = (hash &* 31) &+ UInt64(byte) }
    }
    return Int((hash ^ hash >> 32 ^ hash >> 51) & UInt64(slotCount - 1))
  }

  @inline(never)
  private mutating func add(_ bytes: UnsafeRawBufferPointer, at slot: Int) -> Int {
    if known.count == Self.mostNames { return known.count - 1 }
    let name = known.count == Self.mostNames - 1 ? Array("(other)".utf8) : Array(bytes)
    if bytes.contains(0x1b) { hasColours = true }
    let text = String(decoding: name, as: UTF8.self)
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    let (system, bare) = parts.count == 2 ? (parts[0], parts[1]) : ("", text)
    let entry = entry(system, bare)
    known.append(
      Known(
        name: name,
        info: EventInfo(
          id: UInt16(known.count + 1), system: system.isEmpty ? entry?.system ?? "" : system, name: bare,
          role: entry?.role), sources: entry.map(KeyValueFields.sources(of:)) ?? []))
    var key = name.withUnsafeBytes { Key($0) }
    (key.id, key.role) = (UInt16(known.count), entry?.role)
    key.mark = entry?.role?.details.mark.map { MarkKinds($0) } ?? []
    key.isOwn = entry.map { map.isOwn(system: $0.system, name: bare) } ?? false
    key.hasKeys = key.isOwn || entry?.system == "proxytrace"
    keys.append(key)
    slots[slot] = UInt16(known.count)
    return known.count - 1
  }

  /// The map's entry for an event. A name without a system matches in any system.
  private func entry(_ system: String, _ name: String) -> EventMap.Entry? {
    if !system.isEmpty { return map.entry(system: system, name: name) }
    return (map.own + EventMap.standardEntries).first { map.entry(system: $0.system, name: name) == $0 }
  }
}
