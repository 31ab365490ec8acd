import ArgumentParser
import Glibc
import ProxyReport

/// What users of trace-cmd and perf type: a capture without a command is reported, and a command that does not exist is answered with
/// the one that was meant.
enum CommandHabits {
  /// The arguments with a command before them where the user names none.
  ///
  /// Ends the program where the first argument is neither a command nor a file.
  static func arguments(_ given: [String]) -> [String] {
    guard let first = given.first, !isOfTheProgram(first), !commands.contains(first) else { return given }
    if first.hasPrefix("-") || looksLikeFile(first) { return ["report"] + given }
    var text = "proxytrace: there is no command '\(TextEscape.terminal(first))', and no file of that name"
    text += nearest(to: first, among: commands).map { "; did you mean '\($0)'?" } ?? ""
    StandardStreams.writeError("\(text)\nproxytrace --help lists the commands.\n")
    exit(EX_USAGE)
  }

  private static let commands =
    Proxytrace.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]

  /// Options of the program itself, and what shells ask for completions.
  private static func isOfTheProgram(_ argument: String) -> Bool {
    [
      "-h", "--help", "--help-hidden", "--version", "--generate-completion-script", "--experimental-dump-help",
      "---completion",
    ]
    .contains { argument == $0 || argument.hasPrefix($0 + "=") }
  }

  /// `-` is standard input.
  private static func looksLikeFile(_ argument: String) -> Bool {
    argument == "-" || access(argument, F_OK) == 0 || argument.contains("/") || argument.contains(".")
  }

  /// The word that differs least from another, if it differs little.
  static func nearest(to word: String, among words: [String]) -> String? {
    let ranked = words.map { (word: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
    guard let ranked, ranked.distance <= max(1, word.count / 3) else { return nil }
    return ranked.word
  }

  /// The least number of letters to add, remove, replace or exchange with the next (optimal string alignment).
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in 1..<(a.count + 1) {
      var row = [i]
      for j in 1..<(b.count + 1) {
        var least = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { least = min(least, rows[i - 2][j - 2] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
