import TraceCore

/// Joins bars that are too short to be told apart.
enum Condenser {
  /// Bars of one lane, in order of time; runs of bars shorter than a resolution become one bar of the style that had the most time.
  static func condense(_ bars: [Scene.Bar], _ resolution: Int64) -> [Scene.Bar] {
    var result: [Scene.Bar] = []
    var short: [Scene.Bar] = []
    func flush() {
      if short.count < 3 { result += short } else { result.append(join(short)) }
      short.removeAll()
    }
    for bar in bars where bar.end > bar.begin {
      if bar.end - bar.begin >= resolution {
        flush()
        result.append(bar)
      } else {
        if let last = short.last, bar.begin - last.end > resolution { flush() }
        short.append(bar)
      }
    }
    flush()
    return result
  }

  private static func join(_ bars: [Scene.Bar]) -> Scene.Bar {
    var times: [BarStyle: Int64] = [:]
    var labels: [String: Int64] = [:]
    for bar in bars {
      times[bar.style, default: 0] += bar.end - bar.begin
      labels[bar.label, default: 0] += bar.end - bar.begin
    }
    let most = labels.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    var joined = bars[0]
    joined.end = bars[bars.count - 1].end
    joined.style = times.count == 1 ? bars[0].style : .mixed
    if let only = times.max(by: { $0.value < $1.value }), only.value * 10 >= times.values.reduce(0, +) * 9 {
      joined.style = only.key
    }
    joined.label = most.count == 1 ? "\(most[0].key) ×\(bars.count)" : "\(bars.count) short"
    joined.hover = ["\(bars.count) stretches: " + most.prefix(4).map(\.key).joined(separator: ", ")]
    joined.evidence = bars.compactMap(\.evidence).first
    return joined
  }
}
