import Testing
import TraceCore

struct VocabularyTests {
  @Test func aCommEndsAtItsFirstNUL() {
    #expect(Comm("kworker/u8:3").text == "kworker/u8:3")
    #expect(Comm([0x61, 0x62, 0, 0x63]).text == "ab")
    #expect(Comm("0123456789abcdefXYZ").text == "0123456789abcdef")
    // What follows the NUL in the record is old memory, and must not make two names differ.
    let clean = Comm(littleEndianLow: 0x6261, high: 0)
    let dirty = Comm(littleEndianLow: 0xdead_beef_0000_6261 & ~0xff_0000, high: .max)
    #expect(clean == dirty)
    #expect(Comm(littleEndianLow: 0x6867_6665_6463_6261, high: 0x69).text == "abcdefghi")
    #expect(Comm.empty.isEmpty && !Comm("x").isEmpty)
  }

  @Test func aHostileCommIsKeptAsItIs() {
    #expect(Comm([0x1b, 0x5b, 0x31, 0x6d]).bytes == [0x1b, 0x5b, 0x31, 0x6d])
    #expect(Comm([0xff, 0xfe]).text == "\u{fffd}\u{fffd}")
  }

  @Test func instantsPrintAsTraceCmdDoes() {
    let mono = TraceClock(name: "mono", unit: .nanoseconds)
    #expect(mono.format(Timestamp(24_157_583_305)) == "24.157583")
    #expect(mono.format(Timestamp(1_999_999_500)) == "2.000000")
    #expect(mono.format(Timestamp(0)) == "0.000000")
    #expect(mono.format(Timestamp(.max)).hasSuffix(".709552") || mono.format(Timestamp(.max)).hasSuffix(".709551"))
    #expect(TraceClock(name: "counter", unit: .ticks).format(Timestamp(1234)) == "1234")
  }

  @Test func instantsOfADamagedFileDoNotTrap() {
    #expect(Timestamp(.max) - Timestamp(0) == -1)
    #expect(Timestamp(0) - Timestamp(.max) == 1)
    #expect(Timestamp(.max) + 1 == Timestamp(0))
  }

  @Test func prioritiesSayWhatTheyMean() {
    #expect(Priority(139).description == "prio 139 (nice 19)")
    #expect(Priority(100).description == "prio 100 (nice -20)")
    #expect(Priority(49).description == "prio 49 (RT 50)")
    #expect(Priority(-1).description == "prio -1 (DL)")
    #expect(Priority(49).isMoreUrgent(than: Priority(100)))
    #expect(!Priority(120).isMoreUrgent(than: Priority(120)))
  }

  @Test func aConclusionIsAsWeakAsItsWeakestPremise() {
    #expect(Evidence.probe.combined(with: .event) == .event)
    #expect(Evidence.event.combined(with: .inferred(.perhapsStillHeld)) == .inferred(.perhapsStillHeld))
    #expect(Evidence.inferred(.perhapsStillHeld).combined(with: .probe) == .inferred(.perhapsStillHeld))
    #expect(Evidence.unknown.combined(with: .probe) == .unknown)
  }

  @Test func garbageBehindANullPointerIsDropped() {
    let probe = SwitchProbe(
      previous: 1, next: 2, nextTask: 0x1000, donors: ((0x2000, 5), (0, 12_345), (0xdead, 77)), previousBlockedOn: 0)
    #expect(probe.depth == 1)
    #expect(probe.farthestDonor == 5)
    let none = SwitchProbe(
      previous: 1, next: 2, nextTask: 0x1000, donors: ((0, 97), (0xff11, 0), (0, 0)), previousBlockedOn: 0)
    #expect(none.farthestDonor == nil)
  }

  @Test func mutexOwnersLoseTheirFlagBits() {
    #expect(
      WaitProbe(lock: LockAddress(1), flags: [.mutex], owner: 0xffff_8880_0000_1007).ownerTask == 0xffff_8880_0000_1000)
  }

  @Test func diagnosticsAreCountedPerKindAndCPU() {
    var log = DiagnosticLog()
    log.record(.badPage, cpu: 1, offset: 100, "first")
    log.record(.badPage, cpu: 1, offset: 200, "second")
    log.record(.clockPerCPU)
    #expect(log.hasDamage)
    #expect(log.all.map(\.kind) == [.badPage, .clockPerCPU])
    #expect(log.all.first?.count == 2)
    #expect(log.all.first?.offset == 100)
    #expect(log.all.first?.detail == "first")
  }

  @Test func everyDiagnosticTellsWhatAndWhatNow() {
    for kind in DiagnosticKind.allCases {
      #expect(!kind.summary.isEmpty && !kind.advice.isEmpty)
    }
  }
}
