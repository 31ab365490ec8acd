import ProxyAnalysis
import TraceCore

/// Names for locks and tasks that are the same in captures of different boots.
///
/// A line is `lock ADDRESS NAME` or `task PATTERN NAME`; the address is hexadecimal, the pattern a `CommPattern`, and `#`
/// begins a comment.
public struct MatchMap: Sendable {
  /// What is wrong with a map.
  public struct Problem: Error, Sendable, Hashable {
    /// The line's number, from 1.
    public var line: Int
    /// What is wrong, as a clause after the line's number.
    public var text: String
  }

  private var locks: [LockAddress: String] = [:]
  private var tasks: [(pattern: CommPattern, name: String)] = []

  /// A map that changes no name.
  public init() {}

  /// Reads a map.
  /// - Throws: ``Problem`` for the first line that is neither empty nor one of the two.
  public init(_ text: String) throws(Problem) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
      if words.isEmpty { continue }
      guard words.count == 3 else {
        throw Problem(line: index + 1, text: "is not `lock ADDRESS NAME` or `task PATTERN NAME`")
      }
      switch words[0] {
      case "lock":
        let digits = words[1].hasPrefix("0x") ? String(words[1].dropFirst(2)) : words[1]
        guard let address = UInt64(digits, radix: 16) else {
          throw Problem(line: index + 1, text: "\(words[1]) is no address")
        }
        locks[LockAddress(address)] = words[2]
      case "task":
        guard let pattern = CommPattern(words[1]) else { continue }
        tasks.append((pattern, words[2]))
      default: throw Problem(line: index + 1, text: "\(words[0]) is neither lock nor task")
      }
    }
  }

  func lock(_ address: LockAddress) -> String? { locks[address] }

  func task(_ comm: String) -> String {
    let found = tasks.first { $0.pattern.matches(text: comm) }
    return found?.name ?? comm
  }
}
