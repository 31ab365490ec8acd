import CBuildInfo
import ProxyExport
import TraceCore
import TraceReader

/// What `--version` prints: for reports of faults, so what was built of what, and what it runs with.
enum VersionText {
  static var text: String {
    let commit = String(cString: proxytrace_build_commit())
    let libraries = (ReaderLibraries.versions + ExportLibraries.versions).map { "\($0.name) \($0.version)" }
    return """
      proxytrace \(ToolVersion.text)
      commit: \(commit.isEmpty ? "not known; .ci/package builds with it" : commit)
      tables: schema version \(ToolVersion.schema)
      libraries: \(libraries.joined(separator: ", "))
      """
  }
}
