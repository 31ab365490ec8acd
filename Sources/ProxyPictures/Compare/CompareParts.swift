import ProxyAnalysis
import ProxyCompare
import ProxyModel
import ProxyReport

/// Where the waiting for mutexes went on both sides: a class a row, a bar a side.
struct CompareClasses {
  private let comparison: Comparison
  private let names: [String]
  private let person: PersonText

  init(_ comparison: Comparison, _ names: [String], _ person: PersonText) {
    (self.comparison, self.names, self.person) = (comparison, names, person)
  }

  /// Empty where nobody waits.
  var html: String {
    let times = comparison.sides.map { ($0.classTimes, $0.waited) }
    let rows = comparison.figures.filter { $0.group == Comparison.classGroup }
    let kinds = rows.compactMap { row in WaitClass.allCases.first { $0.name == row.name } }
    guard !kinds.isEmpty else { return "" }
    var out =
      "<section id=\"classes\"><h2>Where the waiting for mutexes went</h2>\n<table class=\"bars\">\n<tr class=\"hd\"><th></th>"
    for name in names { out += "<th colspan=\"3\">\(name)</th>" }
    out += "</tr>\n"
    let most = times.reduce(into: ClassTimes()) { $0 += $1.0 }
    for kind in kinds.sorted(by: { most[$0] > most[$1] }) {
      out += "<tr><th>\(Markup.escape(kind.plainName(isProxying: true)))</th>"
      for (part, whole) in times.map({ ($0.0[kind], $0.1) }) {
        let share = whole > 0 ? Double(part) / Double(whole) * 100 : 0
        let width = part > 0 ? max(share, 0.5) : 0
        out +=
          "<td>\(Markup.escape(person.duration(part)))</td><td>\(Markup.escape(person.share(part, of: whole)))</td><td class=\"w\">"
        out +=
          "<svg class=\"pt\" width=\"100%\" height=\"14\"><rect class=\"k \(BarStyle(kind).rawValue)\" width=\"\(px(width))%\" height=\"14\"/></svg></td>"
      }
      out += "</tr>\n"
    }
    out += "<tr><th>all waiting</th>"
    for (_, whole) in times { out += "<td>\(Markup.escape(person.duration(whole)))</td><td></td><td></td>" }
    return out + "</tr>\n</table></section>\n"
  }
}

/// The parts of handoffs, stacked: the mean of each part, on both sides at one scale.
struct CompareParts {
  private let comparison: Comparison
  private let names: [String]
  private let person: PersonText

  init(_ comparison: Comparison, _ names: [String], _ person: PersonText) {
    (self.comparison, self.names, self.person) = (comparison, names, person)
  }

  private static let styles = ["own", "handoff", "preempted", "proxied"]
  private static let prefix = "mean until "

  /// Empty where no handoff has parts.
  var html: String {
    var groups: [String] = []
    for row in comparison.figures where row.name.hasPrefix(Self.prefix) && !groups.contains(row.group) {
      groups.append(row.group)
    }
    guard !groups.isEmpty else { return "" }
    var out = "<section id=\"parts\"><h2>Handoffs in parts (means)</h2>\n"
    for group in groups { out += table(group) }
    return out + "</section>\n"
  }

  private func table(_ group: String) -> String {
    let rows = comparison.figures.filter { $0.group == group && $0.name.hasPrefix(Self.prefix) }
    let words = rows.map { String($0.name.dropFirst(Self.prefix.count)) }
    let sums = names.indices.map { side in rows.reduce(0) { $0 + max($1.values[side] ?? 0, 0) } }
    let most = max(sums.max() ?? 0, 1)
    var out = "<h3>\(Markup.escape(group))</h3>\n<p class=\"key\">"
    for (word, style) in zip(words, Self.styles) {
      out +=
        "<span><svg class=\"pt\" width=\"16\" height=\"11\"><rect class=\"k \(style)\" width=\"16\" height=\"11\"/></svg>\(Markup.escape("until \(word)"))</span>"
    }
    out += "</p>\n<table class=\"parts\">\n"
    for side in names.indices {
      out += "<tr><th>\(names[side])</th><td class=\"w\"><svg class=\"pt\" width=\"100%\" height=\"18\">"
      var x = 0.0
      for (row, style) in zip(rows, Self.styles) {
        guard let value = row.values[side], value > 0 else { continue }
        let width = value / most * 100
        let hover = "\(row.name): \(duration(value))"
        out +=
          "<rect class=\"k \(style)\" x=\"\(percent(x))%\" width=\"\(percent(width))%\" height=\"18\"><title>\(Markup.escape(hover))</title></rect>"
        x += width
      }
      let texts = zip(rows, words).map { row, word in
        "\(word) \(FigureText.value(row.values[side], row.unit, isTime: person.countsNanoseconds))"
      }
      let unit = FigureText.unit(.duration, isTime: person.countsNanoseconds)
      out += "</svg></td><td>\(Markup.escape(texts.joined(separator: " + ") + unit))</td></tr>\n"
    }
    return out + "</table>\n"
  }

  private func duration(_ value: Double) -> String { person.duration(Int64(value.rounded())) }

  private func percent(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
}
