public import ProxyModel
public import TraceCore
package import TraceReader

extension CaptureSession {
  /// How a capture is read and what the model takes for granted.
  public struct Options: Sendable {
    /// The buffer instance to read; `nil` or empty for the top one.
    public var instance: String?
    /// Which events play which role, for kernels out of tree.
    public var events = EventMap.standard
    /// How messages of `bpf_trace_printk` mark callbacks of a sched_ext scheduler.
    public var marks = MarkPattern.standard
    /// Names of tasks that neither an event nor the capture itself names.
    public var savedComms: [Pid: Comm] = [:]
    /// Leave the events of the `proxytrace` probes out, as if they had not been recorded.
    public var ignoresProbes = false
    /// Whether the traced kernel proxies; `nil` = the capture decides.
    public var proxyExecution: Bool?
    /// Rows that the model makes: those of the tables and figures that are wanted.
    public var kinds = RowKinds.all
    /// Rows to make that can be as many as events. `AnalysisRegistry.rows(for:)` says which a table needs.
    public var rows: OptionalRows = []
    /// Threads: with 2 or more another one reads ahead, a text is parsed on both, and where somebody always waits for a lock the
    /// second pass of the model has a thread of its own; with 3 or more others decompress. No result depends on it.
    public var jobs = 2

    /// What the model is asked for besides, for tests and scores.
    package var extras = ProxyMachine.Options()
    /// How a `trace.dat` is read, for benchmarks.
    package var way = ReadingWay()
    /// ``ReadingWay/waitsForAhead``, for tests that do not import the reader.
    package var waitsForAhead: Bool {
      get { way.waitsForAhead }
      set { way.waitsForAhead = newValue }
    }
    /// Size of the chunks that a text is cut into, in bytes.
    package var chunkSize = 128 << 10

    public init() {}

    /// The model's options for a capture.
    func model(_ reader: inout CaptureReader) -> ProxyMachine.Options {
      var model = extras
      model.ignoresProbes = ignoresProbes
      model.rows.formUnion(rows)
      model.proxyExecution = proxyExecution
      model.kinds = kinds
      model.jobs = jobs
      model.savedComms = savedComms.merging(reader.savedComms) { _, fromCapture in fromCapture }
      model.cpuCount = reader.info.cpuCount
      if !reader.info.format.isText { model.recordedCPUs = Set(reader.info.cpus) }
      model.kernelWithout = KernelWithoutProxy(reader.info)
      if model.kernelWithout == nil, model.proxyExecution == nil {
        let symbols = ProxySymbols(&reader)
        if symbols == .absent { model.kernelWithout = .symbols }
        model.isProxyBuiltIn = symbols == .present
      }
      return model
    }

    /// A capture's description as the analyses get it: what is ignored does not count as recorded.
    func seen(_ info: CaptureInfo) -> CaptureInfo {
      guard ignoresProbes else { return info }
      var info = info
      info.events.removeAll { $0.role?.isProbe == true }
      return info
    }
  }
}

/// What the kernel's symbol table says of proxy execution (kernel/sched/core.c).
private enum ProxySymbols {
  case present, absent, unknown

  /// `__sched_proxy_exec` is the switch that only a kernel with the option has. It is a variable: a table that lists none
  /// (`CONFIG_KALLSYMS_ALL` is off), or that was cut short, says nothing.
  init(_ reader: inout CaptureReader) {
    if reader.hasSymbol("__sched_proxy_exec") || reader.hasSymbol("proxy_deactivate") {
      self = .present
    } else if reader.hasSymbol("init_task") && reader.hasSymbol("runqueues") && reader.hasSymbol("schedule") {
      self = .absent
    } else {
      self = .unknown
    }
  }
}

extension KernelWithoutProxy {
  /// What the capture holds of the kernel's command line and configuration; `nil` where neither rules proxy execution out.
  init?(_ info: CaptureInfo) {
    if let value = info.bootParameter("sched_proxy_exec"), Self.meansNo(value) {
      self = .bootParameter
      return
    }
    // A recorder writes the options that are set, one a line.
    let lines = info.machineFacts["config"]?.split(separator: "\n") ?? []
    guard !lines.isEmpty, !lines.contains("CONFIG_SCHED_PROXY_EXEC=y") else { return nil }
    self = .configuration
  }

  /// As `kstrtobool()` reads it (lib/kstrtox.c): `0`, `n`, `N`, `f`, `F`, and what begins with `of`.
  private static func meansNo(_ value: String) -> Bool {
    guard let first = value.lowercased().first else { return false }
    return "0nf".contains(first) || value.lowercased().hasPrefix("of")
  }
}
