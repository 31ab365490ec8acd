import Foundation
import Testing
import TraceTestKit

@testable import TraceCore

/// Patterns of users: what they match, against another engine; what is wrong with others.
struct MarkPatternTests {
  private func mark(_ pattern: String, _ message: String) throws -> MarkRecord? {
    let pattern = try MarkPattern(pattern)
    return Array(message.utf8).withUnsafeBytes { pattern.mark(in: $0) }
  }

  @Test func aGroupNamesTheCallback() throws {
    let pattern = #"(?<mark>\w+)\(\) called for (?<pid>\d+)(?: r=(?<runnable>[01]))?"#
    #expect(try mark(pattern, "x: running() called for 61") == MarkRecord(.running, pid: 61))
    #expect(try mark(pattern, "stop() called for 61 r=1") == MarkRecord(.stopping, pid: 61, isRunnable: true))
    #expect(try mark(pattern, "enqueued() called for 61 r=1") == MarkRecord(.enqueue, pid: 61))
    #expect(try mark(pattern, "tick() called for 61") == nil)
    #expect(try mark(pattern, "running() called for 99999999999") == nil)
    #expect(try mark(pattern, "running() called for 2147483648") == nil)
  }

  @Test func theGroupThatTakesPartDecides() throws {
    let pattern = "^((?P<running>in)|(?P<stopping>out)) (?P<pid>[0-9]+)$"
    #expect(try mark(pattern, "in 7") == MarkRecord(.running, pid: 7))
    #expect(try mark(pattern, "out 7\u{0}garbage") == MarkRecord(.stopping, pid: 7))
    #expect(try mark(pattern, "in 7 ") == nil)
    #expect(try mark("(?<enqueue>)q(?<pid>.*)", "q8") == MarkRecord(.enqueue, pid: 8))
    #expect(try mark("(?<enqueue>)q(?<pid>.*)", "q8x") == nil)
  }

  @Test(arguments: [
    ("", "no group (?<pid>"), ("(?<pid>x)", "no group (?<mark>"), ("(?<pid>x)(?<foo>x)", "no use for a group foo"),
    ("(", "a ( without its ) (at byte 2)"), (")", "a ) without its ( (at byte 1)"), ("[a", "a [ without its ]"),
    ("a**", "a repetition of a repetition"), ("*", "nothing to repeat"), ("a{2,1}", "no greater number"),
    ("a{", "no number"), ("a{1", "no }"), ("\\", "nothing behind \\"), ("\\q", "\\q is not known (at byte 2)"),
    ("(?=a)", "such a group is not known"), ("(?<a>x)(?<a>x)", "two groups are called a"), ("(?<>x)", "no name"),
    ("[z-a]", "ends before it begins"), (String(repeating: "(", count: 100), "nested too deeply"),
    ("(((a{1000}){1000}){1000}){1000}", "repeats too much"), ("(?:(?:(?:){1000}){1000}){1000}", "repeats too much"),
  ])
  func whatIsWrongIsTold(_ pattern: String, _ expected: String) {
    do throws(MarkPattern.Problem) {
      _ = try MarkPattern(pattern)
      Issue.record("\(pattern) is taken")
    } catch {
      #expect(error.text.contains(expected), "\(error.text)")
    }
  }

  /// Random patterns on random texts, as ICU has them.
  @Test func matchesAreThoseOfAnotherEngine() throws {
    var random = Random(state: 7)
    var (matched, groups) = (0, 0)
    for _ in 0..<3000 {
      var maker = PatternMaker(random: random)
      let text = maker.pattern(depth: 3)
      random = maker.random
      let (ours, theirs) = (try BytePattern(text), try NSRegularExpression(pattern: text))
      for _ in 0..<5 {
        let message = String((0..<random.below(12)).map { _ in "abc 1"[random.below(5)] })
        let found = Array(message.utf8).withUnsafeBytes { ours.match($0) }
        let other = theirs.firstMatch(in: message, range: NSRange(message.startIndex..., in: message))
        #expect((found == nil) == (other == nil), "\(text) on '\(message)'")
        guard let found, let other else { continue }
        matched += 1
        for (name, range) in zip(ours.names, found) {
          let expected = other.range(withName: name)
          let isThere = expected.location != NSNotFound
          groups += isThere ? 1 : 0
          #expect(
            range == (isThere ? expected.location..<expected.location + expected.length : nil),
            "group \(name) of \(text) on '\(message)'")
        }
      }
    }
    #expect(matched > 3000 && groups > 1000)
  }

  /// What makes other engines try for longer than anybody waits.
  @Test func hostileMessagesTakeNoLonger() throws {
    let pattern = try BytePattern("(?<a>(a|a)*)*b(?<c>(.*)*)$")
    let message = Array(repeating: UInt8(ascii: "a"), count: 4000)
    let start = ThreadTime()
    #expect(message.withUnsafeBytes { pattern.match($0) } == nil)
    #expect(start.elapsed < .seconds(20))
  }
}

private struct Random {
  var state: UInt64

  /// A number below a limit (xorshift64*).
  mutating func below(_ limit: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 2_685_821_657_736_338_717) >> 33) % limit
  }
}

/// Makes patterns in which no repetition is of what can be empty: there engines differ in what groups then hold.
private struct PatternMaker {
  var random: Random
  private var names = 0

  init(random: Random) { self.random = random }

  mutating func pattern(depth: Int) -> String {
    (0...random.below(3)).map { _ in part(depth: depth) }.joined()
  }

  private mutating func part(depth: Int) -> String {
    switch random.below(depth > 0 ? 11 : 5) {
    case 0: return "^\(atom())?"
    case 1: return atom() + ["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?", "??"][random.below(9)]
    case 2: return atom() + "\\b"
    case 3, 4: return atom()
    case 5: return "(?:\(pattern(depth: depth - 1))|\(pattern(depth: depth - 1)))"
    case 6, 8, 9:
      names += 1
      return "(?<n\(names)>\(pattern(depth: depth - 1)))"
    case 7: return "(\(atom())\(pattern(depth: depth - 1)))" + ["*", "+", "?", "*?"][random.below(4)]
    default: return atom() + "$|" + atom()
    }
  }

  private mutating func atom() -> String {
    ["a", "b", "1", ".", "\\d", "\\w", "\\s", "[ab]", "[^a]", "[a-c1]", "\\W", "\\D"][random.below(12)]
  }
}

extension String {
  fileprivate subscript(position: Int) -> Character { self[index(startIndex, offsetBy: position)] }
}
