/// All analyses, in the order in which reports show their tables. A test holds it against the folders of this module.
public enum AnalysisRegistry {
  /// Every analysis once.
  public static let all: [any Analysis.Type] = [
    VerdictAnalysis.self,
    SchedextAnalysis.self,
    CpusAnalysis.self,
    WaitsAnalysis.self,
    ChainsAnalysis.self,
    SplitsAnalysis.self,
    InversionsAnalysis.self,
    HandoffsAnalysis.self,
    HoldsAnalysis.self,
    PairingAnalysis.self,
    MigrationsAnalysis.self,
    LocksAnalysis.self,
    TasksAnalysis.self,
    GapsAnalysis.self,
    CaptureAnalysis.self,
  ]
}
