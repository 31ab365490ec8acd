import ArgumentParser
import ProxyAnalysis

/// Whether output shows where the kernel's locks are.
enum AddressChoice: String, ExpressibleByArgument, CaseIterable {
  /// A number for each lock instead.
  case hash
  case raw

  /// What is reported of a capture.
  func applied(to context: ReportContext) -> ReportContext { self == .raw ? context : context.hidingAddresses() }
}
