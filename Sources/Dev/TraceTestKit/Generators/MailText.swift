/// Lines as they arrive in a mail.
public enum MailText {
  /// As a mailer wraps them: between words, each line quoted.
  public static func wrapped(_ lines: [String], _ width: Int, quote: String) -> [String] {
    var result: [String] = []
    for line in lines {
      var current = quote
      for word in line.split(separator: " ") {
        if current.count + word.count + 1 > width, current != quote {
          result.append(current)
          current = quote
        }
        current += (current == quote ? "" : " ") + word
      }
      result.append(current)
    }
    return result
  }

  /// As a terminal wraps them: anywhere, in the middle of names and numbers.
  public static func cut(_ lines: [String], _ width: Int) -> [String] {
    lines.flatMap { line in
      stride(from: 0, to: line.count, by: width).map { start in String(line.dropFirst(start).prefix(width)) }
    }
  }
}
