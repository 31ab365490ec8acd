import ProxyAnalysis
import Testing
import TraceCore

/// How lists, times and patterns are read.
struct FilterSyntaxTests {
  @Test func listsAreRead() {
    for list in ["0", "0,2-3", "2147483647", "7,7,1-2"] { #expect(NumberList(list)?.description == list) }
    #expect(NumberList("4-4")?.description == "4")
  }

  @Test(arguments: ["", ",", "1,", ",1", "a", "1-", "-1", "3-2", "1-2-3", "+1", " 1", "1 ", "2147483648", "1.5", "١"])
  func whatIsNoListIsRefused(_ text: String) {
    #expect(NumberList(text) == nil)
  }

  private static func window(_ text: String, _ clock: TraceClock = Literal.nanoseconds) -> [UInt64?] {
    let time = PrintedTime(text)
    return [time?.earliest(on: clock)?.rawValue, time?.latest(on: clock)?.rawValue]
  }

  /// A floating-point second of this size is exact to a quarter of a microsecond.
  @Test func nineDecimalsAreExact() {
    #expect(Self.window("1795417939.123456789") == [1_795_417_939_123_456_789, 1_795_417_939_123_456_789])
    #expect(Self.window("18446744073.709551615") == [.max, .max])
    #expect(Self.window("0.1000000") == [100_000_000, 100_000_000])
  }

  /// Every instant within is printed as it is written, and the ones beside it are not.
  @Test func aPrintedTimeIsAllThatIsPrintedSo() throws {
    #expect(Self.window("15.000400") == [15_000_399_500, 15_000_400_499])
    for (offset, isSame) in [(-501, false), (-500, true), (499, true), (500, false)] as [(Int64, Bool)] {
      #expect((Literal.nanoseconds.format(Timestamp(15_000_400_000) + offset) == "15.000400") == isSame)
    }
    #expect(Self.window("15.0004") == Self.window("15.000400"))
    #expect(Self.window("0") == [0, 499])
    #expect(Self.window("18446744073.709551") == [18_446_744_073_709_550_500, 18_446_744_073_709_551_499])
  }

  @Test func clocksWithoutNanosecondsCountSteps() {
    #expect(Self.window("18446744073709551615", Literal.counter) == [.max, .max])
    #expect(Self.window("12", Literal.counter) == [12, 12])
    #expect(Self.window("12.5", Literal.counter) == [nil, nil])
  }

  @Test func whatTheClockCannotCountIsNoInstant() {
    #expect(Self.window("18446744074") == [nil, nil])
    #expect(Self.window("18446744073.709551616") == [nil, nil])
  }

  @Test(arguments: [
    "", ".", "1.", ".5", "-1", "+1", "1e3", "1.0000000001", "1.2.3", "0x1", " 1", "18446744073709551616",
  ])
  func whatIsNoTimeIsRefused(_ text: String) {
    #expect(PrintedTime(text) == nil)
  }

  @Test func timesCompareWhateverTheirDecimals() throws {
    let times = try ["1", "1.05", "1.1", "1.100000001", "2"].map { try #require(PrintedTime($0)) }
    #expect(times.sorted() == times)
    #expect(!(times[0] < times[0]))
  }

  @Test func anEmptyPatternIsNone() {
    #expect(CommPattern("") == nil)
    #expect(CommPattern("*")?.text == "*")
  }
}
