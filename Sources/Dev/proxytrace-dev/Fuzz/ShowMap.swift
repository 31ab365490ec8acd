import ArgumentParser
import Foundation
import TraceTestKit

struct ShowMap: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Prints where the parts of a capture are.")

  @Argument(help: "The capture.", completion: .file()) var capture: String

  func run() throws {
    let map = try CaptureMap([UInt8](try Data(contentsOf: URL(fileURLWithPath: capture))))
    print("version \(map.version), pages of \(map.pageSize), \(map.isCompressed ? "" : "not ")compressed")
    print("\(map.bytes.count) bytes, \(map.formats.count) formats, parts at \(map.boundaries)")
    for extent in map.extents {
      print("CPU \(extent.cpu)\(extent.isTop ? "" : " of an instance"): \(extent.offset) + \(extent.size)")
    }
    for field in map.fields { print("\(field.offset) \(field.width) \(field.name)") }
  }
}
