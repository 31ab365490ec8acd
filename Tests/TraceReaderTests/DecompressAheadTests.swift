import Testing
import TraceCore
import TraceTestKit

@testable import TraceReader

/// Chunks that other threads decompress: the same events, the same words about damage, in the same order.
struct DecompressAheadTests {
  /// What a reading comes to.
  private struct Reading: Equatable {
    var events: [SchedEvent] = []
    var diagnostics: [Diagnostic] = []
    var progress = 0.0

    init(_ path: String, jobs: Int, _ way: ReadingWay = ReadingWay()) throws {
      var ahead = ReadAhead(try CaptureReader(path: path, way: way), jobs: jobs)
      while let batch = ahead.nextBatch() { events += batch }
      let reader = ahead.finish()
      (diagnostics, progress) = (reader.diagnostics.all, reader.progress)
    }
  }

  /// Reads with several threads, which take what they can and then all that they may, and compares with one.
  private func expectSame(
    _ file: ScratchFile, jobs: [Int] = [2, 3, 8], budgets: [Int] = [ReadingWay().aheadBudget], _ what: String = ""
  ) throws -> (events: [SchedEvent], diagnostics: [Diagnostic]) {
    try expectSame(path: file.path, jobs: jobs, budgets: budgets, what)
  }

  private func expectSame(
    path: String, jobs: [Int] = [2, 3, 8], budgets: [Int] = [ReadingWay().aheadBudget], _ what: String = ""
  ) throws -> (events: [SchedEvent], diagnostics: [Diagnostic]) {
    let one = try Reading(path, jobs: 1)
    for jobs in jobs {
      for budget in budgets {
        for waits in [false, true] {
          let several = try Reading(path, jobs: jobs, ReadingWay(aheadBudget: budget, waitsForAhead: waits))
          #expect(several == one, "\(what), \(jobs) jobs, \(budget) bytes, waits: \(waits)")
        }
      }
    }
    return (one.events, one.diagnostics)
  }

  // MARK: Sound captures

  static let layouts: [TraceTestKit.CaptureLayout] = [
    .init(compression: .zstd), .init(compression: .zlib),
    .init(compression: .zstd, order: .big, kernelLongSize: 4, subBufferSize: 16384),
  ]

  @Test(arguments: layouts.indices) func severalCPUs(_ index: Int) throws {
    let events = MadeCapture.events(15_000, cpus: [0, 1, 5, 9])
    let file = try ScratchFile(MadeCapture.bytes(Self.layouts[index], events))
    let found = try expectSame(file)
    #expect(found.events.count { $0.loss == nil } == events.count && found.diagnostics.isEmpty)
  }

  @Test(arguments: RecordedCapture.all.filter { $0.path.hasPrefix(RecordedCapture.fixtures) })
  func fixtures(capture: RecordedCapture) throws {
    _ = try expectSame(path: capture.path, jobs: [3])
  }

  /// One CPU has all chunks, of every size there can be: within a page, within the room of a run, larger than that, of nothing.
  @Test(arguments: [
    [4096], [1], [1000, 5000, 40], [40_960, 300_000, 40_960], [600_000], [0, 0, 0, 70_000], [250_000, 20_000],
  ])
  func chunksOfAnySize(_ sizes: [Int]) throws {
    // A byte each are many chunks.
    let pages = Self.pages(sizes == [1] ? MadeCapture.events(100, cpus: [0]) : Self.many)
    for compression in [Compression.zstd, .zlib] {
      let chunks = try Self.chunks(of: pages, sizes, compression)
      let bytes = try Bomb.capture(compression, events: MadeCapture.events(8, cpus: [0]), cpus: [chunks, chunks])
      let found = try expectSame(ScratchFile(bytes), jobs: [3], "\(sizes)")
      // The data that these chunks replace.
      #expect(found.diagnostics.map(\.kind) == [.unclaimedData])
    }
  }

  /// Less memory than the CPUs could use, or none.
  @Test func moreCPUsThanThereIsRoomFor() throws {
    let events = MadeCapture.events(20_000, cpus: (0..<20).map { CPU($0) })
    let file = try ScratchFile(MadeCapture.bytes(.init(compression: .zstd), events))
    let found = try expectSame(file, jobs: [40], budgets: [0, 50_000, 200_000, 1 << 20])
    #expect(found.events.count { $0.loss == nil } == events.count)
  }

  @Test func theBudgetHolds() {
    for budget in [0, 4 << 20, 1 << 30] {
      for sourceCount in [1, 2, 8, 46, 64, 256, 8192] {
        for pageSize in [4096, 16384, 65536, 1 << 20] {
          let room = DecompressAhead.Room(sourceCount: sourceCount, pageSize: pageSize, budget: budget)
          #expect(room.count * room.size <= budget && room.count <= 2 * sourceCount && room.size > 10 * pageSize)
          #expect(budget < 4 << 20 || room.count > 0 || pageSize == 1 << 20)
        }
      }
    }
  }

  // MARK: Damaged ones

  /// A chunk in the middle, at the beginning, at the end: its bytes, its head, the number of chunks.
  @Test(arguments: [Compression.zstd, .zlib]) func damagedChunks(_ compression: Compression) throws {
    let pages = Self.pages(Self.some)
    let whole = try Self.chunks(of: pages, [1500], compression)
    #expect(whole.count > 12)
    func read(_ what: String, announced: UInt32? = nil, _ change: (inout [[UInt8]]) -> Void) throws -> [Diagnostic] {
      var chunks = whole
      change(&chunks)
      let bytes = try Bomb.capture(
        compression, events: MadeCapture.events(8, cpus: [0]), cpus: [whole, chunks], announced: announced)
      return try expectSame(ScratchFile(bytes), jobs: [3], what).diagnostics
    }
    for place in [0, 1, 5, whole.count - 1] {
      let spoilt = try read("no \(compression) at \(place)") { $0[place].replaceSubrange(8..<12, with: [9, 9, 9, 9]) }
      #expect(spoilt.contains { $0.kind == .unreadableChunk })
      for byte in 0..<8 {
        for value in [0, 0xff] as [UInt8] {
          _ = try read("byte \(byte) of head \(place) is \(value)") { $0[place][byte] = value }
        }
      }
      let missing = try read("cut at \(place)") { $0[place].removeLast(5) }
      #expect(!missing.isEmpty)
      // More comes out of it than its head says, which is believable.
      let short = try read("too small at \(place)") { $0[place].replaceSubrange(4..<8, with: [0, 16, 0, 0]) }
      #expect(short.contains { $0.detail.contains("cannot be decompressed") })
    }
    for announced in [0, 1, UInt32(whole.count) - 1, UInt32(whole.count) + 1, .max] {
      _ = try read("\(announced) chunks", announced: announced) { _ in }
    }
  }

  /// What compresses too well to be records is given up in the middle.
  @Test func moreRecordsThanThereCanBe() throws {
    let events = MadeCapture.events(20_000, cpus: [0]) + (1..<64).flatMap { MadeCapture.events(1, cpus: [CPU($0)]) }
    let file = try ScratchFile(MadeCapture.bytes(.init(compression: .zstd), events))
    let found = try expectSame(file)
    #expect(found.diagnostics.map(\.kind) == [.unreadableChunk])
  }

  /// Bytes turned at random.
  @Test(arguments: 0..<4) func damagedAnywhere(_ seed: UInt64) throws {
    let pages = Self.pages(Self.some)
    let chunks = try Self.chunks(of: pages, [1500, 5000], seed % 2 == 0 ? .zstd : .zlib)
    let whole = try Bomb.capture(
      seed % 2 == 0 ? .zstd : .zlib, events: MadeCapture.events(8, cpus: [0]), cpus: [chunks, chunks, chunks])
    var random = SeededGenerator(seed: seed + 1)
    for round in 0..<TestEffort.count(200, quick: 25) {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        // Most of it is chunks.
        let place = Int.random(in: bytes.count / 4..<bytes.count, using: &random)
        bytes[place] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : 0xff
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &random)) }
      let file = try ScratchFile(bytes)
      guard (try? CaptureReader(path: file.path)) != nil else { continue }
      _ = try expectSame(file, jobs: [3], "seed \(seed), round \(round)")
    }
  }

  // MARK: Threads

  /// The threads hold the queue as long as they run.
  @Test(arguments: [false, true]) func whoIsDroppedEndsItsThreads(waits: Bool) throws {
    let file = try ScratchFile(
      MadeCapture.bytes(.init(compression: .zstd), MadeCapture.events(30_000, cpus: [0, 1])))
    weak var queue: DecompressAhead.Board?
    do {
      var reader = try CaptureReader(path: file.path, way: ReadingWay(waitsForAhead: waits))
      reader.decompressAhead(threads: 2)
      queue = reader.datReader?.pointee.ahead?.board
      #expect(queue != nil)
      for _ in 0..<3000 { _ = reader.next() }
    }
    #expect(queue == nil)
    // And so does one that another thread reads.
    var forgotten = ReadAhead(try CaptureReader(path: file.path, way: ReadingWay(waitsForAhead: waits)), jobs: 4)
    let hasBatch = forgotten.nextBatch() != nil
    #expect(hasBatch)
  }

  /// After the threads have ended the reader decompresses by itself.
  @Test(arguments: [false, true]) func whoStopsEarlyReadsOn(waits: Bool) throws {
    let events = MadeCapture.events(100_000, cpus: [0, 1])
    let file = try ScratchFile(MadeCapture.bytes(.init(compression: .zstd), events))
    var ahead = ReadAhead(try CaptureReader(path: file.path, way: ReadingWay(waitsForAhead: waits)), jobs: 4)
    _ = ahead.nextBatch()
    var reader = ahead.finish()
    #expect(reader.progress < 1)
    var last: SchedEvent?
    while let event = reader.next() { if event.loss == nil { last = event } }
    let (diagnostics, progress) = (reader.diagnostics.all, reader.progress)
    let one = try Reading(file.path, jobs: 1)
    #expect(last == one.events.last { $0.loss == nil })
    #expect(diagnostics == one.diagnostics && progress == 1)
  }

  @Test func threadsThatCannotBeCreated() throws {
    let events = MadeCapture.events(30_000, cpus: [0, 1])
    let scratch = try ScratchFile(MadeCapture.bytes(.init(compression: .zstd), events))
    let file = try CaptureFile(path: scratch.path)
    func ahead(threads: Int, startingOnly limit: Int) -> DecompressAhead? {
      var started = 0
      return DecompressAhead(
        file.view, .zstd, pageSize: 4096, sourceCount: 2, threads: threads, ReadingWay(waitsForAhead: true)
      ) { worker, body in
        started += 1
        if started <= limit { worker.start(body) }
      }
    }
    #expect(ahead(threads: 2, startingOnly: 0) == nil)
    #expect(ahead(threads: 0, startingOnly: 2) == nil)
    // One is enough.
    let one = try #require(ahead(threads: 2, startingOnly: 1))
    let run = try #require(one.begin(ChunkPlace(offset: 0, count: 0, bounds: Self.anyBounds)))
    #expect(one.collect(run) && run.next() == nil)
  }

  private static let anyBounds = ChunkBounds(end: 0, largest: 1 << 20, isBigEndian: false)

  // MARK: Material

  private static let some = MadeCapture.events(400, cpus: [0])
  private static let many = MadeCapture.events(8000, cpus: [0])

  /// The pages of CPU 0.
  private static func pages(_ events: [SchedEvent]) -> [UInt8] {
    guard let bytes = try? MadeCapture.bytes(.init(), events), let map = try? CaptureMap(bytes),
      let extent = map.extents.first
    else { return [] }
    return Array(bytes[extent.offset..<extent.offset + extent.size])
  }

  /// Chunks of these sizes in turn; the last one has the rest.
  private static func chunks(of pages: [UInt8], _ sizes: [Int], _ compression: Compression) throws -> [[UInt8]] {
    var (chunks, place) = ([[UInt8]](), 0)
    while place < pages.count {
      let end = min(place + sizes[chunks.count % sizes.count], pages.count)
      chunks.append(try Bomb.chunk(compression, content: Array(pages[place..<end])))
      place = end
    }
    return chunks
  }
}
