public import TraceCore
import TraceTestKit

/// Files that somebody made to exhaust time or memory, or to overflow a counter.
public struct HostileFile: Sendable {
  public var name: String
  /// The exit statuses that are right.
  public var statuses: Set<Int32>
  /// CPU 0's records must be there, all of them.
  public var keepsCPU0: Bool
  public var make: @Sendable () throws -> [UInt8]

  private init(
    _ name: String, _ statuses: Set<Int32> = [3], keepsCPU0: Bool = true, make: @escaping @Sendable () throws -> [UInt8]
  ) {
    self.name = name
    self.statuses = statuses
    self.keepsCPU0 = keepsCPU0
    self.make = make
  }

  /// What CPU 0 holds.
  public static let events: [SchedEvent] = FuzzSchedule.events(seed: 4, count: 200, cpuCount: 1)

  public static let all: [HostileFile] = bombs + crowds

  // MARK: Compressed

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  private static let bombs: [HostileFile] =
    [Compression.zstd, .zlib].flatMap { compression in
      [
        HostileFile("\(compression): a chunk that claims 4 GiB") {
          let chunk = try Bomb.chunk(compression, content: zeros(4096), size: .max)
          return try Bomb.capture(compression, events: events, cpus: [[chunk]])
        },
        HostileFile("\(compression): 1 MB of chunks that claim 1 TB") {
          let chunk = try Bomb.chunk(compression, content: zeros(4096), size: .max, padding: 4 << 10)
          return try Bomb.capture(compression, events: events, cpus: [Array(repeating: chunk, count: 256)])
        },
        HostileFile("\(compression): 2^32 chunks that are not there") {
          let chunk = try Bomb.chunk(compression, content: zeros(4096))
          return try Bomb.capture(compression, events: events, cpus: [[chunk]], announced: .max)
        },
        HostileFile("\(compression): 1 MB of chunks that hold 1 MiB of nothing each") {
          let chunk = try Bomb.chunk(compression, content: zeros(1 << 20))
          let chunks = Array(repeating: chunk, count: (1 << 20) / chunk.count)
          return try Bomb.capture(compression, events: events, cpus: [chunks])
        },
      ]
    } + [
      // A ratio that is believed.
      HostileFile("zstd: 63 CPUs with 16 MiB of nothing each") {
        let chunk = try Bomb.chunk(.zstd, content: zeros(16 << 20), padding: 4 << 10)
        return try Bomb.capture(.zstd, events: events, cpus: Array(repeating: [chunk], count: 63))
      }
    ]

  // MARK: Too many

  /// ``events`` as a CPU's pages.
  public static func pages(count: Int = .max) throws -> [UInt8] {
    var writer = try TraceDatWriter(CaptureLayout(version: 6))
    for var event in events.prefix(count) {
      event.cpu = 0
      try writer.append(event)
    }
    let bytes = try writer.finish()
    let map = try CaptureMap(bytes)
    return Array(bytes[map.extents[0].offset..<map.extents[0].offset + map.extents[0].size])
  }

  private static let crowds: [HostileFile] = [
    HostileFile("100,000 CPUs in the table", [0]) {
      var capture = try RawCapture()
      capture.cpus = [try pages()]
      capture.cpuCount = 100_000
      return capture.bytes()
    },
    HostileFile("20,000 CPUs with a page each") {
      var capture = try RawCapture()
      capture.cpus = [try pages()] + Array(repeating: try pages(count: 2), count: 20_000)
      return capture.bytes()
    },
    HostileFile("65,536 formats of one role", [0]) {
      var capture = try RawCapture()
      capture.cpus = [try pages()]
      let fields = """
        format:
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
        \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
        \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
        \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

        \tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;
        \tfield:int prio;\toffset:12;\tsize:4;\tsigned:1;

        print fmt: ""
        """
      let texts = (0..<65_536).map { Array("name: set_next_\($0)\nID: \($0)\n\(fields)\n".utf8) }
      capture.formats.append(("proxytrace", texts))
      return capture.bytes()
    },
    HostileFile("a print format with 100,000 letters", [0]) {
      var capture = try RawCapture()
      capture.cpus = [try pages()]
      for system in capture.formats.indices {
        for index in capture.formats[system].texts.indices
        where capture.formats[system].texts[index].starts(with: Array("name: sched_switch".utf8)) {
          let text = String(decoding: capture.formats[system].texts[index], as: UTF8.self)
          let list = String(repeating: #"{ 0x1, "S" }, "#, count: 65_000)
          capture.formats[system].texts[index] = Array(text.replacing("{ 0x0001", with: list + "{ 0x0001").utf8)
        }
      }
      return capture.bytes()
    },
    HostileFile("200,000 saved names and symbols", [0]) {
      var capture = try RawCapture()
      capture.cpus = [try pages()]
      for pid in 0..<200_000 {
        capture.savedComms += Array("\(pid) \u{1b}[2J\n".utf8)
        capture.kallsyms += Array("\(String(pid, radix: 16)) T \u{202e}x\n".utf8)
      }
      return capture.bytes()
    },
    HostileFile("options that never end", [0]) {
      var capture = try RawCapture()
      capture.cpus = [try pages()]
      capture.options = Array(repeating: (id: UInt16(3), payload: zeros(16)), count: 50_000)
      return capture.bytes()
    },
  ]
}
