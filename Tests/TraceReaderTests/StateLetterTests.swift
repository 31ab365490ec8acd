import Foundation
import Testing
import TraceCore

@testable import TraceReader

/// `prev_state` as different kernels print it.
struct StateLetterTests {
  /// Linux 4.14 to 7.x: what `TASK_REPORT` and its companions expand to.
  static let recent = """
     "prev_state=%s%s ==> …", REC->prev_comm, (REC->prev_state & ((((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | \
    0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - 1)) ? __print_flags(REC->prev_state & ((((0x00000000 | \
    0x00000001 | 0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - 1), "|", \
    { 0x00000001, "S" }, { 0x00000002, "D" }, { 0x00000004, "T" }, { 0x00000008, "t" }, { 0x00000010, "X" }, \
    { 0x00000020, "Z" }, { 0x00000040, "P" }, { 0x00000080, "I" }) : "R", REC->prev_state & (((0x00000000 | 0x00000001 | \
    0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) ? "+" : "", REC->next_comm
    """
  /// Linux 3.x and 4.x up to 4.13.
  static let old = """
     "prev_state=%s%s ==> …", REC->prev_comm, REC->prev_state & (2048-1) ? __print_flags(REC->prev_state & (2048-1), "|", \
    { 1, "S"} , { 2, "D" }, { 4, "T" }, { 8, "t" }, { 16, "Z" }, { 32, "X" }, { 64, "x" }, { 128, "K" }, { 256, "W" }, \
    { 512, "P" }, { 1024, "N" }) : "R", REC->prev_state & 2048 ? "+" : "", REC->next_comm
    """

  private func states(_ format: String, _ values: [UInt64]) throws -> [String] {
    let letters = try #require(StateLetters(printFormat: Array(format.utf8)))
    return values.map { letters.state($0).description }
  }

  @Test func recentKernels() throws {
    let values: [UInt64] = [0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x102]
    let expected = ["R", "S", "D", "T", "t", "X", "Z", "P", "I", "R+", "R", "D+"]
    #expect(try states(Self.recent, values) == expected)
    #expect(values.map { StateLetters.recent.state($0).description } == expected)
  }

  /// There 16 is Z and 32 is X, and a killable sleep is two bits.
  @Test func oldKernels() throws {
    #expect(try states(Self.old, [0, 2, 16, 32, 130, 1024, 2048, 4096]) == ["R", "D", "Z", "X", "D", "N", "R+", "R"])
  }

  @Test func bitsWithoutLetters() throws {
    let format = #" "%s", __print_flags(REC->prev_state & 0xff, "|", { 0x1, "S" }, { (1U << 4), "X" }) : "R""#
    #expect(try states(format, [1, 2, 16, 0x100]) == ["S", "?", "X", "R"])
  }

  @Test(arguments: [
    "", "REC->prev_state", "__print_flags(", #"__print_flags(REC->prev_state, "|", { x, "S" })"#,
    #"__print_flags(REC->prev_state, "|", { 1, "" })"#, #"__print_flags(REC->prev_state, "|", { 1, "S" "#,
    #"__print_flags(REC->prev_state, "|", { 0x3, "S" })"#,
    // What would drive a terminal, were it printed.
    "__print_flags(REC->prev_state, \"|\", { 1, \"\u{1b}\" })",
    "__print_flags(REC->prev_state, \"|\", { 1, \"\u{9b}\" })",
    "__print_flags(REC->prev_state, \"|\"" + String(repeating: #", { 1, "S" }"#, count: 200_000) + ")",
  ])
  func unusable(_ format: String) {
    #expect(StateLetters(printFormat: Array(format.utf8)) == nil)
  }

  @Test func constantExpressions() {
    func value(_ text: String) -> UInt64? {
      var scanner = ConstantScanner(Array(text.utf8))
      return scanner.expression()
    }
    #expect(value("1 + 2 << 3") == 24)
    #expect(value("1 | 2 + 4") == 7)
    #expect(value("(((0x0 | 0x40) + 1) << 1) - 1") == 129)
    #expect(value("7 & 3 | 8") == 11)
    #expect(value("010") == 8)
    #expect(value("1UL << 200") == 0)
    #expect(value("0 - 1") == .max)
    #expect(value("99999999999999999999") == nil)
    #expect(value("(1") == nil)
    #expect(value(String(repeating: "(", count: 100_000)) == nil)
  }

  /// Every kernel of the recorded captures has a table that could be read.
  @Test(arguments: RecordedCapture.all) func recordedKernels(_ capture: RecordedCapture) throws {
    let reader = try CaptureReader(path: capture.path)
    #expect(reader.info.events.contains { $0.role == .switched })
    #expect(!reader.diagnostics.all.contains { $0.kind == .formatRejected })
  }
}
