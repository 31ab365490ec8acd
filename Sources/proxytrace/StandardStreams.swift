import Glibc
import ProxyReport

/// Descriptors 0 to 2 as the program expects them.
enum StandardStreams {
  static func prepare() {
    // A reader that leaves early is no error; writes then fail with EPIPE.
    signal(SIGPIPE, SIG_IGN)
    // Were a standard descriptor closed, the next file opened would take its number, and be written to as standard output.
    // Opened for reading only, it still fails when written to, as a closed one does.
    while true {
      let descriptor = open("/dev/null", O_RDONLY)
      if descriptor > 2 || descriptor < 0 {
        if descriptor >= 0 { close(descriptor) }
        return
      }
    }
  }

  /// Writes to standard error, in one piece. A failure is ignored: there is no place to report it.
  static func writeError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Columns of the terminal that standard output is; where it is none, what `COLUMNS` says. Never less than 80 nor more than 200.
  static var columns: Int {
    var size = winsize()
    let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    let told = getenv("COLUMNS").flatMap { Int(String(cString: $0)) }
    let columns = isKnown ? Int(size.ws_col) : told ?? TextWidth.narrow
    return min(max(columns, TextWidth.narrow), TextWidth.wide)
  }
}
