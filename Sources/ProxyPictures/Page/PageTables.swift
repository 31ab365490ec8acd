import ProxyAnalysis
import ProxyReport
import TraceCore

/// The tables of a page as JSON by columns: every figure as the other formats have it.
struct PageTables {
  /// Rows of a table at most; of a longer one those that lasted longest are kept.
  let mostRows: Int

  /// All tables with rows as one JSON array, packed.
  func packed(_ report: Report) -> [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "[")]
    for result in report.tables where result.notAvailable == nil && result.table.rowCount > 0 {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      add(result.table, report.context, to: &json)
    }
    json.append(UInt8(ascii: "]"))
    return Packing.pack(json)
  }

  private func add(_ table: Table, _ context: ReportContext, to json: inout [UInt8]) {
    var columns = table.columns.map { _ in [UInt8]() }
    table.forEachRow(of: chosenRows(table)) { cells in
      for place in cells.indices {
        if !columns[place].isEmpty { columns[place].append(UInt8(ascii: ",")) }
        JSONText.add(cells[place], to: &columns[place])
      }
    }
    json += Array("{\"name\":".utf8)
    JSONText.add(table.name, to: &json)
    json += Array(",\"all\":\(table.unfilteredCount),\"cols\":[".utf8)
    for (place, column) in table.columns.enumerated() {
      if place > 0 { json.append(UInt8(ascii: ",")) }
      json += Array("{\"n\":".utf8)
      JSONText.add(column.name, to: &json)
      json += Array(",\"u\":\"\(column.unit(of: context.capture.clock))\",\"r\":\(column.kind.isNumeric),\"d\":".utf8)
      JSONText.add(column.doc, to: &json)
      json += Array(",\"v\":[".utf8)
      json += columns[place]
      json += Array("]}".utf8)
    }
    json += Array("]}".utf8)
  }

  /// The rows to keep, ascending.
  private func chosenRows(_ table: Table) -> [Int] {
    guard table.rowCount > mostRows else { return Array(0..<table.rowCount) }
    // The first duration of a table says what its rows are about. Without one its first rows are as good as any.
    guard let place = table.columns.firstIndex(where: { $0.kind == .duration }) else { return Array(0..<mostRows) }
    let lengths = table.cells(ofColumn: place).map { if case .integer(let length) = $0 { length } else { Int64(0) } }
    let longest = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    return longest.prefix(mostRows).sorted()
  }
}

/// JSON for a page's own script. It stands packed in the page, so that nothing in it can be taken for markup.
enum JSONText {
  static func add(_ cell: Cell, to json: inout [UInt8]) {
    switch cell {
    case .empty: json += Array("null".utf8)
    case .integer(let value) where value.magnitude < 1 << 53: json += Array(String(value).utf8)
    case .count(let value) where value < 1 << 53: json += Array(String(value).utf8)
    case .instant(let time) where time.rawValue < 1 << 53: json += Array(String(time.rawValue).utf8)
    // What a script's numbers would round stays text.
    default: add(PersonText.cell(cell), to: &json)
    }
  }

  static func add(_ text: String, to json: inout [UInt8]) {
    json.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        json.append(UInt8(ascii: "\\"))
        json.append(UInt8(scalar.value))
      case _ where scalar.value < 0x20 || scalar == "\u{2028}" || scalar == "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        json += Array("\\u".utf8) + Array(String(repeating: "0", count: 4 - digits.count).utf8) + Array(digits.utf8)
      default: json += Array(String(scalar).utf8)
      }
    }
    json.append(UInt8(ascii: "\""))
  }
}
