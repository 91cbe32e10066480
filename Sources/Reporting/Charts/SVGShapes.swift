import Determinism

/// The shapes that recur in some drawings, each defined once under a name of its own.
///
/// A page with many drawings makes one for all of them, and letters are in it once a size.
struct SVGShapes {
  /// The `<defs>` element, a shape a line; empty when nothing recurs.
  let definitions: String
  private let names: [Path: String]

  /// Names depend on the drawings and their order alone. They begin with a capital letter, which the
  /// other identifiers of a page do not.
  init(_ drawings: [Canvas]) {
    var names = [Path: String]()
    var lines = [String]()
    for drawing in drawings {
      for mark in drawing.marks {
        for shape in mark.shapes where names[shape] == nil {
          let name = "S" + String(names.count, radix: 36)
          names[shape] = name
          lines.append("<path id=\"\(name)\" d=\"\(SVGPathData(shape).text)\"/>\n")
        }
      }
    }
    self.names = names
    definitions = lines.isEmpty ? "" : "<defs>\n" + lines.joined() + "</defs>\n"
  }

  /// The name of a shape in one of the drawings.
  /// - Throws: `Failure(.internal)` for another shape.
  func name(_ shape: Path) throws -> String {
    guard let name = names[shape] else {
      throw Failure(.internal, "SVG: a drawing has a shape that was not defined for it")
    }
    return name
  }
}

extension Canvas.Mark {
  /// The shapes of its outline that recur.
  fileprivate var shapes: [Path] {
    switch self {
    case .fill(let path, _), .stroke(let path, _, _, _): path.parts.map(\.shape)
    case .image: []
    }
  }
}
