/// Numbers of a `trace.dat`'s options and, in version 7, of its sections (trace-cmd's `TRACECMD_OPTION_*`,
/// Documentation/trace-cmd/trace-cmd.dat.v7.5.txt).
package enum OptionID: UInt16, Sendable {
  /// Ends the options; as a section's number, the options themselves.
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
  /// Of `proxytrace record` alone: `proxytrace\0KEY\0VALUE` (docs/record.md). Others skip it.
  case machineFact = 0x7074
}
