import CZlib
import CZstd
import Glibc

/// The libraries that captures are read with.
public enum ReaderLibraries {
  /// Names and versions, as they are loaded.
  public static var versions: [(name: String, version: String)] {
    [
      ("libtraceevent", traceEventVersion ?? "of an unknown version"), ("zstd", String(cString: ZSTD_versionString())),
      ("zlib", String(cString: zlibVersion())),
    ]
  }

  /// libtraceevent has no function that tells; the name of the file that is mapped does: `libtraceevent.so.1.7.1`.
  private static var traceEventVersion: String? {
    guard let maps = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(maps) }
    var (line, size): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
    defer { free(line) }
    while getline(&line, &size, maps) > 0 {
      guard let line, let name = strstr(line, "/libtraceevent.so.") else { continue }
      return String(cString: name).split(whereSeparator: \.isWhitespace).first.map {
        String($0.dropFirst("/libtraceevent.so.".count))
      }
    }
    return nil
  }
}
