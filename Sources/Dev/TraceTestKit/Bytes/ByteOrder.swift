/// The order of an integer's bytes in a file.
public enum ByteOrder: Sendable, Hashable, CaseIterable {
  case little, big
}

/// What is wrong with a file that the kit was given, or with what it was asked to write.
public struct KitError: Error, Sendable, Hashable, CustomStringConvertible {
  public var problem: String
  /// Where in the file, in bytes.
  public var offset: Int?

  public init(_ problem: String, offset: Int? = nil) {
    self.problem = problem
    self.offset = offset
  }

  public var description: String { offset.map { "\(problem) (offset \($0))" } ?? problem }
}
