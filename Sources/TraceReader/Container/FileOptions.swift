import TraceCore

/// What a capture's options say. Options that are not listed here do not matter for reading and are skipped by their
/// size.
struct FileOptions {
  var uname = ""
  var recorderVersion = ""
  /// The clock in brackets of the list in TRACECLOCK; empty where that option is not there or names none.
  var clockName = ""
  /// TRACECLOCK was there: in version 6 the clock's name follows the table of CPUs.
  var hasClockOption = false
  var cpuCount: UInt32?
  /// DATE (its microseconds as nanoseconds) and OFFSET, summed up.
  var timeOffset: UInt64 = 0
  var tsc: TSCConversion?
  var timeShift: TimeShift?
  /// Buffers of version 6 (name and place) and version 7 (all of it).
  var buffers: [BufferLayout] = []
  /// Where version 7's sections of options end.
  var sectionEnds: [UInt64] = []
  /// What `proxytrace record` wrote about the machine, by key.
  var machineFacts: [String: String] = [:]
  /// Where version 7's sections of metadata are, by their number.
  var sections: [UInt16: UInt64] = [:]

  /// Reads an option. One that is too short is reported and skipped.
  mutating func take(
    _ id: UInt16, _ content: inout MetadataCursor, version: Int, _ diagnostics: inout DiagnosticLog
  ) {
    do throws(TraceError) {
      try parse(id, &content, version: version)
    } catch {
      diagnostics.record(.truncatedMetadata, offset: error.offset, "option \(id): \(error.problem)")
    }
  }

  private mutating func parse(_ id: UInt16, _ content: inout MetadataCursor, version: Int) throws(TraceError) {
    switch id {
    case OptionID.date.rawValue: timeOffset &+= UInt64(bitPattern: CNumber.parse(try Self.text(&content)) &* 1000)
    case OptionID.offset.rawValue: timeOffset &+= UInt64(bitPattern: CNumber.parse(try Self.text(&content)))
    case OptionID.traceClock.rawValue:
      hasClockOption = true
      clockName = ClockName.selected(in: try Self.text(&content)) ?? clockName
    case OptionID.uname.rawValue: uname = try Self.text(&content)
    case OptionID.version.rawValue: recorderVersion = try Self.text(&content)
    case OptionID.cpuCount.rawValue: cpuCount = try content.u32("the number of CPUs")
    case OptionID.timeShift.rawValue: timeShift = try TimeShift(&content)
    case OptionID.tscToNanoseconds.rawValue:
      tsc = TSCConversion(
        multiplier: try content.u32("the TSC multiplier"), shift: try content.u32("the TSC shift"))
    case OptionID.buffer.rawValue, OptionID.bufferText.rawValue:
      buffers.append(try BufferLayout(&content, version: version, isText: id == OptionID.bufferText.rawValue))
    case OptionID.machineFact.rawValue: try takeFact(&content)
    case OptionID.headerInfo.rawValue...OptionID.commandLines.rawValue:
      sections[id] = try content.u64("a section's place")
    default: break
    }
  }

  /// Far more keys than a recorder writes.
  private static let mostFacts = 64

  /// Another program may use the number for something else: only ours begins with this name.
  private mutating func takeFact(_ content: inout MetadataCursor) throws(TraceError) {
    let parts = try content.bytes(content.remaining, "an option")
      .split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].elementsEqual("proxytrace".utf8), machineFacts.count < Self.mostFacts else {
      return
    }
    machineFacts[String(decoding: parts[1], as: UTF8.self)] = String(decoding: parts[2], as: UTF8.self)
  }

  /// An option's content as text, without NULs and line ends at its end.
  private static func text(_ content: inout MetadataCursor) throws(TraceError) -> String {
    var bytes = try content.bytes(content.remaining, "an option")
    if let end = bytes.firstIndex(of: 0) { bytes.removeSubrange(end...) }
    while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension BufferLayout {
  /// The option that describes a buffer instance. Version 6 has its place and name alone.
  init(_ content: inout MetadataCursor, version: Int, isText: Bool) throws(TraceError) {
    let place = content.fileOffset
    self.init(
      name: "", clockName: "", subBufferSize: 0, isCompressed: false, end: try content.u64("a buffer's place"),
      extents: [], isText: isText)
    self.place = place
    name = try content.string("a buffer's name")
    guard version == 7 else { return }
    clockName = try content.string("a buffer's clock")
    guard !isText else { return }
    subBufferSize = try content.u32("a buffer's page size")
    let count = try content.u32("a buffer's number of CPUs")
    for _ in 0..<count {
      let cpu = try content.u32("a buffer's table of CPUs")
      let offset = try content.u64("a buffer's table of CPUs")
      let size = try content.u64("a buffer's table of CPUs")
      add(cpu: cpu, offset: offset, size: size)
    }
  }
}

/// Integers as C's `strtoll` with base 0 reads them, which is how trace-cmd reads DATE and OFFSET.
enum CNumber {
  /// The number at the beginning of a text, 0 where there is none, clamped to what fits.
  static func parse(_ text: String) -> Int64 {
    var digits = Substring(text).drop { " \t\n".contains($0) }
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits = digits.dropFirst() }
    var radix: Int64 = 10
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      (radix, digits) = (16, digits.dropFirst(2))
    } else if digits.hasPrefix("0") {
      radix = 8
    }
    var value: Int64 = 0
    for character in digits {
      guard let digit = character.hexDigitValue.map(Int64.init), digit < radix else { break }
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry { return isNegative ? .min : .max }
      value = sum
    }
    return isNegative ? -value : value
  }
}
