/// What kind of `trace.dat` to write.
public struct CaptureLayout: Sendable, Hashable {
  /// File version: 6 or 7.
  public var version: Int
  /// How version 7 stores metadata and CPUs' data; version 6 knows ``Compression/none`` alone.
  public var compression: Compression
  public var order: ByteOrder
  /// Size of the traced kernel's `long` in bytes, 4 or 8: sizes of pointers, of `long` fields and of a page's `commit`.
  public var kernelLongSize: Int
  /// Size of the recorder's `long`, which is what the file's head says. A 32-bit trace-cmd on a 64-bit kernel: 4 and 8.
  public var headLongSize: Int
  /// Size of the top buffer's ring-buffer pages in bytes: 4096 to 65536.
  public var subBufferSize: Int

  public init(
    version: Int = 7, compression: Compression = .none, order: ByteOrder = .little, kernelLongSize: Int = 8,
    headLongSize: Int? = nil, subBufferSize: Int = 4096
  ) {
    self.version = version
    self.compression = compression
    self.order = order
    self.kernelLongSize = kernelLongSize
    self.headLongSize = headLongSize ?? kernelLongSize
    self.subBufferSize = subBufferSize
  }

  /// Whether there is such a file.
  func check() throws(KitError) {
    guard version == 6 || version == 7 else { throw KitError("no file version \(version)") }
    guard version == 7 || compression == .none else { throw KitError("version 6 is not compressed") }
    guard [4, 8].contains(kernelLongSize), [4, 8].contains(headLongSize) else { throw KitError("a long of 4 or 8") }
    guard subBufferSize >= 4096, subBufferSize % 4096 == 0 else { throw KitError("no pages of \(subBufferSize)") }
  }
}

/// How the rest of a page is filled up.
public enum PagePadding: Sendable, Hashable {
  /// The page is committed up to its last record; zeros follow.
  case none
  /// A discarded entry with its length.
  case sized
  /// An entry with a delta of 0, which means "up to the page's end" and has no length. trace-cmd 3.1.6 does not know that
  /// meaning and crashes.
  case open
}

/// Peculiarities of a ring buffer, all off by default: what a kernel writes seldom, or only some kernels do, a test wants
/// often.
public struct RingBufferStyle: Sendable, Hashable {
  /// An absolute stamp (type 31) before every n-th record of a CPU, also where it is the first entry of a page; 0 = never.
  public var absoluteStampInterval = 0
  /// A discarded record (type 29 with a delta) before every n-th record of a CPU that leaves time for it; 0 = never.
  public var discardInterval = 0
  /// What stands in the rest of a page where the next record does not fit. The kernel never counts it as committed.
  public var pagePadding = PagePadding.none
  /// Every record has its length in a word of its own and is a multiple of 8 bytes, as on machines that cannot load
  /// unaligned words.
  public var usesLongForm = false
  /// How long before its first record a page is stamped, at most, in units of the clock. From 2^27 on a page begins with a
  /// TIME_EXTEND.
  public var pageStampLead: UInt64 = 0
  /// A page that follows a loss has all upper bits of its commit set, since the kernel adds a negative `int` to a `long`.
  public var signExtendsCommit = true
  /// Store the number of lost records behind the page's data; otherwise the page says only that there was a loss.
  public var storesLostCount = true

  public init() {}
}
