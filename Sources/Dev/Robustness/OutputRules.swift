import ProxyAnalysis
import ProxyReport

/// What every output must keep to, whatever names a capture holds. Each returns what is wrong, in words.
public enum OutputRules {
  /// A report in every format.
  static func violations(of report: Report) -> [String] {
    do throws(OutputError) {
      let text = ByteSink()
      try TextReport(isColoured: false).write(report, to: text)
      let json = ByteSink()
      try JSONWriter(version: "0").write(report, to: json)
      var violations = Self.text(text.bytes) + Self.json(json.bytes)
      for table in report.tables where table.missing.isEmpty {
        let csv = ByteSink()
        try CSVWriter().write(table, to: csv)
        violations += Self.csv(csv.bytes).map { "\(table.name): \($0)" }
      }
      return violations
    } catch {
      return ["output to memory failed: \(error)"]
    }
  }

  /// Text for a terminal: UTF-8 without anything that would move the cursor, change colours or reorder a line.
  public static func text(_ bytes: [UInt8]) -> [String] {
    guard let text = String(validating: bytes, as: UTF8.self) else { return ["the text is no UTF-8"] }
    for scalar in text.unicodeScalars where scalar != "\n" {
      if scalar.value < 0x20 || scalar.value == 0x7f { return ["the text holds the control byte \(scalar.value)"] }
      guard !scalar.isASCII else { continue }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        return ["the text holds the invisible U+\(String(scalar.value, radix: 16))"]
      default: break
      }
    }
    return []
  }

  /// RFC 4180: all rows as long as the header, quotes where they belong; and no cell that a spreadsheet would run.
  public static func csv(_ bytes: [UInt8]) -> [String] {
    guard String(validating: bytes, as: UTF8.self) != nil else { return ["the CSV is no UTF-8"] }
    guard bytes.last == UInt8(ascii: "\n") else { return ["the CSV does not end a row"] }
    guard let rows = rows(bytes) else { return ["a quote in the CSV stands where none may"] }
    let width = rows.first?.count ?? 0
    for (number, row) in rows.enumerated() {
      if row.count != width { return ["row \(number) of the CSV has \(row.count) cells, not \(width)"] }
      if let cell = row.first(where: isFormula) {
        return ["row \(number) of the CSV has a formula: \(String(decoding: cell, as: UTF8.self))"]
      }
    }
    return []
  }

  /// A cell that begins like a formula and is no number.
  private static func isFormula(_ cell: [UInt8]) -> Bool {
    guard let first = cell.first, [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d].contains(first) else { return false }
    return first != UInt8(ascii: "-") || !cell.dropFirst().allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
      || cell.count == 1
  }

  /// - Returns: `nil` for a quote in the middle of a cell, or one that nothing closes.
  private static func rows(_ bytes: [UInt8]) -> [[[UInt8]]]? {
    var rows: [[[UInt8]]] = []
    var row: [[UInt8]] = []
    var place = 0
    while place < bytes.count {
      var cell: [UInt8] = []
      if bytes[place] == UInt8(ascii: "\"") {
        guard quoted(bytes, &place, &cell) else { return nil }
      } else {
        while place < bytes.count, bytes[place] != UInt8(ascii: ","), bytes[place] != 0x0a {
          if bytes[place] == UInt8(ascii: "\"") || bytes[place] == 0x0d { return nil }
          cell.append(bytes[place])
          place += 1
        }
      }
      row.append(cell)
      guard place < bytes.count, bytes[place] == 0x0a || bytes[place] == UInt8(ascii: ",") else { return nil }
      if bytes[place] == 0x0a {
        rows.append(row)
        row = []
      }
      place += 1
    }
    return rows
  }

  private static func quoted(_ bytes: [UInt8], _ place: inout Int, _ cell: inout [UInt8]) -> Bool {
    place += 1
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "\"") {
        place += 1
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return true }
      }
      cell.append(bytes[place])
      place += 1
    }
    return false
  }

  /// One JSON value (RFC 8259) in UTF-8 and white space, nothing else; no key twice in an object.
  public static func json(_ bytes: [UInt8]) -> [String] {
    guard String(validating: bytes, as: UTF8.self) != nil else { return ["the JSON is no UTF-8"] }
    var scanner = JSONScanner(bytes)
    return scanner.document().map { ["the JSON is not valid at \(scanner.place): \($0)"] } ?? []
  }
}
