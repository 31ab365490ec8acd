public import ProxyAnalysis
import TraceCore

/// A capture as it is exported: every table of its report, the table `captures` with one row, and the table `availability` with a
/// row for each table.
public struct ExportedCapture: Sendable {
  public let id: CaptureID
  /// `captures` and `availability` last: whoever finds a capture there finds all of it.
  let tables: [ExportTable]

  /// Names of tables that are here alone.
  static let (captures, availability) = ("captures", "availability")

  /// - Parameters:
  ///   - labels: what the user says of the capture, for the column `labels` of `captures`.
  ///   - options: how the report was asked for where not as usual, for the column `options`.
  public init(_ report: Report, id: CaptureID, labels: [ExportLabel] = [], options: String = "") {
    self.id = id
    let own = CaptureAnalysis.name
    let tables = report.tables.filter { $0.name != own }.map { ExportTable($0, capture: id.text) }
    let extra: [(name: String, type: ParquetType, cell: Cell)] = [
      ("labels", .text, .text(ExportLabel.json(labels))),
      ("options", .text, options.isEmpty ? .empty : .text(options)),
      ("sha256", .text, .word(id.sha256)),
    ]
    let facts = report.tables.filter { $0.name == own }.map {
      ExportTable($0, name: Self.captures, capture: id.text, extra: extra, hasID: false)
    }
    self.tables = tables + [Self.availability(of: tables, id)] + facts
  }

  /// Tells an empty table from one that the capture does not allow, where prose need not be read.
  private static func availability(of tables: [ExportTable], _ id: CaptureID) -> ExportTable {
    let table = Table(
      availability, rows: tables,
      columns: [
        TableColumn("table_name", .word, "the table") { .word($0.name) },
        TableColumn("available", .flag, "whether the capture allows it") {
          .word($0.notAvailable == nil ? "yes" : "no")
        },
        TableColumn("row_count", .count, "how many rows it has; empty where the capture does not allow it") {
          $0.notAvailable == nil ? .count(UInt64($0.rowCount)) : .empty
        },
        TableColumn("reason", .text, "which events would give it; empty where it is available") {
          $0.notAvailable.map(Cell.text) ?? .empty
        },
      ])
    return ExportTable(Report.TableResult(table: table, missing: []), capture: id.text)
  }
}

/// What a user says of a capture: `--label kernel=7.4-rc1`.
public struct ExportLabel: Sendable, Hashable {
  public var key: String
  public var value: String

  /// Out of `KEY=VALUE`.
  /// - Returns: `nil` without `=`, or without a key of letters, digits, `_`, `-` and `.`.
  public init?(_ text: String) {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    key = String(text[..<sign])
    value = String(text[text.index(after: sign)...])
    let isName = key.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard !key.isEmpty, isName else { return nil }
  }

  /// A JSON object, by key in the order of bytes; of several with one key the last counts.
  static func json(_ labels: [ExportLabel]) -> String {
    let last = Dictionary(labels.map { ($0.key, $0.value) }) { $1 }
    let members = last.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
      "\"\(key)\":\"\(escaped(value))\""
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\u{0}"..."\u{1f}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
