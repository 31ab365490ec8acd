/// Bounds that no kernel exceeds. What a file states beyond them is damage.
package enum KernelLimits {
  /// CPU numbers are smaller: NR_CPUS is at most 8192 (arch/x86/Kconfig).
  package static let cpuCount = 8192
  /// Pids are smaller: PID_MAX_LIMIT (include/linux/threads.h).
  package static let pidCount: Pid = 1 << 22
}
