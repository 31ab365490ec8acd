public import ProxyModel

/// All analyses, in the order in which reports show their tables. A test holds it against the folders of this module.
public enum AnalysisRegistry {
  /// Every analysis once.
  public static let all: [any Analysis.Type] = [
    VerdictAnalysis.self,
    FindingsAnalysis.self,
    SchedextAnalysis.self,
    CpusAnalysis.self,
    WaitsAnalysis.self,
    SegmentsAnalysis.self,
    ChainsAnalysis.self,
    RunsAnalysis.self,
    DelaysAnalysis.self,
    SplitsAnalysis.self,
    InversionsAnalysis.self,
    CulpritsAnalysis.self,
    HandoffsAnalysis.self,
    HoldsAnalysis.self,
    PairingAnalysis.self,
    EnqueuesAnalysis.self,
    MigrationsAnalysis.self,
    LocksAnalysis.self,
    TasksAnalysis.self,
    GapsAnalysis.self,
    CaptureAnalysis.self,
  ]

  /// The rows that the model must make for a table; for all tables where none is named.
  public static func rows(for table: String? = nil) -> OptionalRows {
    guard let table else { return all.reduce(into: []) { $0.formUnion($1.rows) } }
    return all.first { $0.tables(.empty).contains { $0.name == table } }?.rows ?? []
  }
}
