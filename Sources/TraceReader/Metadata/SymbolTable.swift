import Glibc

/// A place in the traced kernel, as a symbol and the distance from it.
public struct KernelSymbol: Sendable, Hashable {
  /// Hostile text.
  public var name: String
  /// Bytes from the symbol's beginning.
  public var offset: UInt64
  /// The module it belongs to; `nil` for the kernel itself.
  public var module: String?

  /// A place in the kernel.
  package init(name: String, offset: UInt64, module: String? = nil) {
    self.name = name
    self.offset = offset
    self.module = module
  }
}

/// The traced kernel's `/proc/kallsyms`, as trace-cmd copied it: `ADDRESS TYPE NAME[\t[MODULE]]` a line.
///
/// Lines are kept as bytes; only the symbols that are requested become strings.
struct SymbolTable {
  private struct Entry {
    var address: UInt64
    /// Where in the text the name begins.
    var nameStart: Int32
    var nameEnd: Int32
  }

  private let text: [UInt8]
  /// Ascending by address.
  private var entries: [Entry] = []

  init(_ text: [UInt8]) {
    self.text = text
    guard text.count < Int(Int32.max) else { return }
    var start = 0
    while start < text.count, text[start] != 0 {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      if let entry = Self.entry(text[start..<end]) { entries.append(entry) }
      start = end + 1
    }
    // Among symbols at one address libtraceevent has the file's last first: it builds a list front to back and sorts
    // that with a stable sort.
    entries.sort { $0.address != $1.address ? $0.address < $1.address : $0.nameStart > $1.nameStart }
  }

  /// Whether a symbol of that name is listed, whatever its type.
  func contains(_ name: StaticString) -> Bool {
    let length = name.utf8CodeUnitCount
    return text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return false }
      var start = 0
      while start < text.count {
        let line = base + start
        let newline = memchr(line, 10, text.count - start)?.assumingMemoryBound(to: UInt8.self)
        let count = newline.map { line.distance(to: $0) } ?? text.count - start
        start += count + 1
        // `ADDRESS TYPE NAME`, and for modules `\t[MODULE]`: the address has up to 16 digits.
        for space in stride(from: 2, through: min(18, count - length - 1), by: 1)
        where line[space] == 32 && line[space - 2] == 32 {
          let end = space + 1 + length
          guard end == count || line[end] == 9, memcmp(line + space + 1, name.utf8Start, length) == 0 else { break }
          return true
        }
      }
      return false
    }
  }

  /// As libtraceevent does it (`tep_parse_kallsyms`), absolute symbols (on x86-64 offsets of per-CPU variables) and
  /// ARM's mapping symbols (`$a`) are left out. A line that is no symbol is skipped.
  private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
    let space = UInt8(ascii: " ")
    guard let first = line.firstIndex(of: space), line.endIndex - first > 3, line[first + 2] == space,
      let address = MetadataText.hexadecimal(line[..<first])
    else { return nil }
    let type = line[first + 1]
    let name = line[(first + 3)...].prefix { $0 != space && $0 != UInt8(ascii: "\t") && $0 != 0 }
    guard type != UInt8(ascii: "A"), type != UInt8(ascii: "a"), let initial = name.first, initial != UInt8(ascii: "$")
    else { return nil }
    return Entry(address: address, nameStart: Int32(name.startIndex), nameEnd: Int32(name.endIndex))
  }

  /// The symbol that an address lies in; beyond the last symbol nothing is known, since it has no end.
  ///
  /// Where several symbols share an address this finds the one that `trace-cmd report` prints: the steps of the search
  /// are those of C's `bsearch`, and the first symbol that it hits upon is taken (libtraceevent's `func_bcmp`).
  func symbol(for address: UInt64) -> KernelSymbol? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      let entry = entries[middle]
      let isInside = middle + 1 < entries.count && address > entry.address && address < entries[middle + 1].address
      if address == entry.address || isInside { return symbol(entry, address) }
      if address < entry.address { high = middle } else { low = middle + 1 }
    }
    return nil
  }

  private func symbol(_ entry: Entry, _ address: UInt64) -> KernelSymbol {
    KernelSymbol(
      name: String(decoding: text[Int(entry.nameStart)..<Int(entry.nameEnd)], as: UTF8.self),
      offset: address - entry.address, module: module(after: Int(entry.nameEnd)))
  }

  /// `\t[NAME]` after a symbol's name.
  private func module(after end: Int) -> String? {
    guard end + 1 < text.count, text[end] == UInt8(ascii: "\t"), text[end + 1] == UInt8(ascii: "[") else { return nil }
    let name = text[(end + 2)...].prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "\n") && $0 != 0 }
    return String(decoding: name, as: UTF8.self)
  }
}
