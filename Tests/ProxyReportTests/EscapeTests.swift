import ProxyReport
import Testing
import TraceCore

struct EscapeTests {
  @Test(arguments: [
    ("kworker/0:1", "kworker/0:1"), ("a\u{1b}[31mb", "a\\x1b[31mb"), ("a\nb\r\t", "a\\nb\\r\\t"), ("\u{7f}", "\\x7f"),
    ("\u{9b}2J", "\\u{9B}2J"), ("x\u{202e}y", "x\\u{202E}y"), ("\u{feff}", "\\u{FEFF}"), ("\u{2028}", "\\u{2028}"),
    ("a\\x1b", "a\\\\x1b"), ("naïve 任务 🙂", "naïve 任务 🙂"), ("\u{e0041}", "\\u{E0041}"), ("\u{e000}", "\\u{E000}"),
  ])
  func showsNothingThatMovesTheCursor(_ text: String, _ shown: String) {
    #expect(TextEscape.terminal(text) == shown)
  }

  @Test func bytesThatAreNoTextAreShownByTheirNumbers() {
    #expect(TextEscape.terminal(Comm([0x61, 0xff, 0x62])) == "a\\xffb")
    #expect(TextEscape.terminal(Comm([0xe4, 0xbb])) == "\\xe4\\xbb")
    #expect(TextEscape.terminal(Comm([0xff, 0x1b])) == "\\xff\\x1b")
  }
}
