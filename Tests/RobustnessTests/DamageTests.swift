import Foundation
import Robustness
import Testing
import TraceCore
import TraceTestKit

/// Every kind of damage to real captures, done in ways that are drawn by a seed; `proxytrace-dev fuzz sweep` does it in all.
struct DamageTests {
  /// Two uncompressed captures and a compressed one with probes.
  static let captures = ["formats/v7-none", "proxy-on-plain/crowd", "proxy-off-probed/crowd"]

  /// How many ways of each kind are tried on each capture.
  static let ways =
    ProcessInfo.processInfo.environment["PROXYTRACE_DAMAGE"].flatMap(Int.init)
    ?? TestEffort.count(12, quick: 2)

  /// Processor time: debug builds take tens of milliseconds; nothing may take seconds.
  static let limit = Duration.seconds(20)

  /// Each kind with each capture that it can be done to; in a quick run with one of them in turn.
  static let cases: [(name: String, capture: String)] = {
    let maps = captures.compactMap { capture in
      (try? CaptureMap(Fixture.bytes("captures/\(capture).dat"))).map { (capture, $0) }
    }
    return DamageClass.all.enumerated().flatMap { place, kind in
      let able = maps.filter { kind.count($0.1) > 0 }.map { (name: kind.name, capture: $0.0) }
      return TestEffort.isLong || able.isEmpty ? able : [able[place % able.count]]
    }
  }()

  /// Captures that are damaged, each examined once for all tests.
  static let wholes: Result<[String: Examination], any Error> = Result {
    let examiner = Examiner()
    return try Dictionary(
      uniqueKeysWithValues: Set(captures + once.map(\.capture)).map {
        ($0, examiner.examine(try Fixture.bytes("captures/\($0).dat")))
      })
  }

  @Test func everyKindIsDone() {
    #expect(Set(Self.cases.map(\.name)) == Set(DamageClass.all.map(\.name)))
    #expect(Set(Self.cases.map(\.capture)) == Set(Self.captures))
  }

  @Test(arguments: cases)
  func isBorneAndTold(name: String, capture: String) throws {
    let kind = try #require(DamageClass.all.first { $0.name == name })
    let map = try CaptureMap(Fixture.bytes("captures/\(capture).dat"))
    let examiner = Examiner()
    let whole = try #require(try Self.wholes.get()[capture])
    #expect(whole.status == 0 && whole.violations.isEmpty)
    let count = kind.count(map)
    var random = SeededGenerator(seed: UInt64(count))
    for _ in 0..<Self.ways {
      let way = random.number(0...(count - 1))
      guard let damage = kind.damage(map, way) else { continue }
      let start = ThreadTime()
      let judgement = Judgement(damage, examiner.examine(damage.bytes), whole: whole)
      #expect(start.elapsed < Self.limit, "\(name) \(way): \(damage.what)")
      #expect(
        judgement.outcome != .silent && judgement.outcome != .broken,
        "\(capture): \(name) \(way): \(damage.what): \(judgement.outcome), \(judgement.reasons)")
    }
  }

  /// What a sweep found once.
  static let once: [(capture: String, name: String, way: Int)] = [
    // An empty page at time 0 passed for one without records.
    ("formats/v7-none", "zeroed page", 0), ("formats/v7-none", "zeroed sector", 168),
    // A CPU that the table of CPUs had lost, or numbered or placed where none can be.
    ("formats/v7-none", "absurd integer", 1288), ("formats/v7-none", "absurd integer", 1302),
    ("formats/v7-none", "absurd integer", 1344), ("proxy-on-probed/crowd", "absurd integer", 1023),
    ("formats/two-instances", "absurd integer", 1057), ("formats/subbuf64", "absurd integer", 1088),
    // Fewer chunks than there are.
    ("linux-6.12/crowd", "absurd integer", 1034), ("linux-6.12/crowd", "absurd integer", 1035),
    // An error that named no offset.
    ("proxy-on-probed/crowd", "flipped byte", 85064),
    // A gap that ended before it began.
    ("proxy-on-plain/crowd", "flipped byte", 24800), ("proxy-on-plain/crowd", "flipped byte", 62120),
    // Signs of proxy execution, and probes that deny it: neither reconstruction was taken.
    ("proxy-off-probed/crowd", "absurd integer", 1010), ("proxy-off-probed/crowd", "absurd integer", 1120),
  ]

  @Test(arguments: once)
  func foundOnce(capture: String, name: String, way: Int) throws {
    let kind = try #require(DamageClass.all.first { $0.name == name })
    let map = try CaptureMap(Fixture.bytes("captures/\(capture).dat"))
    let damage = try #require(kind.damage(map, way))
    let whole = try #require(try Self.wholes.get()[capture])
    let judgement = Judgement(damage, Examiner().examine(damage.bytes), whole: whole)
    #expect(judgement.outcome != .silent && judgement.outcome != .broken, "\(damage.what): \(judgement.reasons)")
  }
}
