/// Packs one CPU's records into ring-buffer pages as the kernel does (kernel/trace/ring_buffer.c).
struct RingBufferEncoder {
  /// Types of an entry's first word; up to 28 it is a record's length in words.
  private enum EntryType {
    static let longRecord: UInt32 = 0
    static let padding: UInt32 = 29
    static let timeExtend: UInt32 = 30
    static let timeStamp: UInt32 = 31
  }

  static let maxDelta: UInt64 = (1 << 27) - 1
  private static let longestShortRecord = 28 * 4

  let longSize: Int
  let subBufferSize: Int
  let style: RingBufferStyle
  /// All finished pages and the open one.
  private(set) var pages: ByteSink
  /// How many records were lost by request, as far as a number was given.
  private(set) var lostCount: UInt64 = 0
  private(set) var recordCount = 0
  private(set) var lastTime: UInt64?

  /// Where the open page begins, `nil` where none is open.
  private var pageStart: Int?
  private var pageTime: UInt64 = 0
  /// The loss before the open page, or before the next one.
  private var pageLoss: Loss?
  private var pendingLoss: Loss?

  private struct Loss {
    var count: UInt64?
  }

  init(_ layout: CaptureLayout, subBufferSize: Int, style: RingBufferStyle) {
    longSize = layout.kernelLongSize
    self.subBufferSize = subBufferSize
    self.style = style
    pages = ByteSink(layout.order)
  }

  /// A page's stamp and commit.
  private var headSize: Int { 8 + longSize }

  /// The ring buffer loses records here: the next record begins a page that says so.
  mutating func lose(_ count: UInt64?) {
    closePage()
    pendingLoss = Loss(count: style.storesLostCount ? count : nil)
    lostCount += count ?? 0
  }

  mutating func append(_ payload: [UInt8], at time: UInt64) throws(KitError) {
    if let lastTime, time < lastTime { throw KitError("a record of \(time) after one of \(lastTime)") }
    let body = Self.bodySize(payload.count, style)
    guard body + 16 + 12 + longSize <= subBufferSize - headSize else {
      throw KitError("a record of \(payload.count) bytes does not fit in a page")
    }
    var plan = planEntry(at: time)
    // An absolute stamp has 59 bits, a TIME_EXTEND as many; the others are the page's.
    if pageStart == nil || plan.size + body > room || (time ^ pageTime) >> 59 != 0 {
      openPage(before: time)
      plan = planEntry(at: time)
    }
    if plan.discards { putDiscarded() }
    let delta = time - pageTime
    if plan.isAbsolute {
      put(EntryType.timeStamp, delta: time & Self.maxDelta)
      pages.put(UInt32(truncatingIfNeeded: time >> 27))
    } else if delta > Self.maxDelta {
      put(EntryType.timeExtend, delta: delta & Self.maxDelta)
      pages.put(UInt32(truncatingIfNeeded: delta >> 27))
    }
    putRecord(payload, delta: plan.isAbsolute || delta > Self.maxDelta ? 0 : delta)
    (pageTime, lastTime) = (time, time)
    recordCount += 1
  }

  /// Finishes the last page.
  mutating func finish() -> [UInt8] {
    closePage()
    return pages.bytes
  }

  // MARK: Entries

  /// What stands before a record.
  private struct EntryPlan {
    var discards: Bool
    var isAbsolute: Bool
    var size: Int
  }

  private func planEntry(at time: UInt64) -> EntryPlan {
    func isDue(_ interval: Int) -> Bool { interval > 0 && recordCount % interval == 0 }
    let delta = time - pageTime
    let discards = isDue(style.discardInterval) && delta >= 2 && pageStart != nil
    let isAbsolute = isDue(style.absoluteStampInterval)
    let hasStamp = isAbsolute || delta > Self.maxDelta
    return EntryPlan(discards: discards, isAbsolute: isAbsolute, size: (discards ? 12 : 0) + (hasStamp ? 8 : 0))
  }

  /// Size of a record's entry with its head.
  private static func bodySize(_ payload: Int, _ style: RingBufferStyle) -> Int {
    let isLong = style.usesLongForm || payload > longestShortRecord
    return aligned(payload + (isLong ? 8 : 4), to: style.usesLongForm ? 8 : 4)
  }

  private mutating func putRecord(_ payload: [UInt8], delta: UInt64) {
    let size = Self.bodySize(payload.count, style)
    let start = pages.count
    if style.usesLongForm || payload.count > Self.longestShortRecord {
      put(EntryType.longRecord, delta: delta)
      pages.put(UInt32(size - 4))
    } else {
      put(UInt32((size - 4) / 4), delta: delta)
    }
    pages.put(payload)
    pages.put(zeros: start + size - pages.count)
  }

  /// A record that was begun and thrown away; what it held is still there.
  private mutating func putDiscarded() {
    put(EntryType.padding, delta: 2)
    pages.put(UInt32(8))
    pages.put(UInt32(0xdead_beef))
    pageTime += 2
  }

  private mutating func put(_ type: UInt32, delta: UInt64) {
    let delta = UInt32(delta)
    pages.put(pages.order == .little ? type | delta << 5 : type << 27 | delta)
  }

  // MARK: Pages

  /// Bytes left in the open page.
  private var room: Int {
    guard let pageStart else { return 0 }
    let reserved = pageLoss?.count == nil ? 0 : longSize
    return pageStart + subBufferSize - reserved - pages.count
  }

  private mutating func openPage(before time: UInt64) {
    closePage()
    let stamp = time - min(style.pageStampLead, time - (lastTime ?? 0))
    pageTime = (time ^ stamp) >> 59 == 0 ? stamp : time
    (pageLoss, pendingLoss) = (pendingLoss, nil)
    pageStart = pages.count
    pages.put(pageTime)
    pages.put(long: 0, size: longSize)
  }

  private mutating func closePage() {
    guard let start = pageStart else { return }
    let rest = room
    if style.pagePadding == .sized, rest >= 8 {
      put(EntryType.padding, delta: 1)
      pages.put(UInt32(rest - 4))
      pages.put(zeros: rest - 8)
    } else if style.pagePadding == .open, rest >= 4 {
      put(EntryType.padding, delta: 0)
      pages.put(zeros: rest - 4)
    }
    var commit = UInt64(pages.count - start - headSize)
    if let pageLoss {
      commit |= 1 << 31
      if let count = pageLoss.count {
        commit |= 1 << 30
        pages.put(long: count, size: longSize)
      }
      if style.signExtendsCommit { commit |= 0xffff_ffff_0000_0000 }
    }
    if longSize == 4 {
      pages.overwrite(at: start + 8, with: UInt32(truncatingIfNeeded: commit))
    } else {
      pages.overwrite(at: start + 8, with: commit)
    }
    pages.put(zeros: start + subBufferSize - pages.count)
    (pageStart, pageLoss) = (nil, nil)
  }
}
