import ProxyModel
import TraceCore

/// Whether the kernel hands a scheduler its blocked donors (`SCX_OPS_ENQ_BLOCKED`), and by which sign.
enum Admission {
  /// A line of the report; `nil` where nothing shows it.
  static func line(_ context: ReportContext) -> [TextFragment]? {
    let marks = context.timeline.marks.total
    let head: TextFragment = "blocked donors (SCX_OPS_ENQ_BLOCKED): "
    if marks.blockedEnqueue > 0 {
      return [
        head, "admitted, by ", .count(marks.blockedEnqueue),
        .plain(marks.blockedEnqueue == 1 ? " enqueue" : " enqueues"),
        " of blocked tasks",
      ]
    }
    for reason in context.timeline.verdict.reasons {
      switch reason {
      case .kernelWithout(.bootParameter):
        return [
          head,
          "none, since the kernel was booted with sched_proxy_exec=0; whether the flag is set makes no difference",
        ]
      case .kernelWithout(.configuration): return [head, "none, since the kernel was built without proxy execution"]
      case .dequeuedWaiters(let count):
        var text = [head, "not admitted, by ", .count(count), .plain(count == 1 ? " waiter" : " waiters")]
        text.append(" that left the runqueue (stopping runnable=0): the flag is clear")
        // The kernel's command line says the rest, where the capture holds it.
        if context.capture.machineFacts["cmdline"] == nil {
          text.append(", or the kernel was booted with sched_proxy_exec=0")
        }
        return text
      default: continue
      }
    }
    return nil
  }
}

/// Which rule of the kernel holds for callbacks of donors and owners, and why.
enum CallbackRule {
  /// Linux 7.4: `ops.running()` comes for a donor when an owner has been found, and never for an owner that runs on its account
  /// ("Fix ops.running/stopping() pairing", kernel/sched/ext.c).
  case merged(Reason)
  /// Kernels before it have patches of an earlier state at best, which break that rule.
  case early
  /// The capture does not name its kernel.
  case unknown

  enum Reason {
    case release
    /// Blocked enqueues exist from that series on, whatever release the kernel calls itself.
    case blockedEnqueues
  }

  init(_ context: ReportContext) {
    let version = context.capture.kernelVersion
    if let version, version >= (7, 4) {
      self = .merged(.release)
    } else if context.timeline.marks.total.blockedEnqueue > 0 {
      self = .merged(.blockedEnqueues)
    } else {
      self = version == nil ? .unknown : .early
    }
  }

  /// What a breach of the rule means, as a clause.
  var meaning: String {
    switch self {
    case .merged(.release): "a regression: Linux 7.4 and later do not call it so"
    case .merged(.blockedEnqueues):
      "a regression: a kernel that hands blocked donors to ops.enqueue() has the series that keeps the callbacks paired"
    case .early: "known of kernels before 7.4, which lack the series that keeps the callbacks paired"
    case .unknown:
      "a regression on Linux 7.4 and later, and known of earlier kernels; the capture does not name its kernel"
    }
  }
}

extension CaptureInfo {
  /// The first two numbers of ``kernelRelease``; `nil` where the capture does not say it, or says something else.
  var kernelVersion: (Int, Int)? {
    let numbers = (kernelRelease ?? "").split(separator: ".", maxSplits: 2).prefix(2).map { part in
      Int(part.prefix { $0.isASCII && $0.isNumber })
    }
    guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    return (major, minor)
  }

  /// The BPF scheduler's name and its flags, as `proxytrace record` found them. Hostile text.
  var schedulerFacts: (name: String, flags: String?)? {
    let names = ["sched_ext.ops", "sched_ext.ops.end"].compactMap { machineFacts[$0] }.filter { !$0.isEmpty }
    return names.first.map { ($0, machineFacts["sched_ext.flags"]) }
  }
}
