import CCrypto
import Glibc
public import TraceCore

/// What names a capture in a fleet: its content, wherever the file lies.
public struct CaptureID: Sendable, Hashable {
  /// The SHA-256 of the file, in hexadecimal: `sha256sum FILE` prints the same.
  public let sha256: String
  /// The first 16 digits of ``sha256``; where another buffer instance than the top one is read, those of the SHA-256 of that sum
  /// and the instance's name. Two of a million captures share one with a probability of one in thirty million.
  public let text: String

  private static let digits = 16
  private static let blockSize = 1 << 20

  /// - Throws: `cannotOpen` where the file cannot be read a second time, as with a pipe.
  public init(path: String, instance: String?) throws(TraceError) {
    guard path != "-" else {
      throw TraceError(
        .cannotOpen, path: path, "standard input cannot be read twice, and a capture's id comes from its content",
        advice: "save it as a file first")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    var digest = Digest()
    var block = [UInt8](repeating: 0, count: Self.blockSize)
    while true {
      let count = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(path) }
      if count == 0 { break }
      digest.update(block[..<count])
    }
    self.init(sha256: digest.finish(), instance: instance)
  }

  init(sha256: String, instance: String?) {
    self.sha256 = sha256
    guard let instance, !instance.isEmpty else {
      text = String(sha256.prefix(Self.digits))
      return
    }
    var digest = Digest()
    digest.update(Array("\(sha256) \(instance)".utf8)[...])
    text = String(digest.finish().prefix(Self.digits))
  }

  private static func failure(_ path: String) -> TraceError {
    TraceError(
      .cannotOpen, path: path, "cannot be read: \(String(cString: strerror(errno)))", advice: "look at its permissions")
  }
}

/// SHA-256 by libcrypto.
private struct Digest: ~Copyable {
  private let context = EVP_MD_CTX_new()

  init() {
    precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto has no SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  mutating func update(_ bytes: ArraySlice<UInt8>) {
    _ = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
  }

  /// In hexadecimal.
  mutating func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &bytes, nil)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
