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
    let (folder, name) = parts(path)
    return ["formats", "lost", "sched-ext"].contains(folder) || name == "crowd"
  }

  /// Whether to analyse a capture of `Fixtures/captures`, where a test is about what comes behind the reader: in a long run every
  /// one, otherwise one of each kernel with and without probes, two with a sched_ext scheduler, one with lost records, one of two
  /// buffers, one whose clock differs between CPUs, and the text.
  /// - Parameter path: As for ``reads(_:)``.
  public static func analyses(_ path: String) -> Bool {
    if isLong { return true }
    let (folder, name) = parts(path)
    return name == "crowd" || analysed.contains("\(folder)/\(name)")
  }

  private static let analysed: Set = [
    "sched-ext/scx-crowd", "sched-ext-blocked/roam-on", "lost/overrun", "formats/two-instances", "formats/clock-local",
    "text/kernel-text",
  ]

  /// Of several inputs those that a test tries: all of them in a long run, the first ones otherwise.
  public static func some<Input>(_ inputs: [Input], quick: Int) -> [Input] {
    isLong ? inputs : Array(inputs.prefix(quick))
  }

  /// Folder and name of a capture, without what comes behind the first dot.
  private static func parts(_ path: String) -> (folder: Substring, name: Substring) {
    let parts = path.split(separator: "/").suffix(2)
    return (parts.first ?? "", (parts.last ?? "").prefix { $0 != "." })
  }
}
