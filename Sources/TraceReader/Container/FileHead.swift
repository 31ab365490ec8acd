import TraceCore

/// The first bytes of a `trace.dat` (trace-cmd's Documentation/trace-cmd/trace-cmd.dat.v7.5.txt, *INITIAL FORMAT*).
struct FileHead {
  static let magic: [UInt8] = [0x17, 0x08, 0x44] + Array("tracing".utf8)

  var version: Int
  var isBigEndian: Bool
  /// Size of `long` in the program that recorded, in bytes; the traced kernel's is in the header page.
  var userLongSize: Int
  /// Size of the top buffer's ring-buffer pages in bytes.
  var pageSize: UInt32
  /// `nil`: not compressed.
  var codec: Codec?
  /// Where version 7's first section of options is.
  var optionsOffset: UInt64
  /// Where the head ends.
  var end: UInt64

  init(_ file: FileView, path: String) throws(TraceError) {
    try Self.checkMagic(file, path)
    let start = UInt64(Self.magic.count)
    var cursor = MetadataCursor(file, from: start, to: file.size, isBigEndian: false, path: path)
    version = try Self.number(ofVersion: try cursor.string(limit: 16, "the file version"), path)
    let order = try cursor.u8("the byte order")
    guard order <= 1 else {
      throw TraceError(
        .damaged, path: path, "names a byte order \(order), which is neither 0 nor 1", offset: cursor.position - 1,
        advice: "the file is damaged: copy it again")
    }
    isBigEndian = order == 1
    userLongSize = Int(try cursor.u8("the size of long"))
    cursor = MetadataCursor(file, from: cursor.position, to: file.size, isBigEndian: isBigEndian, path: path)
    pageSize = try cursor.u32("the page size")
    (codec, optionsOffset) = (nil, 0)
    if version == 7 {
      codec = try Self.codec(named: try cursor.string(limit: 64, "the compression"), path, cursor.position)
      _ = try cursor.string(limit: 256, "the compressor's version")
      optionsOffset = try cursor.u64("the place of the options")
    }
    end = cursor.position
  }

  private static func checkMagic(_ file: FileView, _ path: String) throws(TraceError) {
    let found = file.bytes(at: 0, count: UInt64(magic.count))
    if found == magic { return }
    guard !found.isEmpty else { throw ForeignFormat.emptyFile(path) }
    if magic.starts(with: found) {
      throw TraceError(
        .damaged, path: path, "ends within its first bytes", offset: UInt64(found.count), advice: "copy the file again")
    }
    throw ForeignFormat.error(file, path)
  }

  /// Whether a file begins like a `trace.dat`. A file that is shorter than the magic number is compared as far as it
  /// goes.
  static func isHead(of file: FileView) -> Bool { magic.starts(with: file.bytes(at: 0, count: UInt64(magic.count))) }

  /// Whether another `trace.dat` begins somewhere in a file, as where files were put together.
  static func isHead(of file: FileView, at offset: UInt64) -> Bool {
    file.bytes(at: offset, count: UInt64(magic.count)) == magic
  }

  private static func number(ofVersion text: String, _ path: String) throws(TraceError) -> Int {
    if let version = Int(text), version == 6 || version == 7 { return version }
    throw TraceError(
      .unsupported, path: path, "has the file version \"\(text)\"; 6 and 7 are known", offset: UInt64(magic.count),
      advice: "convert it with trace-cmd convert --file-version 7")
  }

  private static func codec(named name: String, _ path: String, _ offset: UInt64) throws(TraceError) -> Codec? {
    if name == "none" || name.isEmpty { return nil }
    if let codec = Codec(rawValue: name) { return codec }
    throw TraceError(
      .unsupported, path: path, "is compressed with \"\(name)\"; zstd and zlib are known", offset: offset,
      advice: "convert it with trace-cmd convert --compression none")
  }
}
