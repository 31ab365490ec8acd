package import TraceCore

/// A window of a problem, and the row that states all else of it.
package struct WindowMark: BitwiseCopyable, Sendable {
  /// The kind of row.
  package enum Source: UInt8, BitwiseCopyable, Sendable { case stall, inversion, handoff, wait, other }

  package var begin: Timestamp
  package var end: Timestamp
  /// The place of the window that the same problem had before; `max` for none.
  package var former: UInt32
  /// The row's position.
  package var row: UInt32
  /// −1 for none.
  package var cpu: CPU
  package var source: Source
  package var evidence: Evidence

  package init(
    begin: Timestamp, end: Timestamp, former: UInt32, row: UInt32, cpu: CPU, source: Source, evidence: Evidence
  ) {
    (self.begin, self.end, self.former, self.row) = (begin, end, former, row)
    (self.cpu, self.source, self.evidence) = (cpu, source, evidence)
  }

  package var length: Int64 { end - begin }
}

/// Windows of problems in the order in which they were found. Where they are many they are in the file of the timeline's rows.
package struct WindowLog: ~Copyable, Sendable {
  private var marks: PackedLog<WindowMark>
  private let file: RowFile

  package init(beside timeline: Timeline) {
    file = timeline.rowFile ?? RowFile()
    marks = PackedLog(in: file)
  }

  /// A way through rows that windows name, or through the windows of one problem.
  package func walk() -> RowWalk { RowWalk(file) }

  package var count: Int { marks.count }

  package subscript(place: Int) -> WindowMark { marks[place] }

  package mutating func append(_ mark: WindowMark) { marks.append(mark) }
}

/// Somebody's way through some rows of a kind: now and then it releases pages, of these rows and of what they refer to.
///
/// Who reads all rows in order need not care: that is done where a row is made.
package struct RowWalk {
  private let file: RowFile
  /// The first row is far from all that others have read.
  private var former = -RowWalk.farthest
  /// Rows passed over, none of them farther than their pages with their neighbours reach.
  private var passed = 0
  private static let mostBytes = 256
  private static let farthest = 768

  fileprivate init(_ file: RowFile) { self.file = file }

  /// The next row that is read, by its place.
  @inline(__always)
  package mutating func visit(_ row: Int) {
    passed += min(abs(row - former), Self.farthest)
    former = row
    if passed >= 1024 { end() }
  }

  /// There is no next one.
  @inline(never)
  package mutating func end() {
    file.passed(passed * Self.mostBytes)
    passed = 0
  }
}
