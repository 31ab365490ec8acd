public import ProxyReport

extension Scene {
  /// Writes the scene as an SVG file of its own.
  /// - Throws: `OutputError` where the sink cannot write.
  public func writeSVG(to sink: ByteSink) throws(OutputError) {
    try sink.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" as StaticString)
    try sink.write(SVGDrawing.draw(self, for: .file))
  }
}
