// One import gives a program the session and every type that a capture, a timeline, a table and a finding consist of.
// Readers and renderers are imported by name where they are wanted: TraceReader, ProxyReport.
@_exported public import ProxyAnalysis
@_exported public import ProxyModel
@_exported public import TraceCore
