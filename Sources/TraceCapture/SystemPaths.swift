import Glibc

/// Where the kernel's files are: on the machine, or below a folder that a test has made.
public struct SystemPaths: Sendable, Hashable {
  /// Goes before every absolute path; empty on the machine itself.
  public let root: String
  /// The tracefs folder; `nil` where none is mounted.
  public let tracefs: String?

  /// - Parameter root: A folder that holds `proc`, `sys` and `boot`; empty for the machine.
  public init(root: String = "") {
    self.root = root
    tracefs = Self.findTracefs(root: root)
  }

  /// The real path of an absolute one.
  func path(_ absolute: String) -> String { root + absolute }

  /// The text of a file, `nil` where it cannot be read.
  func text(_ absolute: String) -> String? { KernelFile.text(path(absolute)) }

  /// The same without white space at both ends.
  func line(_ absolute: String) -> String? { text(absolute).map(KernelFile.trimmed) }

  /// The first tracefs of the mount table. Nothing is mounted: that would be left behind.
  private static func findTracefs(root: String) -> String? {
    guard let mounts = KernelFile.text(root + "/proc/self/mounts") else { return nil }
    var found: String?
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3, words[2] == "tracefs" else { continue }
      let place = root + unescaped(words[1])
      // Mounted a second time below debugfs; the usual place is the better name.
      if place.hasSuffix("/sys/kernel/tracing") { return place }
      found = found ?? place
    }
    return found
  }

  /// The mount table writes a space as `\040`.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let first = rest.first {
      let digits = rest.dropFirst().prefix(3)
      if first == UInt8(ascii: "\\"), digits.count == 3,
        let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(4)
      } else {
        bytes.append(first)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Small files of the kernel: their size is not known beforehand.
enum KernelFile {
  static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return bytes(of: descriptor)
  }

  static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  static func trimmed(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\0" }
    var rest = text[...].drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(rest)
  }

  /// Everything that can be read from here on; `nil` where reading fails.
  static func bytes(of descriptor: Int32) -> [UInt8]? {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return all }
      all.append(contentsOf: block[..<count])
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Names in a folder, sorted, without `.` and `..`; empty where it cannot be read.
  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Writes a text to a file that exists, in one call, as the kernel's files want it.
  /// - Returns: 0, or the `errno`.
  static func write(_ text: String, to path: String, appends: Bool = false) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC))
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    return count == bytes.count ? 0 : count < 0 ? errno : EIO
  }

  /// The numbers of a list such as `0-3,8`; `nil` where it is none.
  static func numbers(_ list: String) -> [Int]? {
    var all: [Int] = []
    for part in trimmed(list).split(separator: ",") {
      let ends = part.split(separator: "-", maxSplits: 1).map { Int($0) }
      guard let low = ends.first ?? nil, let high = ends.count == 2 ? ends[1] : low, low >= 0, low <= high,
        high < 1 << 16
      else { return nil }
      all += low...high
    }
    return all
  }
}
