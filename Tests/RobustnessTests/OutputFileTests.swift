import Foundation
import Testing

/// Files that output goes to: what is no regular file is written through, and what was there keeps what it was.
struct OutputFileTests {
  private static let capture = Fixture.path("captures/proxy-on-plain/crowd.dat")

  /// A folder of its own for each test.
  private static func folder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
  }

  private static func type(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func check(_ junit: String) throws -> Program.Run {
    try Program.run(["check", "--rule", "waits.count > 0", "--junit", junit, capture])
  }

  @Test func aPipeIsWrittenThrough() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pipe = folder + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let run = try Program.shell(
      "timeout 60 cat '\(pipe)' > '\(folder)/got' & '\(Program.path)' check --rule 'waits.count > 0' --junit '\(pipe)' "
        + "'\(Self.capture)' > /dev/null; status=$?; wait; exit $status")
    #expect(run.status == 0, "\(run.errors)")
    #expect(Self.type(pipe) == S_IFIFO)
    #expect(try String(contentsOfFile: folder + "/got", encoding: .utf8).contains("<testsuite"))
  }

  /// Devices of its own, which only root can make: those of the machine are not put at risk.
  @Test(.enabled(if: getuid() == 0)) func aDeviceStaysADevice() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (null, full) = (folder + "/null", folder + "/full")
    try #require(mknod(null, S_IFCHR | 0o600, 1 << 8 | 3) == 0 && mknod(full, S_IFCHR | 0o600, 1 << 8 | 7) == 0)
    let run = try Self.check(null)
    #expect(run.status == 0 && Self.type(null) == S_IFCHR, "\(run.errors)")
    let failed = try Self.check(full)
    #expect(failed.status == 1 && failed.errors.hasPrefix("proxytrace: \(full): ") && Self.type(full) == S_IFCHR)
  }

  @Test func standardOutputCanBeNamed() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let out = folder + "/out"
    let run = try Program.shell(
      "exec > '\(out)'; echo first; '\(Program.path)' check --rule 'waits.count > 0' --junit /dev/stdout '\(Self.capture)'"
    )
    #expect(run.status == 0, "\(run.errors)")
    let text = try String(contentsOfFile: out, encoding: .utf8)
    #expect(text.hasPrefix("first\n") && text.contains("<testsuite"))
    #expect(Self.type("/dev/stdout") == S_IFLNK)
  }

  @Test func aNamedLinkIsFollowedAndAModeKept() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (file, link) = (folder + "/file", folder + "/link")
    try Data("old".utf8).write(to: URL(fileURLWithPath: file))
    chmod(file, 0o640)
    try #require(symlink(file, link) == 0)
    #expect(try Self.check(link).status == 0)
    var status = stat()
    #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o640)
    #expect(Self.type(link) == S_IFLNK)
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("<testsuite"))
  }

  /// A link to a descriptor of the program, to a link, and to a file that is not there yet.
  @Test func aNamedLinkIsFollowedWhereverItLeads() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (first, second, target) = (folder + "/first", folder + "/second", folder + "/target")
    try #require(symlink("second", first) == 0 && symlink("target", second) == 0)
    #expect(try Self.check(first).status == 0)
    #expect(Self.type(first) == S_IFLNK && Self.type(second) == S_IFLNK && Self.type(target) == S_IFREG)
    // Standard output is a file that has been removed: its name cannot be had any more.
    let link = folder + "/stdout"
    try #require(symlink("/proc/self/fd/1", link) == 0)
    let run = try Program.shell(
      "exec 4>&1 > '\(folder)/gone' 5< '\(folder)/gone'; rm '\(folder)/gone'; '\(Program.path)' check "
        + "--rule 'waits.count > 0' --junit '\(link)' '\(Self.capture)'; status=$?; cat <&5 >&4; exit $status")
    #expect(run.status == 0 && String(decoding: run.output, as: UTF8.self).contains("<testsuite"), "\(run.errors)")
    #expect(Self.type(link) == S_IFLNK)
    try #require(symlink("loop", folder + "/loop") == 0)
    let loop = try Self.check(folder + "/loop")
    #expect(loop.status == 1 && loop.errors.hasPrefix("proxytrace: \(folder)/loop: "))
  }

  @Test func tablesKeepModesAndStayInTheirDirectory() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (tables, outside) = (folder + "/tables", folder + "/outside")
    try FileManager.default.createDirectory(atPath: tables, withIntermediateDirectories: false)
    try Data("keep".utf8).write(to: URL(fileURLWithPath: outside))
    try #require(symlink(outside, tables + "/waits.csv") == 0)
    try Data().write(to: URL(fileURLWithPath: tables + "/cpus.csv"))
    chmod(tables + "/cpus.csv", 0o600)
    let run = try Program.run(["report", "--csv", tables, Self.capture])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try String(contentsOfFile: outside, encoding: .utf8) == "keep")
    #expect(Self.type(tables + "/waits.csv") == S_IFREG)
    var status = stat()
    #expect(stat(tables + "/cpus.csv", &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_size > 0)
    // A pipe in the directory is none of the program's files.
    try #require(unlink(tables + "/locks.csv") == 0 && mkfifo(tables + "/locks.csv", 0o600) == 0)
    let refused = try Program.run(["report", "--csv", tables, Self.capture], seconds: 60)
    #expect(refused.status == 1 && Self.type(tables + "/locks.csv") == S_IFIFO)
  }

  /// What a killed run has left is removed by the next one; what a living one writes is not.
  @Test func staleFilesAreRemoved() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // No process has that number: pids end at 2^22.
    let stale = folder + "/.cpus.csv.4194305-0.part"
    let living = folder + "/.cpus.csv.1-0.part"
    for path in [stale, living] { try Data("x".utf8).write(to: URL(fileURLWithPath: path)) }
    #expect(try Program.run(["report", "--csv", folder, Self.capture]).status == 0)
    #expect(Self.type(stale) == 0 && Self.type(living) == S_IFREG)
  }

  @Test(arguments: ["INT", "TERM", "HUP"]) func aSignalLeavesNothingBehind(signal: String) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // SQLite writes under a name of its own. The signal comes as soon as that is there.
    let run = try Program.shell(
      "'\(Program.path)' export --sqlite '\(folder)/it.sqlite' '\(Self.capture)' & pid=$!; n=0; "
        + "while [ $n -lt 2000 ] && ! ls -A '\(folder)' | grep part > /dev/null; do n=$((n+1)); sleep 0.01; done; "
        + "kill -\(signal) $pid; wait $pid; ls -A '\(folder)'")
    #expect(!String(decoding: run.output, as: UTF8.self).contains(".part"), "\(run.errors)")
  }

  /// A map in a pipe to which nobody writes.
  @Test func aMapIsNotWaitedForForEver() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pipe = folder + "/map"
    try #require(mkfifo(pipe, 0o600) == 0)
    let run = try Program.shell("timeout 60 '\(Program.path)' report --events '\(pipe)' '\(Self.capture)'")
    #expect(run.status == 1 && run.errors.contains("nothing was written"), "\(run.status): \(run.errors)")
  }

  @Test func usageErrorsEscapeWhatTheyRepeat() throws {
    let run = try Program.run(["report", "--x\u{1b}[31m", Self.capture])
    #expect(run.status == 64 && !run.errors.contains("\u{1b}") && run.errors.contains("x"), "\(run.errors)")
  }
}
