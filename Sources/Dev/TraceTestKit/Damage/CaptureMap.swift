/// A capture's parts and where they are, found by walking the file by hand: what a test of damage needs to hit a chosen part, and
/// to know what should be left. Shares nothing with the reader, so that the two check each other.
///
/// Only for whole files: one that is damaged has no map.
public struct CaptureMap: Sendable {
  /// An integer of the metadata: a size, an offset, a count.
  public struct Field: Sendable, Hashable {
    public var name: String
    public var offset: Int
    /// In bytes: 2, 4 or 8.
    public var width: Int
  }

  /// Where the file says that a CPU's data is.
  public struct Extent: Sendable, Hashable {
    public var cpu: Int
    public var offset: Int
    public var size: Int
    /// Where in the file that is said.
    public var offsetField: Int
    public var sizeField: Int
    /// Belongs to the top buffer.
    public var isTop: Bool
  }

  /// A ring-buffer page of the top buffer that is stored as it is.
  public struct Page: Sendable {
    public var cpu: Int
    public var range: Range<Int>
    public var records: [Record]
  }

  /// A record's payload.
  public struct Record: Sendable {
    public var time: UInt64
    public var range: Range<Int>
  }

  /// The text of an event's format.
  public struct Format: Sendable {
    public var system: String
    public var range: Range<Int>
    /// Where its size stands: 8 bytes.
    public var sizeField: Int
  }

  public let bytes: [UInt8]
  public let version: Int
  public let order: ByteOrder
  public let pageSize: Int
  public let isCompressed: Bool
  /// Where a section or another part begins or ends.
  public internal(set) var boundaries: [Int] = []
  public internal(set) var fields: [Field] = []
  public internal(set) var extents: [Extent] = []
  public internal(set) var formats: [Format] = []
  public internal(set) var pages: [Page] = []

  public init(_ bytes: [UInt8]) throws(KitError) {
    let head = try CaptureHead(bytes)
    self.bytes = bytes
    (version, order) = (head.version, head.order)
    (pageSize, isCompressed) = (head.pageSize, head.compression != .none)
    var walk = MapWalk(bytes, head)
    if version == 6 { try walk.version6() } else { try walk.version7() }
    boundaries = Set(walk.boundaries + [bytes.count]).sorted()
    (fields, extents, formats) = (walk.fields, walk.extents, walk.formats)
    // The walk through pages knows one order, which all real captures have.
    if !isCompressed, order == .little { pages = Self.pages(of: self) }
  }

  /// Where the CPUs' data begins.
  public var dataStart: Int { extents.filter { $0.size > 0 }.map(\.offset).min() ?? bytes.count }

  /// The texts of an event's format, `name: NAME` and so on.
  public func text(of format: Format) -> String { String(decoding: bytes[format.range], as: UTF8.self) }
}

// MARK: - Pages

extension CaptureMap {
  private static func pages(of map: CaptureMap) -> [Page] {
    // The size of commit is that of the kernel's long.
    let description = String(decoding: map.bytes.prefix(1024), as: UTF8.self)
    let headSize = description.contains("commit;\toffset:8;\tsize:4;") ? 12 : 16
    return map.extents.filter(\.isTop).flatMap { extent in
      stride(from: extent.offset, to: extent.offset + extent.size, by: map.pageSize).map { start in
        let range = start..<min(start + map.pageSize, map.bytes.count)
        return Page(cpu: extent.cpu, range: range, records: records(of: map.bytes[range], headSize: headSize))
      }
    }
  }

  /// Walks a page of a little-endian kernel (include/linux/ring_buffer.h).
  private static func records(of page: ArraySlice<UInt8>, headSize: Int) -> [Record] {
    func word(_ place: Int) -> UInt64 {
      page[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let start = page.startIndex
    var time = word(start) | word(start + 4) << 32
    let end = min(start + headSize + Int(word(start + 8) & 0xfffff), page.endIndex)
    var place = start + headSize
    var records: [Record] = []
    while place + 4 <= end {
      let (type, delta) = (word(place) & 31, word(place) >> 5)
      switch type {
      case 29 where delta == 0: return records
      case 29:
        time += delta
        place += 4 + Int(word(place + 4))
      case 30:
        time += word(place + 4) << 27 | delta
        place += 8
      case 31:
        time = word(place + 4) << 27 | delta
        place += 8
      default:
        time += delta
        let head = type == 0 ? 8 : 4
        let count = type == 0 ? Int(word(place + 4)) - 4 : Int(type) * 4
        records.append(Record(time: time, range: place + head..<place + head + count))
        place += head + (count + 3) / 4 * 4
      }
    }
    return records
  }
}
