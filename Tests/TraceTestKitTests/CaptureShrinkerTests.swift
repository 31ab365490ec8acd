import Foundation
import Testing

@testable import TraceTestKit

@Suite struct CaptureShrinkerTests {
  @Test func theWholeCaptureShrinksToTheKeptOne() throws {
    let small = try CaptureShrinker.shrink(Fixture.bytes("whole/v7-zstd.dat"))
    #expect(small == (try Fixture.bytes("captures/formats/v7-zstd.dat")))
  }

  @Test(.enabled(if: TraceCommand.isInstalled)) func traceCmdSeesNoDifference() throws {
    let small = try TraceCommand.report(Fixture.bytes("captures/formats/v7-zstd.dat"))
    let whole = try TraceCommand.report(Fixture.bytes("whole/v7-zstd.dat"))
    #expect(small.lines == whole.lines && small.lines.count > 100)
    #expect(small.remarks == whole.remarks && small.complaints == whole.complaints)
  }

  @Test(arguments: ["formats/v6-mono", "formats/v7-none", "formats/two-instances", "formats/subbuf64", "lost/overrun"])
  func aSmallCaptureStaysAsItIs(name: String) throws {
    let small = try Fixture.bytes("captures/\(name).dat")
    #expect(try CaptureShrinker.shrink(small) == small)
  }

  @Test func keepsModulesAndTheSchedulersOwnSymbols() {
    let lines = [
      "ffffffff81000000 T _stext", "ffffffff81000100 T mutex_lock", "ffffffffa0000000 t ptlab_ioctl\t[ptlab]",
    ]
    let kept = CaptureShrinker.shrinkSymbols(ArraySlice(lines.map { $0 + "\n" }.joined().utf8))
    #expect(String(decoding: kept, as: UTF8.self) == lines[1] + "\n" + lines[2] + "\n")
  }

  @Test func saysWhereAFileIsNoCapture() throws {
    #expect(throws: KitError("not a trace.dat", offset: 0)) { try CaptureShrinker.shrink([1, 2, 3, 4]) }
    let cut = Array(try Fixture.bytes("captures/formats/v7-none.dat").prefix(5000))
    #expect(throws: KitError.self) { try CaptureShrinker.shrink(cut) }
  }
}
