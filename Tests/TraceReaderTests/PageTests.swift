import Testing

@testable import TraceReader

/// Ring-buffer pages, byte by byte (include/linux/ring_buffer.h).
struct PageTests {
  @Test(arguments: PageBytes.formats) func dataRecords(_ format: PageFormat) throws {
    var page = PageBytes(format)
    page.putRecord(words: 2, delta: 5)
    page.putRecord(words: 28, delta: 0)
    page.putRecord(words: 1, delta: 0x7ff_ffff)
    page.commit()
    let start = format.headSize + 4
    let (records, end) = try #require(page.walk())
    #expect(records == [[start, 8, 1005], [start + 12, 112, 1005], [start + 128, 4, 1005 + 0x7ff_ffff]])
    #expect(end == .end)
  }

  @Test(arguments: PageBytes.formats) func longRecords(_ format: PageFormat) throws {
    var page = PageBytes(format)
    page.putHead(0, delta: 3)
    page.put(UInt32(4 + 9))
    // 9 bytes and what makes them whole words.
    page.put(UInt64(0))
    page.put(UInt32(0))
    page.putRecord(words: 1)
    page.commit()
    let start = format.headSize + 8
    let (records, end) = try #require(page.walk())
    #expect(records == [[start, 9, 1003], [start + 16, 4, 1004]])
    #expect(end == .end)
  }

  @Test(arguments: PageBytes.formats) func padding(_ format: PageFormat) throws {
    var page = PageBytes(format)
    // A record that was thrown away: its delta counts.
    page.putHead(29, delta: 2)
    page.put(UInt32(8))
    page.put(UInt32(0xdead_beef))
    page.putRecord(words: 1)
    // Up to the page's end.
    page.putHead(29, delta: 0)
    page.put(UInt32(0x1fff_ffff))
    page.commit()
    let (records, end) = try #require(page.walk())
    #expect(records == [[format.headSize + 16, 4, 1003]])
    #expect(end == .end)
  }

  @Test(arguments: PageBytes.formats) func timeExtend(_ format: PageFormat) throws {
    var page = PageBytes(format)
    page.putExtended(30, 0x12_3456_789a)
    page.putRecord(words: 1, delta: 7)
    page.commit()
    #expect(try #require(page.walk()).records == [[format.headSize + 12, 4, 1007 + 0x12_3456_789a]])
  }

  @Test(arguments: PageBytes.formats) func absoluteStamp(_ format: PageFormat) throws {
    let upper: UInt64 = 3 << 59
    var page = PageBytes(format, timestamp: upper | 50)
    page.putExtended(31, 0x1_0000_0001)
    page.putRecord(words: 1, delta: 2)
    page.commit()
    let (records, _) = try #require(page.walk())
    #expect(records.map { UInt64($0[2]) } == [upper | 0x1_0000_0003])
  }

  /// `rb_fix_abs_ts`: the 59 bits have come round since the page began.
  @Test func absoluteStampThatWrapped() {
    let upper: UInt64 = 3 << 59
    #expect(PageCursor.absolute(5, after: upper | 10) == (4 << 59) | 5)
    #expect(PageCursor.absolute(11, after: upper | 10) == upper | 11)
    #expect(PageCursor.absolute(5, after: (1 << 59) - 1) == (1 << 59) | 5)
    // Without upper bits a small step back is a step back: nested writers make those.
    #expect(PageCursor.absolute(5, after: 10) == 5)
    #expect(PageCursor.absolute(5, after: .max) == 5)
  }

  @Test(arguments: PageBytes.formats) func missedEvents(_ format: PageFormat) throws {
    var page = PageBytes(format)
    page.putRecord(words: 1)
    var counted = page
    counted.commit(flags: 1 << 31 | 1 << 30, lost: 12)
    #expect(counted.head()?.loss == PageHead.Loss(count: 12))
    var uncounted = page
    uncounted.commit(flags: 1 << 31)
    #expect(uncounted.head()?.loss == PageHead.Loss(count: nil))
    // The kernel adds a negative int to a long.
    var extended = page
    extended.commit(flags: 0xffff_ffff_c000_0000, lost: 3)
    #expect(extended.head()?.loss == PageHead.Loss(count: 3))
    #expect(extended.walk()?.records.count == 1)
    // A count that would stand behind the page.
    var full = PageBytes(format)
    if format.longSize == 4 { full.putRecord(words: 2) }
    while full.bytes.count + 8 <= 4096 { full.putRecord(words: 1) }
    full.commit(flags: 1 << 31 | 1 << 30)
    #expect(full.head()?.loss == PageHead.Loss(count: nil))
    var without = page
    without.commit()
    #expect(without.head()?.loss == nil)
  }

  @Test(arguments: PageBytes.formats) func lengthsThatCannotBe(_ format: PageFormat) throws {
    let start = format.headSize
    var tooLong = PageBytes(format)
    tooLong.putRecord(words: 1)
    tooLong.putHead(28, delta: 1)
    tooLong.commit()
    #expect(try #require(tooLong.walk()).end == .damaged(at: start + 8))

    for length in [0, 3, 5000, UInt32.max] {
      var record = PageBytes(format)
      record.putHead(0, delta: 1)
      record.put(length)
      record.commit()
      #expect(try #require(record.walk()).end == .damaged(at: start))
      var padding = PageBytes(format)
      padding.putHead(29, delta: 1)
      padding.put(length)
      padding.commit()
      #expect(try #require(padding.walk()).end == .damaged(at: start))
    }
    for type in [UInt32(0), 30, 31] {
      var cut = PageBytes(format)
      cut.putHead(type, delta: 1)
      cut.commit()
      #expect(try #require(cut.walk()).end == .damaged(at: start))
    }
    var odd = PageBytes(format)
    odd.putRecord(words: 1)
    odd.commit(length: 10)
    #expect(try #require(odd.walk()).end == .damaged(at: start + 8))
  }

  @Test(arguments: PageBytes.formats) func commitsThatCannotBe(_ format: PageFormat) {
    var page = PageBytes(format)
    page.commit(length: 4096 - format.headSize + 1)
    #expect(page.head() == nil)
    page.commit(length: 4096 - format.headSize)
    #expect(page.head() != nil)
    for count in 0..<format.headSize {
      let isWhole = [UInt8](repeating: 0, count: count).withUnsafeBytes { PageHead($0.bytes, format) != nil }
      #expect(!isWhole)
    }
  }

  @Test func sizeOfLongComesFromTheHeaderPage() {
    let text = """
      \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
      \tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;
      \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
      \tfield: char data;\toffset:12;\tsize:4084;\tsigned:1;

      """
    #expect(PageFormat(headerPage: Array(text.utf8), isBigEndian: true) == PageFormat(longSize: 4, isBigEndian: true))
    for (right, wrong) in [("size:8", "size:4"), ("offset:8;\tsize:4", "offset:8;\tsize:6"), ("commit", "kommit")] {
      let text = text.replacingFirst(right, with: wrong)
      #expect(PageFormat(headerPage: Array(text.utf8), isBigEndian: false) == nil)
    }
  }
}

extension String {
  func replacingFirst(_ text: String, with other: String) -> String {
    guard let range = firstRange(of: text) else { return self }
    return replacingCharacters(in: range, with: other)
  }

  private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}

extension PageFormat: CustomTestStringConvertible {
  public var testDescription: String { "long of \(longSize) bytes, \(isBigEndian ? "big" : "little")-endian" }
}
