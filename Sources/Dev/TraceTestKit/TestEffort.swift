import Glibc

/// How much the tests try. `swift test` gives an answer in minutes; `.ci/run` sets `PROXYTRACE_LONG` and tries all.
public enum TestEffort {
  /// `PROXYTRACE_LONG`: 0 where it is not set; 1 tries everything; 10 draws ten times as many random inputs.
  public static let factor: Int = getenv("PROXYTRACE_LONG").flatMap { Int(String(cString: $0)) }.map { max(0, $0) } ?? 0

  /// Whether this is a long run.
  public static var isLong: Bool { factor > 0 }

  /// How many inputs to try.
  /// - Parameters:
  ///   - long: In a long run; `PROXYTRACE_LONG` multiplies it.
  ///   - quick: Otherwise.
  public static func count(_ long: Int, quick: Int) -> Int { isLong ? long * factor : quick }

  /// Whether to read a capture of `Fixtures/captures`: in a long run every one, otherwise one of each kernel and all of other
  /// formats, with lost records, or with marks of a sched_ext scheduler.
  /// - Parameter path: Ends in `FOLDER/NAME` or `FOLDER/NAME.dat`.
  public static func reads(_ path: String) -> Bool {
    if isLong { return true }
    let parts = path.split(separator: "/").suffix(2)
    guard let folder = parts.first, let name = parts.last else { return false }
    return ["formats", "lost", "sched-ext"].contains(folder) || name == "crowd" || name == "crowd.dat"
  }
}
