// What every drawing needs. The files are embedded in the program, so that it needs nothing beside it.

extension SVGDrawing {
  /// Colours and fonts. No variables: programs that turn SVG into pictures do not know them.
  static let style = String(decoding: PackageResources.picture_css, as: UTF8.self)

  /// Hatchings, so that classes are told apart without their colours.
  static let patterns = String(decoding: PackageResources.patterns_svg, as: UTF8.self)
}
