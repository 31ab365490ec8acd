import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// Event formats: what is let through to libtraceevent, what plans are made of it, what is done without one.
struct FormatTests {
  private static let common = """
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
    \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
    \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;
    """
  private static let info = EventInfo(id: 7, system: "sched", name: "made", role: nil)

  private func text(_ lines: [String]) -> [UInt8] {
    let own = lines.map { "\t" + $0 + "\n" }.joined()
    return Array("name: made\nID: 7\nformat:\n\(Self.common)\n\n\(own)\nprint fmt: \"%d\", REC->a\n".utf8)
  }

  private func parse(_ lines: [String]) throws -> [ParsedField] {
    let text = text(lines)
    let fields = try #require(FormatText.fields(text, Self.info))
    guard let parser = FormatParser(isBigEndian: false, longSize: 8) else {
      Issue.record("libtraceevent has no memory")
      return []
    }
    let format = FormatCatalogue.Format(info: Self.info, text: text, fields: fields, offset: 0)
    let result = parser.parse(format)
    let parsed = try #require(result)
    #expect(CommonFields.match(parsed.common))
    return parsed.fields
  }

  @Test func fieldsOfEveryKind() throws {
    let fields = try parse([
      "field:char comm[16];\toffset:8;\tsize:16;\tsigned:0;", "field:void * lock;\toffset:24;\tsize:8;\tsigned:0;",
      "field:__data_loc char[] name;\toffset:32;\tsize:4;\tsigned:0;",
      "field:__rel_loc char[] other;\toffset:36;\tsize:4;\tsigned:0;",
      "field:const char *text;\toffset:40;\tsize:8;\tsigned:0;",
      "field:char old[TASK_COMM_LEN];\toffset:48;\tsize:16;\tsigned:1;",
      "field:unsigned long args[6];\toffset:64;\tsize:48;\tsigned:0;",
      "field:long state;\toffset:112;\tsize:8;\tsigned:1;",
    ])
    #expect(fields.map(\.name) == ["comm", "lock", "name", "other", "text", "old", "args", "state"])
    #expect(fields.map(\.offset) == [8, 24, 32, 36, 40, 48, 64, 112])
    #expect(fields.map(\.isDynamic)[2] && fields.map(\.isRelative)[3])
    #expect(fields.map { CommField($0)?.form } == [.array, nil, .dynamic, .relative, nil, .array, .array, nil])
    #expect(fields.map { IntegerField($0)?.end } == [nil, 32, nil, nil, 48, nil, nil, 120])
  }

  /// Nothing of this is ever written by a kernel, and some of it makes libtraceevent crash.
  @Test(arguments: [
    "field:int;\toffset:8;\tsize:4;\tsigned:1;", "field:;\toffset:8;\tsize:4;\tsigned:1;",
    "field:int a;\toffset:8;\tsize:4;\tsigned:1", "field:int a;\toffset:;\tsize:4;\tsigned:1;",
    "field:int a;\toffset:-8;\tsize:4;\tsigned:1;", "field:int a;\toffset:8;\tsize:123456;\tsigned:1;",
    "field:int a;\toffset:8;\tsize:4;\tsigned:2;", "field:int a[;\toffset:8;\tsize:4;\tsigned:1;",
    "field:int a[4]];\toffset:8;\tsize:4;\tsigned:1;", "field:int (*a)(void);\toffset:8;\tsize:8;\tsigned:0;",
    "field:__data_loc char name;\toffset:8;\tsize:4;\tsigned:0;",
    "field:__data_loc name;\toffset:8;\tsize:4;\tsigned:0;",
    "field:int \"a\";\toffset:8;\tsize:4;\tsigned:1;", "filed:int a;\toffset:8;\tsize:4;\tsigned:1;", "garbage",
  ])
  func fieldsThatAreNone(_ line: String) {
    #expect(FormatText.fields(text([line]), Self.info) == nil)
  }

  @Test func textsThatAreNoFormats() {
    #expect(FormatText.fields([], Self.info) == nil)
    #expect(FormatText.fields(Array("name: made\nID: 7\nformat:\n\nprint fmt: \"\"".utf8), Self.info) == nil)
    #expect(FormatCatalogue.scan(Array("name: a\nID: 65536\n".utf8)) == nil)
    #expect(FormatCatalogue.scan(Array("name: \nID: 1\n".utf8)) == nil)
    #expect(FormatCatalogue.scan(Array("name: a\nID: 1\n".utf8))?.id == 1)
  }

  /// Loads at every place and of every size, in both byte orders.
  @Test(arguments: [false, true]) func integers(_ isBigEndian: Bool) throws {
    let bytes = (0..<32).map { UInt8(0xf0 - $0) }
    for size in [1, 2, 4, 8] {
      for offset in 8 - size...32 - size {
        for isSigned in [false, true] {
          let field = ParsedField(
            name: "a", offset: offset, size: size, isSigned: isSigned, isArray: false, isDynamic: false,
            isRelative: false)
          let own = bytes[offset..<offset + size]
          var expected = (isBigEndian ? Array(own) : own.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
          if isSigned, size < 8, expected >> UInt64(8 * size - 1) != 0 { expected |= UInt64.max << UInt64(8 * size) }
          let access = try #require(IntegerField(field))
          let value = bytes.withUnsafeBytes { raw -> UInt64? in
            raw.baseAddress.map { access.load(Record($0, count: raw.count, isBigEndian: isBigEndian)) }
          }
          #expect(value == expected && access.end == offset + size)
        }
      }
    }
  }

  @Test func namesAnywhere() throws {
    var record = [UInt8](repeating: 0, count: 40)
    record.replaceSubrange(30..<36, with: Array("abc\0de".utf8))
    func name(_ offset: Int, _ word: UInt32?, isRelative: Bool = false, size: Int = 4) throws -> String {
      var bytes = record
      if let word { withUnsafeBytes(of: word.littleEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) } }
      let field = ParsedField(
        name: "a", offset: offset, size: size, isSigned: false, isArray: word == nil,
        isDynamic: word != nil && !isRelative, isRelative: isRelative)
      let access = try #require(CommField(field))
      return bytes.withUnsafeBytes { raw in
        raw.baseAddress.map { access.load(Record($0, count: raw.count, isBigEndian: false)).text } ?? ""
      }
    }
    #expect(try name(8, 4 << 16 | 30) == "abc")
    #expect(try name(8, 2 << 16 | 30) == "ab")
    #expect(try name(8, 4 << 16 | 18, isRelative: true) == "abc")
    #expect(try name(30, nil, size: 6) == "abc")
    // Out of the record, by a little and by a lot.
    #expect(try name(8, 11 << 16 | 30) == "")
    #expect(try name(8, 0xffff_ffff) == "")
    #expect(try name(8, 0xffff_ffff, isRelative: true) == "")
  }

  private func patched(_ text: String, _ other: String) throws -> StreamContent {
    var bytes = try MadeCapture.bytes(.init(version: 6), MadeCapture.events(40))
    let place = try #require(bytes.firstRange(of: Array(text.utf8)))
    bytes.replaceSubrange(place, with: Array(other.utf8))
    return try MadeCapture.read(bytes)
  }

  @Test func neededFieldThatIsMissing() throws {
    let content = try patched("next_prio;", "nxxt_prio;")
    let detail = try #require(content.diagnostics.all.first)
    #expect(detail.kind == .formatRejected && detail.detail == "sched:sched_switch has no usable next_prio")
    #expect(content.records.count == 40)
    #expect(content.records.count { if case .other = $0.body { true } else { false } } == 10)
  }

  /// Formats that no kernel has: what they say of the records is not believed.
  @Test(arguments: [
    ("field:pid_t prev_pid;\toffset:24;", "field:pid_t prev_pid;\toffset:16;", 10),
    ("field:void * lock_addr;\toffset:8;\tsize:8;", "field:void * lock_addr;\toffset:8;\tsize:4;", 0),
  ])
  func formatsThatContradictThemselves(text: String, other: String, unread: Int) throws {
    let content = try patched(text, other)
    let detail = try #require(content.diagnostics.all.first)
    #expect(detail.kind == .impossibleFormat && detail.kind.severity == .damage && detail.offset ?? 0 > 0)
    #expect(content.records.count == 40)
    #expect(content.records.count { if case .other = $0.body { true } else { false } } == unread)
  }

  @Test func lettersThatCannotBeRead() throws {
    let content = try patched("__print_flags(REC->prev_state", "__print_flagz(REC->prev_state")
    #expect(content.diagnostics.all.map(\.kind) == [.formatRejected])
    guard case .switched(let record)? = content.records.first?.body else {
      Issue.record("no switch")
      return
    }
    #expect(record.previousState == .uninterruptible)
  }

  @Test func nameThatIsMissing() throws {
    let content = try patched("field:char prev_comm[16];", "field:char prxx_comm[16];")
    #expect(content.diagnostics.isEmpty)
    guard case .switched(let record)? = content.records.first?.body else {
      Issue.record("no switch")
      return
    }
    #expect(record.previous.comm.isEmpty && record.next.comm == "fifteen-letters")
  }
}
