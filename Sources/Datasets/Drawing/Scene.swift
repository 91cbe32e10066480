import Determinism
import Images

/// One shape of a scene.
struct SceneObject: Sendable {
  let shape: Shape
  let colour: Colour
  let x: Double
  let y: Double
  let radius: Double

  var outline: Outline { shape.outline(x: x, y: y, radius: radius) }
}

/// The 2×2 grid that objects sit in, in a 36-pixel image.
enum Grid {
  /// Four cell centres in random order, each moved by up to `jitter` pixels in x and y.
  static func cells(jitter: Double, _ random: inout RandomStream) -> [Point] {
    random.permutation(4).map { cell in
      let x = Double(9 + 18 * (cell % 2)) + random.uniform(-jitter, jitter)
      let y = Double(9 + 18 * (cell / 2)) + random.uniform(-jitter, jitter)
      return Point(x, y)
    }
  }
}

extension [SceneObject] {
  /// The objects on a ground of random grey, later ones over earlier ones.
  /// - Parameters:
  ///   - gradient: of the ground, as `Painter` takes it.
  ///   - noise: the standard deviation of what is added to every pixel.
  func drawn(gradient: Double = 0.12, noise: Double = 0.04, _ random: inout RandomStream) -> RasterImage {
    var painter = Painter(gradient: gradient, &random)
    for object in self { painter.fill(object.outline, object.colour.varied(&random)) }
    return painter.image(noise: noise, &random)
  }

  /// "red circle, blue star".
  var names: String { map { "\($0.colour.name) \($0.shape.name)" }.joined(separator: ", ") }
}
