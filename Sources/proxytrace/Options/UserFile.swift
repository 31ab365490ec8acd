import EventMaps
import ProxyCompare
import TraceCore

/// Small text files that users write: match maps of compare, rules of check.
enum UserFile {
  /// Bytes; what is larger is not one of these files.
  private static let sizeLimit = 1 << 20

  /// A map of names; an empty one for no path.
  /// - Throws: `cannotOpen`, `badMap`.
  static func matchMap(_ path: String?) throws(TraceError) -> MatchMap {
    guard let path else { return MatchMap() }
    let text = try text(path)
    do throws(MatchMap.Problem) {
      return try MatchMap(text)
    } catch let problem {
      throw TraceError(
        .badMap, path: path, "line \(problem.line): \(problem.text)", advice: "docs/compare.md tells what it may hold")
    }
  }

  /// The rules of a file.
  /// - Throws: `cannotOpen`, `badMap`.
  static func rules(_ path: String) throws(TraceError) -> [Rule] {
    let text = try text(path)
    do throws(Rule.Problem) {
      return try Rule.rules(in: text)
    } catch {
      throw TraceError(
        .badMap, path: path, "\(error.text) (column \(error.column))",
        advice: "docs/compare.md tells what rules may say")
    }
  }

  private static func text(_ path: String) throws(TraceError) -> String {
    guard let data = try? SmallFile.read(path, limit: sizeLimit), data.count <= sizeLimit,
      let text = String(validating: data, as: UTF8.self)
    else {
      throw TraceError(
        .cannotOpen, path: path, "cannot be read as text", advice: "check its name, its permissions and its size")
    }
    return text
  }
}
