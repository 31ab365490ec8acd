/// What arbitrary bytes are thrown at. A new input format gets a case here, seeds in ``seeds(from:)`` and a folder in
/// `Fixtures/fuzz/fail`; nothing else names the targets.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A whole `trace.dat`.
  case container
  /// Ring-buffer pages, in a file that is in order.
  case pages
  /// The texts of event formats, in a file whose records are in order.
  case formats
  /// Events that no kernel writes, past the reader.
  case model
  /// What a user types: lists, times and patterns.
  case filters
  /// Messages of `bpf_trace_printk`, which any program may write.
  case marks
  /// ftrace text.
  case text
  /// Event maps in YAML, which a C library parses.
  case maps

  /// What became of an input. Where the model runs, it has run in batches, as in the program, and event by event.
  public struct Result: Sendable {
    /// What no input may bring about, in words; empty if all is well.
    public var violations: [String]
    /// How often the batches entered the model's fast path, which follows events while nobody waits for a lock.
    public var calmPeriods = 0

    init(_ violations: [String], calmPeriods: Int = 0) {
      (self.violations, self.calmPeriods) = (violations, calmPeriods)
    }

    init(_ examination: Examination) {
      self.init(examination.violations, calmPeriods: examination.calmPeriods)
    }
  }

  /// Whether inputs of this target reach the model.
  public var reachesModel: Bool { self != .filters && self != .marks }

  /// Runs an input to its end. A crash does not return.
  public func run(_ input: UnsafeRawBufferPointer) -> Result {
    switch self {
    case .container: ContainerFuzz.run(input)
    case .pages: PagesFuzz.run(input)
    case .formats: FormatsFuzz.run(input)
    case .model: ModelFuzz.run(input)
    case .filters: Result(FilterFuzz.run(input))
    case .marks: Result(MarkFuzz.run(input))
    case .text: TextFuzz.run(input)
    case .maps: MapFuzz.run(input)
    }
  }

  public func run(_ input: [UInt8]) -> Result { input.withUnsafeBytes { run($0) } }

  /// Small inputs to begin with.
  /// - Parameter captures: Whole captures.
  public func seeds(from captures: [[UInt8]]) throws -> [[UInt8]] {
    switch self {
    case .container: try ContainerFuzz.seeds(from: captures)
    case .pages: try PagesFuzz.seeds(from: captures)
    case .formats: try FormatsFuzz.seeds(from: captures)
    case .model: ModelFuzz.seeds()
    case .filters: FilterFuzz.seeds
    case .marks: MarkFuzz.seeds
    case .text: TextFuzz.seeds
    case .maps: MapFuzz.seeds
    }
  }
}
