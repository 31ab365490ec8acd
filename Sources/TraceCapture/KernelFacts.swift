import CZlib
import Glibc

/// What the running kernel says of itself, without root as far as it goes.
struct KernelFacts {
  /// `Linux HOST RELEASE MACHINE`, as trace-cmd stores it.
  var uname: String
  var release: String
  var commandLine: String?
  /// Lines `CONFIG_X=…`; `nil` where the kernel's configuration cannot be read.
  var config: [String: String]?
  /// Where it was read from.
  var configPlace = ""
  var schedExt: SchedExtState?
  var btf: BTF?

  init(_ system: SystemPaths) {
    let words = KernelRelease.words
    release = system.line("/proc/sys/kernel/osrelease") ?? words.release
    uname = "Linux \(words.host) \(release) \(words.machine)"
    commandLine = system.line("/proc/cmdline")
    schedExt = SchedExtState(system)
    btf = KernelFile.bytes(system.path("/sys/kernel/btf/vmlinux")).flatMap(BTF.init)
    readConfig(system)
  }

  private mutating func readConfig(_ system: SystemPaths) {
    let places = ["/proc/config.gz", "/boot/config-\(release)", "/lib/modules/\(release)/config"]
    for place in places {
      guard var bytes = KernelFile.bytes(system.path(place)) else { continue }
      if place.hasSuffix(".gz") { bytes = Gzip.unpack(bytes) ?? [] }
      guard !bytes.isEmpty else { continue }
      var lines: [String: String] = [:]
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("CONFIG_") {
        guard let equals = line.firstIndex(of: "=") else { continue }
        lines[String(line[..<equals])] = String(line[line.index(after: equals)...])
      }
      (config, configPlace) = (lines, place)
      return
    }
  }

  /// The configuration as text, sorted; `nil` where it is not known.
  var configText: String? {
    config.map { $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined() }
  }

  /// Whether an option is built in; `nil` where the configuration is not known.
  func isSet(_ option: String) -> Bool? { config.map { $0[option] == "y" } }

  /// The value of the last `sched_proxy_exec=` on the kernel's command line.
  var proxyArgument: String? {
    commandLine?.split(separator: " ").last { $0.hasPrefix("sched_proxy_exec=") }.map { String($0.dropFirst(17)) }
  }

  /// The release's first two numbers: `7.3.0-rc7` is (7, 3).
  var version: (Int, Int) {
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).map { Int($0) ?? 0 }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
  }
}

/// `uname()`.
private enum KernelRelease {
  static var words: (host: String, release: String, machine: String) {
    var name = utsname()
    Glibc.uname(&name)
    return (text(name.nodename), text(name.release), text(name.machine))
  }

  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// `/proc/config.gz`.
enum Gzip {
  /// No kernel has a longer configuration.
  private static let largest = 16 << 20

  static func unpack(_ packed: [UInt8]) -> [UInt8]? {
    var (packed, plain, stream) = (packed, [UInt8](repeating: 0, count: 1 << 20), z_stream())
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    return packed.withUnsafeMutableBufferPointer { input -> [UInt8]? in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      while true {
        let done = Int(stream.total_out)
        if done == plain.count {
          guard plain.count < largest else { return nil }
          plain.append(contentsOf: repeatElement(0, count: plain.count))
        }
        let result = plain.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress.map { $0 + done }
          stream.avail_out = UInt32(output.count - done)
          return inflate(&stream, Z_NO_FLUSH)
        }
        if result == Z_STREAM_END { return Array(plain[..<Int(stream.total_out)]) }
        guard result == Z_OK, stream.avail_in > 0 || Int(stream.total_out) == plain.count else { return nil }
      }
    }
  }
}
