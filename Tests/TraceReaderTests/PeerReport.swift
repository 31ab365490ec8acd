import Foundation
import TraceCore

/// What `trace-cmd report` says about a capture: the judge of what is read.
struct PeerReport {
  struct Line: Equatable {
    /// Empty for the top buffer.
    var instance: ArraySlice<UInt8>
    /// As printed, without its point: nanoseconds, or steps of another clock.
    var time: UInt64
    var cpu: CPU
    var pid: Pid
    var event: ArraySlice<UInt8>
    var fields: ArraySlice<UInt8>
  }

  /// `CPU:n [m EVENTS DROPPED]`.
  struct Loss: Hashable {
    var cpu: CPU
    var count: UInt64?
    /// How many lines of records stand before it.
    var position: Int
  }

  struct Failure: Error {
    var message: String
  }

  private(set) var lines: [Line] = []
  private(set) var losses: [Loss] = []
  private(set) var unparsed: [String] = []
  /// What it wrote to standard error.
  private(set) var complaints = ""

  /// Runs `trace-cmd report -t -N`: full times, the kernel's own print formats.
  ///
  /// It has to be there (.ci/setup installs it): without a judge these tests would say nothing.
  init(_ path: String, instances: [String] = [], arguments: [String] = ["-t", "-N"]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/trace-cmd")
    process.arguments = ["report"] + arguments + ["-i", path]
    let (output, errors) = (try ScratchFile([]), try ScratchFile([]))
    process.standardOutput = FileHandle(forWritingAtPath: output.path)
    process.standardError = FileHandle(forWritingAtPath: errors.path)
    try process.run()
    process.waitUntilExit()
    complaints = String(decoding: try errors.content(), as: UTF8.self)
    guard process.terminationStatus == 0 else {
      throw Failure(message: "trace-cmd ended with \(process.terminationStatus): \(complaints)")
    }
    let prefixes = instances.filter { !$0.isEmpty }.map { Array("\($0):".utf8) }
    for line in try output.content().split(separator: UInt8(ascii: "\n")) { take(line, prefixes) }
  }

  private mutating func take(_ line: ArraySlice<UInt8>, _ instances: [[UInt8]]) {
    if line.starts(with: Array("cpus=".utf8)) { return }
    // A frame of a kernel stack: the record's own line says `<stack trace >`.
    if line.starts(with: Array("\t=> ".utf8)), lines.last.map({ Self.isStack($0) }) == true { return }
    if let loss = Self.loss(line, lines.count) {
      losses.append(loss)
    } else if let record = Self.record(line, instances) {
      lines.append(record)
    } else {
      unparsed.append(String(decoding: line, as: UTF8.self))
    }
  }

  private static func isStack(_ line: Line) -> Bool { line.event.elementsEqual("kernel_stack".utf8) }

  /// `   COMM-PID   [CPU] TIME: EVENT: FIELDS`; a name may hold anything, brackets too.
  private static func record(_ line: ArraySlice<UInt8>, _ instances: [[UInt8]]) -> Line? {
    let instance = instances.first { line.starts(with: $0) }
    var open = line.startIndex
    while let bracket = line[open...].firstIndex(of: UInt8(ascii: "[")) {
      open = bracket + 1
      var scanner = Scanner(bytes: line, position: open)
      guard let pid = Self.pid(line[..<bracket]), let cpu = scanner.number(), scanner.take("]") else { continue }
      scanner.skipSpaces()
      guard let time = scanner.numberWithPoint(), scanner.take(":") else { continue }
      scanner.skipSpaces()
      guard let end = line[scanner.position...].firstIndex(of: UInt8(ascii: ":")) else { continue }
      let fields = line[(end + 1)...].drop { $0 == UInt8(ascii: " ") }
      return Line(
        instance: instance?.dropLast()[...] ?? [], time: time, cpu: CPU(cpu), pid: pid,
        event: line[scanner.position..<end], fields: fields)
    }
    return nil
  }

  /// The number after the last `-`, followed by spaces alone.
  private static func pid(_ bytes: ArraySlice<UInt8>) -> Pid? {
    var bytes = bytes
    while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    guard let dash = bytes.lastIndex(of: UInt8(ascii: "-")) else { return nil }
    return Pid(String(decoding: bytes[(dash + 1)...], as: UTF8.self))
  }

  private static func loss(_ line: ArraySlice<UInt8>, _ position: Int) -> Loss? {
    guard line.starts(with: Array("CPU:".utf8)), line.suffix(15).elementsEqual("EVENTS DROPPED]".utf8) else {
      return nil
    }
    let words = String(decoding: line, as: UTF8.self).split { " :[".contains($0) }
    guard words.count >= 3, let cpu = CPU(words[1]) else { return nil }
    return Loss(cpu: cpu, count: UInt64(words[2]), position: position)
  }

  private struct Scanner {
    let bytes: ArraySlice<UInt8>
    var position: Int

    mutating func skipSpaces() {
      while position < bytes.endIndex, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.endIndex, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func number() -> UInt64? {
      let start = position
      var value: UInt64 = 0
      while position < bytes.endIndex, (0x30...0x39).contains(bytes[position]) {
        value = value &* 10 &+ UInt64(bytes[position] - 0x30)
        position += 1
      }
      return position > start ? value : nil
    }

    /// `24.160123456` as 24160123456: with `-t` there are nine decimals.
    mutating func numberWithPoint() -> UInt64? {
      guard let whole = number() else { return nil }
      guard take(".") else { return whole }
      let start = position
      guard let fraction = number(), position - start == 9 else { return nil }
      return whole &* 1_000_000_000 &+ fraction
    }
  }
}
