import ArgumentParser
import Foundation
import ProxyReport
import TraceCapture

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what a recording on this machine can show, and what stands against it.",
    discussion: """
      Changes nothing unless --clean is given. Runs without root, and says what root would add.

      Exit status: 0 an exact result is possible; 3 an inferred one; 1 none.

      Examples:
        sudo proxytrace doctor
        proxytrace doctor --json
        sudo proxytrace doctor --clean
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Remove what recorders that were killed together with their helpers have left in tracefs.")
  var clean = false

  @Option(help: .hidden)
  var systemRoot = ""

  @Option(help: "Colours: auto (on a terminal, unless NO_COLOR is set), always, never.")
  var color = ColorChoice.auto

  func run() throws {
    let system = SystemPaths(root: systemRoot)
    if clean { return try cleanUp(system) }
    let diagnosis = Doctor(system).diagnose()
    if json { try printJSON(diagnosis) } else { printText(diagnosis) }
    switch diagnosis.power {
    case .exact: break
    case .inferred: throw ExitCode(3)
    case .nothing: throw ExitCode(1)
    }
  }

  private func cleanUp(_ system: SystemPaths) throws {
    guard let tracefs = system.tracefs else {
      RunStatus.warn("tracefs: is not mounted; so nothing is left in it")
      return
    }
    if systemRoot.isEmpty, geteuid() != 0 {
      RunStatus.warn("\(tracefs): only root may look into it; run it with sudo")
      throw ExitCode(1)
    }
    let (cleaned, problems) = Removal.clean(system)
    for name in cleaned { print("removed \(name)") }
    if cleaned.isEmpty, problems.isEmpty { print("nothing was left behind") }
    for problem in problems { RunStatus.warn(problem + "; close what holds it open, and try again") }
    if !problems.isEmpty { throw ExitCode(1) }
  }

  private func printText(_ diagnosis: Diagnosis) {
    let isColoured = color.isColoured
    let width = diagnosis.rows.map(\.key.count).max() ?? 0
    for row in diagnosis.rows {
      let key = row.key + String(repeating: " ", count: width - row.key.count)
      print("\(row.level.mark(isColoured))  \(key)  \(TextEscape.terminal(row.found))")
      guard row.level != .good else { continue }
      let indent = String(repeating: " ", count: width + 10)
      print("\(indent)\(TextEscape.terminal(row.why))")
      if !row.remedy.isEmpty { print("\(indent)-> \(TextEscape.terminal(row.remedy))") }
    }
    print("\nA recording here \(diagnosis.power.sentence)")
    if let asRoot = diagnosis.powerAsRoot { print("With root it \(asRoot.sentence)") }
  }

  private struct Row: Encodable {
    var key, level, found, why, remedy, confidence: String
  }

  private struct Document: Encodable {
    var version: String
    var possible: String
    var possibleAsRoot: String?
    var rows: [Row]

    enum CodingKeys: String, CodingKey {
      case version = "tool_version"
      case possible
      case possibleAsRoot = "possible_as_root"
      case rows
    }
  }

  private func printJSON(_ diagnosis: Diagnosis) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let rows = diagnosis.rows.map {
      Row(
        key: $0.key, level: $0.level.rawValue, found: $0.found, why: $0.why, remedy: $0.remedy,
        confidence: $0.confidence.rawValue)
    }
    let document = Document(
      version: Proxytrace.programVersion, possible: diagnosis.power.rawValue,
      possibleAsRoot: diagnosis.powerAsRoot?.rawValue, rows: rows)
    print(String(decoding: try encoder.encode(document), as: UTF8.self))
  }
}

extension DoctorRow.Level {
  fileprivate func mark(_ isColoured: Bool) -> String {
    let (text, code) =
      switch self {
      case .good: ("ok    ", "32")
      case .note: ("note  ", "36")
      case .limits: ("limits", "33")
      case .blocks: ("BLOCKS", "31")
      }
    return isColoured ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}

extension RecordingPower {
  fileprivate var sentence: String {
    switch self {
    case .exact: "is exact: donors are read from the kernel's own structures."
    case .inferred: "is inferred: events alone tell who donated to whom."
    case .nothing: "is not possible."
    }
  }
}
