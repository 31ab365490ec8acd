import Glibc

/// Why a recording cannot begin, go on or be removed: one line, and what to do about it.
public struct CaptureError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, or the thing, that it is about.
  public var place: String
  /// What is wrong, as a clause.
  public var problem: String
  /// What to do about it, as a clause.
  public var advice: String
  /// The `errno` behind it; 0 where there is none.
  public var code: Int32

  public init(_ place: String, _ problem: String, advice: String, code: Int32 = 0) {
    self.place = place
    self.problem = problem
    self.advice = advice
    self.code = code
  }

  public var description: String { "\(place): \(problem); \(advice)" }

  /// A system call on a file of the kernel that failed.
  static func kernel(_ code: Int32, _ place: String, _ action: String) -> CaptureError {
    let advice =
      switch code {
      case EACCES, EPERM: "run it as root; a locked-down kernel or a container forbids it even then"
      case ENOENT, ENODEV: "this kernel does not offer it; proxytrace doctor says what it does offer"
      case ENOMEM: "ask for smaller buffers with -b"
      case EBUSY: "somebody else uses it; proxytrace doctor says who traces"
      default: "proxytrace doctor says what this kernel offers"
      }
    return CaptureError(place, "cannot be \(action): \(systemText(code))", advice: advice, code: code)
  }

  /// A system call on the capture's own file that failed.
  static func output(_ code: Int32, _ place: String) -> CaptureError {
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "make room, or write elsewhere with -o"
      case EACCES, EPERM, EROFS: "write where you may, with -o"
      case ENOENT, ENOTDIR: "make its folder first"
      default: "write elsewhere with -o"
      }
    return CaptureError(place, "cannot be written: \(systemText(code))", advice: advice, code: code)
  }
}

/// The text of an `errno`.
func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }
