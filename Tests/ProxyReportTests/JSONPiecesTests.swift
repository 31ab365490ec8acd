import Foundation
import Testing

@testable import ProxyReport

/// Values of an array that several threads make.
struct JSONPiecesTests {
  private func text(_ pieces: Int, jobs: Int, valuesBefore: Int) throws -> String {
    let sink = ByteSink()
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.key("values")
      try json.array { json throws(OutputError) in
        for value in 0..<valuesBefore { try json.number(Int64(-1 - value)) }
        try json.pieces(pieces, jobs: jobs) { piece, json throws(OutputError) in
          for value in 0...(piece % 3) {
            try json.object(inline: true) { json throws(OutputError) in
              try json.member("piece", Int64(piece))
              try json.member("text", String(repeating: "\n", count: 40 * value))
            }
          }
        }
        try json.number(Int64(7))
      }
    }
    return sink.text
  }

  @Test(arguments: [0, 1, 2, 5, 90], [0, 1]) func areInOrderWhoeverMakesThem(pieces: Int, valuesBefore: Int) throws {
    let alone = try text(pieces, jobs: 1, valuesBefore: valuesBefore)
    #expect(alone.matches(of: /"piece"/).count == (0..<pieces).reduce(0) { $0 + 1 + $1 % 3 })
    for jobs in [2, 3, 8] { #expect(try text(pieces, jobs: jobs, valuesBefore: valuesBefore) == alone, "\(jobs)") }
  }

  @Test func aFullDeviceEndsThem() throws {
    let full = try #require(fopen("/dev/full", "w"))
    defer { fclose(full) }
    var json = JSONStream(ByteSink(descriptor: fileno(full), place: "/dev/full"))
    #expect(throws: OutputError.self) {
      try json.array { json throws(OutputError) in
        try json.pieces(4000, jobs: 3) { piece, json throws(OutputError) in
          for _ in 0..<100 { try json.number(Int64(piece)) }
        }
      }
    }
  }
}
