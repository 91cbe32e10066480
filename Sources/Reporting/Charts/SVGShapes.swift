import Determinism

/// The shapes that recur in some drawings, each defined once under a name of its own.
///
/// A report makes one for all its drawings, and letters are in it once a size.
struct SVGShapes {
  /// The outline of each shape by its name, as in the `d` of a `<path>`.
  let outlines: [(name: String, path: String)]
  private let names: [Path: String]

  /// Names depend on the drawings and their order alone. They begin with a capital letter, which the
  /// other identifiers of a page do not.
  init(_ drawings: [Canvas]) {
    var names = [Path: String]()
    var outlines: [(name: String, path: String)] = []
    for drawing in drawings {
      for mark in drawing.marks {
        for shape in mark.shapes where names[shape] == nil {
          let name = Self.name(names.count)
          names[shape] = name
          outlines.append((name, SVGPathData(shape).text))
        }
      }
    }
    self.names = names
    self.outlines = outlines
  }

  /// The `<defs>` element, a shape a line; empty when nothing recurs.
  var definitions: String { Self.definitions(outlines) }

  static func definitions(_ outlines: [(name: String, path: String)]) -> String {
    let lines = outlines.map { "<path id=\"\($0.name)\" d=\"\($0.path)\"/>\n" }
    return lines.isEmpty ? "" : "<defs>\n" + lines.joined() + "</defs>\n"
  }

  /// The name of the shape that is met as number `index`.
  static func name(_ index: Int) -> String { "S" + String(index, radix: 36) }

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
