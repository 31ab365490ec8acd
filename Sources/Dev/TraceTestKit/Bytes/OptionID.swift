/// Ids of a `trace.dat`'s options and, in version 7, of its sections (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)).
enum OptionID: UInt16 {
  case done = 0
  case date = 1
  case cpuStat = 2
  case buffer = 3
  case traceClock = 4
  case uname = 5
  case hook = 6
  case offset = 7
  case cpuCount = 8
  case version = 9
  case procMaps = 10
  case traceID = 11
  case timeShift = 12
  case guest = 13
  case tscToNanoseconds = 14
  case strings = 15
  case headerInfo = 16
  case ftraceEvents = 17
  case eventFormats = 18
  case kallsyms = 19
  case printk = 20
  case commandLines = 21
  case bufferText = 22
  case btf = 23
  case lastBoot = 24
  case modules = 25

  /// Options whose payload is the file offset of a section.
  var pointsToSection: Bool {
    switch self {
    case .headerInfo, .ftraceEvents, .eventFormats, .kallsyms, .printk, .commandLines, .bufferText, .btf, .modules: true
    default: false
    }
  }
}
