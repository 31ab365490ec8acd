import Foundation
import Robustness
import Testing
import TraceTestKit

/// Output that cannot be written, or that hostile names try to get out of.
struct OutputTests {
  private let good = Fixture.path("captures/proxy-on-plain/same-cpu.dat")
  private let folder = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func text(_ run: Program.Run) -> String { String(decoding: run.output, as: UTF8.self) }

  private func isOneLine(_ errors: String) -> Bool {
    errors.hasPrefix("proxytrace: ") && errors.split(separator: "\n").count == 1
  }

  @Test func aFullDisk() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for arguments in [["report"], ["report", "--json"], ["report", "--table", "waits"], ["info"]] {
      let run = try Program.run(arguments + [good], output: "/dev/full")
      #expect(run.status == 1 && isOneLine(run.errors), "\(arguments): \(run.status) \(run.errors)")
      #expect(run.errors.contains("No space left"))
    }
  }

  /// Whether a user may mount a file system in a namespace of its own.
  private static let canMount =
    (try? Program.shell("unshare -rm mount -t tmpfs none '\(FileManager.default.temporaryDirectory.path)'").status) == 0

  /// In a mount namespace, so that no other process sees the disk.
  @Test(.enabled(if: canMount, "user namespaces that may mount are needed"))
  func aDiskThatFillsUpLeavesWhatWasThere() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let capture = Fixture.path("captures/proxy-on-plain/crowd.dat")
    let script = """
      set -e
      mount -t tmpfs -o size=64k,nr_inodes=40 none "$1"
      cd "$1"
      echo old >cpus.csv
      set +e
      "$2" report --csv "$1" "$3"
      echo "status $?"
      ls -A
      cat cpus.csv
      """
    let run = try Program.shell("unshare -rm sh -c '\(script)' sh '\(folder.path)' '\(Program.path)' '\(capture)'")
    #expect(run.status == 0 && isOneLine(run.errors), "\(run.status) \(run.errors)")
    #expect(run.errors.contains("No space left"))
    #expect(text(run) == "status 1\ncpus.csv\nold\n")
  }

  @Test func aDirectoryThatCannotBeWritten() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for directory in ["/proc/self/nothing", "/dev/null", "/dev/null/x", good] {
      let run = try Program.run(["report", "--csv", directory, good])
      #expect(run.status == 1 && isOneLine(run.errors), "\(directory): \(run.status) \(run.errors)")
    }
  }

  @Test func anExistingFileIsReplacedWhole() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "waits.csv")
    try String(repeating: "old\n", count: 100_000).write(to: file, atomically: false, encoding: .utf8)
    // Who has it open goes on reading the old one: the new one is another file.
    let reader = try FileHandle(forReadingFrom: file)
    #expect(try Program.run(["report", "--csv", folder.path, good]).status == 0)
    #expect(try reader.readToEnd()?.count == 400_000)
    let printed = try Program.run(["report", "--table", "waits", good])
    #expect([UInt8](try Data(contentsOf: file)) == printed.output)
  }

  @Test func aReaderThatLeaves() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let status = folder.appending(path: "status").path
    for arguments in ["report --json", "report", "report --table waits", "info"] {
      // The status of the first of a pipe.
      let line = "{ '\(Program.path)' \(arguments) '\(good)'; echo $? >'\(status)'; } | head -c 1"
      let run = try Program.shell(line)
      #expect(run.status == 0 && run.errors.isEmpty && run.output.count == 1, "\(arguments): \(run.errors)")
      #expect(try String(contentsOfFile: status, encoding: .utf8) == "0\n")
    }
  }

  /// Names that no output lets through, in the program's own output: text, info, story, JSON, every table.
  @Test(arguments: TestEffort.some([6, 26, 0, 8, 12, 16, 20, 30, 48], quick: 3)) func hostileNames(way: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let kind = try #require(DamageClass.all.first { $0.name == "hostile name" })
    let map = try CaptureMap(Fixture.bytes("captures/formats/v7-none.dat"))
    let damage = try #require(kind.damage(map, way))
    let file = folder.appending(path: "hostile\u{1b}[31m\n=name.dat")
    try Data(damage.bytes).write(to: file)
    for arguments in [["report"], ["info"], ["explain", "--wait", "1"]] {
      let run = try Program.run(arguments + [file.path])
      #expect(run.status == 0 && OutputRules.text(run.output).isEmpty, "\(arguments): \(run.status) \(text(run))")
    }
    let json = try Program.run(["report", "--json", file.path])
    #expect(json.status == 0 && OutputRules.json(json.output).isEmpty)
    #expect(OutputRules.text(json.output).isEmpty, "JSON is often looked at on a terminal")
    let tables = folder.appending(path: "tables")
    #expect(try Program.run(["report", "--csv", tables.path, file.path]).status == 0)
    for table in try FileManager.default.contentsOfDirectory(at: tables, includingPropertiesForKeys: nil) {
      #expect(OutputRules.csv([UInt8](try Data(contentsOf: table))).isEmpty, "\(table.lastPathComponent)")
    }
  }
}

/// Every output of every capture, held against the rules of its form.
struct OutputRuleTests {
  static let captures =
    (FileManager.default.enumerator(atPath: Fixture.path("captures"))?.compactMap { $0 as? String } ?? [])
    .filter { $0.hasSuffix(".dat") && TestEffort.analyses($0) }.sorted()

  @Test(arguments: captures) func aWholeCaptureBreaksNone(name: String) throws {
    let result = Examiner().examine(path: Fixture.path("captures/\(name)"))
    #expect(result.status == 0 && result.violations.isEmpty, "\(result.violations)")
    #expect(!result.records.isEmpty)
  }
}
