import ProxyModel
import Testing
import TraceCore

@testable import ProxyTraceKit

/// What a capture holds of the kernel besides events.
struct KernelFactsTests {
  private func info(_ facts: [String: String]) -> CaptureInfo {
    CaptureInfo(
      path: "trace.dat", format: CaptureFormat(version: 7, compression: "none", isBigEndian: false, longSize: 8),
      clock: TraceClock(name: "mono", unit: .nanoseconds), machineFacts: facts)
  }

  @Test(arguments: ["0", "n", "N", "off", "OFF", "false"])
  func theCommandLineCanSwitchProxyExecutionOff(value: String) {
    let facts = ["cmdline": "root=/dev/vda sched_proxy_exec=1 quiet sched_proxy_exec=\(value)"]
    #expect(KernelWithoutProxy(info(facts)) == .bootParameter)
  }

  @Test(arguments: ["", "root=/dev/vda", "sched_proxy_exec=1", "sched_proxy_exec=on", "xsched_proxy_exec=0"])
  func otherwiseItSaysNothing(line: String) { #expect(KernelWithoutProxy(info(["cmdline": line])) == nil) }

  @Test func theConfigurationSaysWhetherItIsBuiltIn() {
    #expect(KernelWithoutProxy(info(["config": "CONFIG_SCHED_PROXY_EXEC=y\nCONFIG_SMP=y\n"])) == nil)
    #expect(KernelWithoutProxy(info(["config": "CONFIG_SMP=y\n"])) == .configuration)
    #expect(KernelWithoutProxy(info([:])) == nil)
  }

  /// No event is needed.
  @Test func theStatementDecides() {
    var machine = ProxyMachine.Options()
    machine.kernelWithout = .bootParameter
    let timeline = ProxyMachine(machine).finish()
    #expect(timeline.verdict.answer == .off)
    #expect(timeline.verdict.evidence == .event)
    #expect(timeline.verdict.reasons == [.kernelWithout(.bootParameter)])
  }
}
