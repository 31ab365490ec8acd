import ArgumentParser
import Foundation
import Robustness

struct Hostile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the files that are to exhaust time or memory to a directory.")

  @Argument(help: "The directory, which is made.", completion: .directory) var directory: String

  func run() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for (index, file) in HostileFile.all.enumerated() {
      let path = "\(directory)/\(index).dat"
      try Data(try file.make()).write(to: URL(fileURLWithPath: path))
      print("\(path): \(file.name)")
    }
  }
}
