import Foundation
import Robustness
import Testing
import TraceTestKit

/// What users of trace-cmd and perf type.
struct HabitTests {
  private let capture = Fixture.path("captures/proxy-on-plain/same-cpu.dat")

  private func text(_ run: Program.Run) -> String { String(decoding: run.output, as: UTF8.self) }

  /// A capture alone, or options and a capture, are a report; `-i` names one as trace-cmd does.
  @Test func aCaptureAloneIsReported() throws {
    let report = try Program.run(["report", capture])
    #expect(report.status == 0 && !report.output.isEmpty)
    for arguments in [[capture], ["-i", capture], ["report", "-i", capture]] {
      let run = try Program.run(arguments)
      #expect(run.status == 0 && run.output == report.output, "\(arguments): \(run.errors)")
    }
    let top = try Program.run(["--top", "1", capture])
    #expect(try top.status == 0 && top.output == Program.run(["report", "--top", "1", capture]).output)
    #expect(try text(Program.run(["info", "-i", capture])) == text(Program.run(["info", capture])))
  }

  @Test(arguments: [("reprot", "report"), ("repotr", "report"), ("chekc", "check"), ("expain", "explain")])
  func theCommandThatWasMeantIsNamed(_ typed: String, _ meant: String) throws {
    let run = try Program.run([typed, capture])
    #expect(run.status == 64 && run.errors.contains("there is no command '\(typed)'"))
    #expect(run.errors.contains("did you mean '\(meant)'?"))
  }

  @Test func whatIsLikeNoCommandIsNotGuessed() throws {
    let run = try Program.run(["frobnicate\u{1b}[31m"])
    #expect(run.status == 64 && !run.errors.contains("did you mean") && !run.errors.contains("\u{1b}"))
    let missing = try Program.run(["nothing.dat"])
    #expect(missing.status == 1 && missing.errors.hasPrefix("proxytrace: nothing.dat: "))
  }

  @Test func aCPUThatTheCaptureDoesNotHaveIsAnError() throws {
    let run = try Program.run(["report", "--cpu", "99", capture])
    #expect(run.status == 64 && run.output.isEmpty && run.errors.contains("CPU 0-1"))
    #expect(try Program.run(["report", "--cpu", "1,99", capture]).status == 0)
  }

  @Test func csvSaysWhatItWrote() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "csv-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(["report", "--csv", folder, capture])
    let count = try FileManager.default.contentsOfDirectory(atPath: folder).count
    #expect(run.status == 0 && text(run).hasPrefix("\(folder): \(count) tables with "))
  }

  /// Every table and every column has its place in the manual.
  @Test func theTablesCanBePrintedWithoutACapture() throws {
    let run = try Program.run(["info", "--print-tables"])
    let document = try #require(JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
    let tables = try #require(document["tables"] as? [[String: Any]])
    #expect(tables.count > 10)
    for table in tables {
      let columns = try #require(table["columns"] as? [[String: String]])
      #expect(columns.first?["name"] == "id")
      for column in columns { #expect(column["doc"]?.isEmpty == false, "\(table["table"] ?? "") \(column)") }
    }
  }

  /// The help of a command and of those below it, as the program states it for completions and manual pages.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Completion: Decodable {
        var file: Files?
        var directory: Empty?
        struct Files: Decodable {}
        struct Empty: Decodable {}
      }
      var valueName: String?
      var kind: String
      var completionKind: Completion?
    }
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?
    var all: [Command] { [self] + (subcommands ?? []).flatMap(\.all) }
  }
  private struct Help: Decodable { var command: Command }

  /// Where a file is meant, shells complete files; and no shell offers what only the program itself calls.
  @Test func completionsKnowFilesAndCommands() throws {
    let help = try JSONDecoder().decode(Help.self, from: Data(Program.run(["--experimental-dump-help"]).output))
    var (files, folders) = (0, 0)
    for command in help.command.all {
      for argument in command.arguments ?? [] where argument.kind != "flag" {
        switch argument.valueName {
        case "file", "map.yaml":
          #expect(argument.completionKind?.file != nil, "\(command.commandName)")
          files += 1
        case "dir":
          #expect(argument.completionKind?.directory != nil, "\(command.commandName)")
          folders += 1
        default: break
        }
      }
    }
    #expect(files > 15 && folders >= 3)
    for shell in ["bash", "zsh", "fish"] {
      let script = try text(Program.run(["--generate-completion-script", shell]))
      #expect(script.contains("compare") && script.contains("culprits") && !script.contains("__restore"), "\(shell)")
    }
  }

  // MARK: explain

  private let inverted = Fixture.path("captures/proxy-off-plain/same-cpu.dat")

  @Test func explainTakesANumberAndEveryKindOfRow() throws {
    let finding = try Program.run(["explain", inverted, "1"])
    #expect(finding.status == 0 && text(finding).hasPrefix("finding 1: inversion\n"), "\(finding.errors)")
    #expect(text(finding).contains("its longest windows:") && text(finding).contains("where the time went"))
    #expect(try Program.run(["explain", inverted, "--finding", "1"]).output == finding.output)
    let handoff = try Program.run(["explain", inverted, "--handoff", "1"])
    #expect(handoff.status == 0 && text(handoff).contains("marked with > below: from"))
    let lock = try Program.run(["explain", inverted, "--lock", "lk"])
    #expect(lock.status == 0 && text(lock).hasPrefix("lock lk [ptlab]"), "\(lock.errors)")
    let callbacks = Fixture.path("captures/sched-ext/scx-both.dat")
    let pairing = try Program.run(["explain", callbacks, "--pairing", "1"])
    #expect(pairing.status == 0 && text(pairing).contains("> "), "\(pairing.errors)")
    #expect(text(pairing).split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test(
    arguments: [["--handoff", "9999"], ["9999"], ["--lock", "no_such_lock"], ["--pairing", "1"]])
  func whatIsNotThereIsAnError(_ arguments: [String]) throws {
    let run = try Program.run(["explain", inverted] + arguments)
    #expect(run.status == 1 && run.output.isEmpty && run.errors.split(separator: "\n").count == 1)
  }

  @Test func explainTakesOneThing() throws {
    #expect(try Program.run(["explain", inverted]).status == 64)
    #expect(try Program.run(["explain", inverted, "1", "--wait", "2"]).status == 64)
    #expect(try Program.run(["explain", inverted, capture, "1"]).status == 64)
  }
}
