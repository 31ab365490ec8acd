import Testing
import TraceCore

/// Digits written in place are those of the standard library.
struct DigitsTests {
  private func text(_ put: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
    String(unsafeUninitializedCapacity: Digits.limit) { put($0.baseAddress!) }
  }

  private static let numbers: [UInt64] = {
    var numbers: [UInt64] = [0, .max, UInt64(Int64.max), UInt64(Int64.max) + 1]
    var power: UInt64 = 1
    for _ in 0..<19 {
      numbers += [power - 1, power, power + 1, power &* 10 &- 1]
      power *= 10
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<500 { numbers.append(random.next() >> UInt64.random(in: 0..<64, using: &random)) }
    return numbers
  }()

  @Test func decimals() {
    for number in Self.numbers {
      #expect(text { Digits.decimal(number, to: $0) } == String(number))
      let signed = Int64(bitPattern: number)
      #expect(text { Digits.decimal(signed, to: $0) } == String(signed))
    }
    #expect(text { Digits.decimal(Int64.min, to: $0) } == "-9223372036854775808")
  }

  @Test func eightDigitsHaveLeadingZeros() {
    for number in Self.numbers where number < 100_000_000 {
      let digits = String(number)
      let shown = text {
        Digits.putEight(number, to: $0)
        return 8
      }
      #expect(shown == String(repeating: "0", count: 8 - digits.count) + digits)
    }
  }

  @Test func addresses() {
    for number in Self.numbers {
      #expect(text { Digits.address(number, to: $0) } == "0x" + String(number, radix: 16))
    }
  }

  @Test func billionths() {
    let known: [(Int64, String)] = [
      (0, "0.000000000"), (1, "0.000000001"), (-1, "-0.000000001"), (-1_500_000_001, "-1.500000001"),
      (12_000_000_000, "12.000000000"), (.max, "9223372036.854775807"), (.min, "-9223372036.854775808"),
    ]
    for (number, expected) in known { #expect(text { Digits.billionths(number, to: $0) } == expected) }
  }

  @Test(arguments: ["", "a", "kworker", "kworker/", "kworker/0", "fifteen_letters", "sixteen__letters", "é"])
  func namesAreCopied(name: String) {
    let comm = Comm(name)
    #expect(text { comm.copy(to: $0) } == name)
    #expect(comm.isASCII == name.utf8.allSatisfy { $0 < 0x80 })
  }
}
