import TraceCore

extension OptionID {
  /// Options whose payload is the file offset of a section.
  var pointsToSection: Bool {
    switch self {
    case .headerInfo, .ftraceEvents, .eventFormats, .kallsyms, .printk, .commandLines, .bufferText, .btf, .modules: true
    default: false
    }
  }
}
