import ProxyAnalysis
import TraceCore

/// A cell as engines know values: 64 bits with a sign, decimals, truth values, text. What is not known is `nil`, and so is what
/// does not fit, which only a damaged file can claim: a count or a time of 2⁶³ and more.
extension Cell {
  var integer: Int64? {
    switch self {
    case .integer(let value), .secondsFromStart(let value), .share(billionths: let value): value
    case .count(let value), .address(let value): Int64(exactly: value)
    case .instant(let time): Int64(exactly: time.rawValue)
    case .empty, .word, .text, .comm, .evidence: nil
    }
  }

  /// A number with nine decimals as an integer of 18 digits at most.
  var billionths: Int64? {
    guard let value = integer, value.magnitude < 1_000_000_000_000_000_000 else { return nil }
    switch self {
    case .secondsFromStart, .share: return value
    default: return nil
    }
  }

  var boolean: Bool? {
    switch self {
    case .word("yes"): true
    case .word("no"): false
    default: nil
    }
  }

  /// As CSV writes it, without its guards and quotes.
  var text: String? {
    switch self {
    case .empty: nil
    case .integer(let value): String(value)
    case .count(let value): String(value)
    case .instant(let time): String(time.rawValue)
    case .secondsFromStart(let value), .share(billionths: let value): String(value)
    case .address(let value): "0x" + String(value, radix: 16)
    case .word(let text), .text(let text): text
    case .comm(let comm): comm.text
    case .evidence(let evidence): evidence.name
    }
  }
}

extension Column.Kind {
  /// What an engine is to take such a column for.
  var parquetType: ParquetType {
    switch self {
    case .seconds, .share: .billionths
    case .flag: .boolean
    default: isNumeric ? .integer : .text
    }
  }
}
