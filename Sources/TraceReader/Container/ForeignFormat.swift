import Glibc
import TraceCore

/// What a file is that is no capture, and what its owner can do.
///
/// People hand over what they have: files of perf, of Perfetto, of LTTng, packed files, a folder. Each is told by its first bytes.
enum ForeignFormat {
  private struct Known {
    var problem: String
    var advice: String
  }

  private static let recordAdvice = "record with trace-cmd record -e sched -e lock, or with proxytrace record"

  /// The error for a file that is no capture.
  static func error(_ file: FileView, _ path: String) -> TraceError {
    let head = file.bytes(at: 0, count: UInt64(headSize))
    guard !head.isEmpty else { return emptyFile(path) }
    return error(head, size: file.size, path)
  }

  /// As many bytes as are looked at.
  private static let headSize = 64 << 10

  private static func error(_ head: [UInt8], size: UInt64, _ path: String) -> TraceError {
    if let known = known(head, size: size) {
      return TraceError(.notATrace, path: path, known.problem, offset: 0, advice: known.advice)
    }
    return TraceError(
      .notATrace, path: path, "is neither a trace.dat nor ftrace text: it begins with \(describe(head.prefix(10)))",
      offset: 0,
      advice: "name a file that trace-cmd record or trace-cmd extract wrote, or a trace as text")
  }

  /// The error for a file that gzip or zstd has compressed, and that holds no text of a capture.
  /// - Parameters:
  ///   - head: The beginning of what it holds.
  ///   - compression: The program's name.
  static func error(_ head: [UInt8], compressedBy compression: String, _ path: String) -> TraceError {
    let command = compression == "zstd" ? "zstd -dk FILE" : "gzip -dk FILE"
    func error(_ problem: String, _ advice: String) -> TraceError {
      TraceError(.notATrace, path: path, problem, offset: 0, advice: advice)
    }
    if head.isEmpty { return error("holds an empty file, compressed by \(compression)", emptyAdvice) }
    if head.starts(with: FileHead.magic) {
      return error("is a trace.dat that \(compression) has compressed", "decompress it first: \(command)")
    }
    if let known = known(Array(head.prefix(headSize)), size: UInt64(head.count)) {
      return error("\(known.problem) (in a file compressed by \(compression))", known.advice)
    }
    return error(
      "holds no ftrace text", "it was compressed by \(compression); decompress it to see what it holds: \(command)")
  }

  /// The error for an archive of files, which could be texts: their names and sizes would be lines between those of a trace.
  static func error(ofArchive head: [UInt8], _ path: String) -> TraceError? {
    guard isTar(head) else { return nil }
    return TraceError(.notATrace, path: path, tar.problem, offset: 0, advice: tar.advice)
  }

  static func emptyFile(_ path: String) -> TraceError {
    TraceError(.notATrace, path: path, "is empty", offset: 0, advice: emptyAdvice)
  }

  private static let emptyAdvice = "record again: trace-cmd was perhaps interrupted, or nothing was traced"

  /// The error for a text none of whose lines is an event, where it can be said why.
  static func error(of survey: TextSurvey, _ path: String) -> TraceError? {
    func error(_ problem: String, _ advice: String) -> TraceError {
      TraceError(.notATrace, path: path, problem, offset: 0, advice: advice)
    }
    if let lack = survey.perfLack {
      if lack == .isPerfTrace {
        return error(
          "is output of perf trace, which names no CPUs",
          "record with perf record -a -e 'sched:*' -e 'lock:contention*', and print that with perf script --ns")
      }
      return error(
        "is text of perf script without \(lack.columns)",
        "print it with perf script -F comm,tid,cpu,time,event,trace"
          + (lack.contains(.cpu) ? " (and record with perf record -a)" : ""))
    }
    if survey.graphLack != nil || survey.isFunctionGraph { return graphError(survey, path) }
    if survey.isCommentedOut {
      return error(
        "is ftrace text of which every line is a comment", "take the marks away: sed 's/^# *//' FILE > trace.txt")
    }
    if survey.lacksTasks {
      return error(
        "is ftrace text whose lines have lost the column of tasks",
        "take the lines as they were printed, from comm-pid on")
    }
    return survey.hasHead ? error("is ftrace text without a single event", emptyAdvice) : nil
  }

  private static func graphError(_ survey: TextSurvey, _ path: String) -> TraceError {
    let advice =
      "set the options funcgraph-abstime, funcgraph-proc and funcgraph-cpu, use trace-cmd report, or trace with the tracer nop "
      + "and the events sched and lock"
    guard let lack = survey.graphLack else {
      return TraceError(
        .notATrace, path: path, "is text of the function_graph tracer without a single event", offset: 0,
        advice: "set the events sched and lock; " + advice)
    }
    let names = [(GraphLine.Lack.time, "time"), (.task, "task"), (.cpu, "CPU")].filter { lack.contains($0.0) }.map(\.1)
    let what = names.count == 1 ? "no \(names[0])" : "neither \(names.joined(separator: " nor "))"
    return TraceError(
      .notATrace, path: path, "is text of the function_graph tracer, whose events have \(what)", offset: 0,
      advice: advice)
  }

  /// The error for a folder.
  static func error(ofDirectory path: String) -> TraceError {
    func holds(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
    if holds("metadata"), let file = try? CaptureFile(path: "\(path)/metadata"),
      isCTFMetadata(file.view.bytes(at: 0, count: 64))
    {
      return TraceError(
        .cannotOpen, path: path, "is a CTF trace (LTTng, babeltrace), which is not read", advice: recordAdvice)
    }
    if holds("trace_pipe"), holds("trace") {
      return TraceError(.cannotOpen, path: path, "is a tracefs folder", advice: "name the file trace in it")
    }
    return TraceError(.cannotOpen, path: path, "is a directory", advice: "name the trace.dat file in it")
  }

  // MARK: First bytes

  private static func known(_ head: [UInt8], size: UInt64) -> Known? {
    packed(head) ?? binary(head, size: size) ?? text(head)
  }

  private static func packed(_ head: [UInt8]) -> Known? {
    func known(_ name: String, _ command: String) -> Known {
      Known(problem: "is compressed by \(name), which is not read", advice: "unpack it first: \(command)")
    }
    if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return known("xz", "xz -dk FILE") }
    if head.starts(with: Array("BZh".utf8)) { return known("bzip2", "bzip2 -dk FILE") }
    if head.starts(with: Array("PK\u{3}\u{4}".utf8)) { return known("zip", "unzip FILE") }
    if head.starts(with: [0x04, 0x22, 0x4d, 0x18]) { return known("lz4", "lz4 -d FILE") }
    if head.starts(with: [0x37, 0x7a, 0xbc, 0xaf]) { return known("7-Zip", "7z x FILE") }
    // Compressed by compress, lzma, lzop.
    if head.starts(with: [0x1f, 0x9d]) { return known("compress", "gzip -dc FILE > trace.txt") }
    if head.starts(with: [0x5d, 0x00, 0x00]) { return known("lzma", "xz -dk FILE") }
    if head.starts(with: [0x89, 0x4c, 0x5a, 0x4f]) { return known("lzop", "lzop -d FILE") }
    return isTar(head) ? tar : nil
  }

  private static let tar = Known(
    problem: "is a tar archive, which is not read", advice: "unpack it first: tar xf FILE")

  private static func isTar(_ head: [UInt8]) -> Bool { head.count > 262 && head[257..<262].elementsEqual("ustar".utf8) }

  private static func binary(_ head: [UInt8], size: UInt64) -> Known? {
    if head.starts(with: Array("PERFILE2".utf8)) || head.starts(with: Array("2ELIFREP".utf8)) {
      return Known(
        problem: "is a perf.data file, which is not read itself",
        advice: "turn it into text, which is: perf script --ns --show-lost-events -i FILE > trace.txt")
    }
    if let encoding = utf16(head) {
      return Known(
        problem: "is text in UTF-16, as PowerShell writes it",
        advice: "convert it: iconv -f \(encoding) -t UTF-8 FILE > trace.txt")
    }
    if head.allSatisfy({ $0 == 0 }) {
      return Known(
        problem: "begins with zeros alone: nothing was written there",
        advice: "copy it again, or record again: the machine perhaps stopped before the file was on its disk")
    }
    if head.starts(with: [0xc1, 0x1f, 0xfc, 0xc1]) || head.starts(with: [0xc1, 0xfc, 0x1f, 0xc1]) || isCTFMetadata(head)
    {
      return Known(problem: "is a part of a CTF trace (LTTng, babeltrace), which is not read", advice: recordAdvice)
    }
    if isRingBufferPage(head, size: size) {
      return Known(
        problem: "holds ring-buffer pages of one CPU alone, without the formats of their events",
        advice:
          "put the CPUs' files together on the machine that recorded them: trace-cmd restore -o trace.dat trace.dat.cpu*"
      )
    }
    return nil
  }

  private static func text(_ head: [UInt8]) -> Known? {
    let words = String(decoding: head.filter { $0 > 0x20 }, as: UTF8.self)
    if words.hasPrefix("{\"type\":\"kshark") {
      return Known(problem: "is a KernelShark session, not a trace", advice: "name the trace.dat that it names")
    }
    let isObject = words.hasPrefix("{\"") && (words.contains("\"traceEvents\":") || words.contains("\"ph\":\""))
    if isObject || words.hasPrefix("[{\"") || words.hasPrefix("{\"displayTimeUnit\"") {
      return Known(
        problem: "is a trace in Chrome's JSON format, which has no scheduler events of the kernel",
        advice: "name the capture that it was made of, or \(recordAdvice)")
    }
    // Both print sums and times, but not who waits for whom (tools/perf/builtin-sched.c, builtin-lock.c).
    if words.contains("timecputaskname"), words.contains("schdelay") {
      return Known(
        problem: "is output of perf sched timehist, which has no locks",
        advice:
          "print the same perf.data with perf script --ns; record lock:contention_begin and lock:contention_end too")
    }
    if words.hasPrefix("contendedtotalwait") {
      return Known(
        problem: "is output of perf lock contention, which has no single events",
        advice:
          "print a perf.data with perf script --ns; record sched:* besides lock:contention_begin and lock:contention_end"
      )
    }
    return nil
  }

  /// `TracePacket` is field 1 of a `Trace`: a tag, a length, and in it the tag of a field.
  static func isPerfetto(_ head: [UInt8]) -> Bool {
    guard head.count > 4, head[0] == 0x0a else { return false }
    guard let end = head[1...].prefix(5).firstIndex(where: { $0 < 0x80 }), end + 1 < head.count else { return false }
    let tag = head[end + 1]
    // A text that begins with an empty line has no bytes like these.
    return head[1] != 0 && tag >> 3 != 0 && [0, 1, 2, 5].contains(tag & 7)
      && head.prefix(64).contains { ($0 < 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09) || $0 >= 0x80 }
  }

  /// What iconv calls it; a mark at the beginning tells the order of bytes.
  private static func utf16(_ head: [UInt8]) -> String? {
    if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) { return "UTF-16" }
    let sample = head.prefix(64)
    guard sample.count >= 16 else { return nil }
    let (even, odd) = (
      sample.enumerated().filter { $0.offset % 2 == 0 }, sample.enumerated().filter { $0.offset % 2 == 1 }
    )
    func areZeros(_ bytes: [(offset: Int, element: UInt8)]) -> Bool { bytes.allSatisfy { $0.element == 0 } }
    func areText(_ bytes: [(offset: Int, element: UInt8)]) -> Bool {
      bytes.allSatisfy { $0.element >= 0x20 || $0.element == 0x09 || $0.element == 0x0a || $0.element == 0x0d }
    }
    if areZeros(odd), areText(even) { return "UTF-16LE" }
    return areZeros(even) && areText(odd) ? "UTF-16BE" : nil
  }

  private static func isCTFMetadata(_ head: [UInt8]) -> Bool {
    head.starts(with: Array("/* CTF".utf8)) || head.starts(with: [0x75, 0xd1, 0x1d, 0x57])
      || head.starts(with: [0x57, 0x1d, 0xd1, 0x75])
  }

  /// A time in nanoseconds, then how much of the page is used (kernel/trace/ring_buffer.c, `struct buffer_data_page`).
  private static func isRingBufferPage(_ head: [UInt8], size: UInt64) -> Bool {
    guard head.count >= 64, size % 4096 == 0 else { return false }
    func word(_ place: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(head[place + $1]) << UInt64(8 * $1) } }
    let commit = word(8) & 0xffff_ffff & ~(3 << 30)
    return word(0) < 1 << 62 && commit > 0 && commit <= 65536 - 16 && commit % 4 == 0
  }

  /// Printable bytes as text, all others in hexadecimal.
  private static func describe(_ bytes: ArraySlice<UInt8>) -> String {
    if bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) { return "\"\(String(decoding: bytes, as: UTF8.self))\"" }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
