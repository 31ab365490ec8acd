import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyModel
import ProxyTraceKit
import TraceCore

/// Options of every command that reads a capture and prints.
struct ReadingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Read this buffer instance instead of the top one.", valueName: "name"))
  var instance: String?

  @Option(
    help: ArgumentHelp(
      """
      Threads: with 2 or more another one reads ahead, a text together with this one, and a third follows who waits for \
      whom where somebody always does; with 3 or more others decompress; at most so many make the report. The results are \
      the same.
      """, valueName: "n")
  )
  var jobs = ReadingOptions.usefulJobs

  @OptionGroup(title: "Other kernels and schedulers") var events: EventOptions

  @Option(help: "Colours: auto (on a terminal, unless NO_COLOR is set), always, never.")
  var color = ColorChoice.auto

  func validate() throws {
    if jobs < 1 { throw ValidationError("--jobs needs a number of at least 1") }
  }

  /// One for each CPU, up to four: the reader, the model's two passes, and one that decompresses.
  private static var usefulJobs: Int { min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

extension ReadingOptions {
  /// Reads a capture that says something about scheduling.
  /// - Parameters:
  ///   - kinds: what the model must make.
  ///   - rows: rows to make that can be as many as events.
  /// - Returns: `nil` where it cannot be read; the error has then been printed.
  func load(
    _ file: String, _ model: ModelOptions, kinds: RowKinds, top: Int = 10, making rows: OptionalRows = [],
    _ status: inout RunStatus
  ) -> ReportContext? {
    loadToRead(file, model, kinds: kinds, top: top, making: rows, &status)?.context
  }

  /// The same, and what the capture can be read from again: pictures need a second reading.
  func loadToRead(
    _ file: String, _ model: ModelOptions, kinds: RowKinds, top: Int = 10, making rows: OptionalRows = [],
    _ status: inout RunStatus
  ) -> (context: ReportContext, session: CaptureSession)? {
    do throws(TraceError) {
      let session = try session(file, model, kinds: kinds, making: rows)
      let context = try session.loadShowingProgress().context(top: top)
      try context.requireSwitches()
      status.note(damage: context.diagnostics.hasDamage)
      return (context, session)
    } catch {
      status.fail(error)
      return nil
    }
  }
}
