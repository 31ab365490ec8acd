/// Bounds that no kernel exceeds. What a file states beyond them is damage.
///
/// Public for the readers' and the model's hot paths: swiftc 6.3 does not inline `package` properties into other modules.
public enum KernelLimits {
  /// CPU numbers are smaller: NR_CPUS is at most 8192 (arch/x86/Kconfig).
  @inlinable
  public static var cpuCount: Int {
    @inline(__always) get { 8192 }
  }
  /// Pids are smaller: PID_MAX_LIMIT (include/linux/threads.h).
  @inlinable
  public static var pidCount: Pid {
    @inline(__always) get { 1 << 22 }
  }
}
