import Foundation
import ProxyAnalysis
import ProxyModel
import TraceCore
import TraceReader

/// The fixtures' captures.
enum FixtureCapture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  /// `proxy-on-plain/crowd.dat` and so on.
  static let names: [String] = {
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".dat") || $0.hasSuffix(".trace.txt") }.sorted()
  }()

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  static func report(_ name: String) throws -> Report {
    var reader = try CaptureReader(path: path(name))
    var options = ProxyMachine.Options()
    options.savedComms = reader.savedComms
    options.cpuCount = reader.info.cpuCount
    var machine = ProxyMachine(options)
    while let event = reader.next() {
      for (pid, comm) in reader.takeNames() { machine.learn(pid, comm) }
      machine.apply(event)
    }
    let timeline = machine.finish()
    var symbols: [LockAddress: String] = [:]
    for lock in Set(timeline.waits.map(\.lock)) {
      if let symbol = reader.symbol(for: lock.rawValue), symbol.offset < 4096 { symbols[lock] = symbol.name }
    }
    return Report(
      ReportContext(
        capture: reader.info, timeline: timeline, diagnostics: reader.diagnostics, symbols: symbols))
  }
}
