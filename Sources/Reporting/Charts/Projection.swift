/// A parallel projection of the unit cube, seen from above, into a rectangle.
///
/// The first coordinate runs from the left corner to the nearest one, the second from the right
/// corner to the nearest one, the third upwards. A larger sum of the first two is nearer.
struct Projection {
  // Seen 30° above the ground; the first axis runs 40° out of the picture, the second 50°. Sines
  // and cosines are written out, so that pictures are the same on every machine.
  private static let across = (x: 0.766_044_443_118_978, y: 0.642_787_609_686_539_4)
  private static let towards = (x: 0.642_787_609_686_539_4, y: 0.766_044_443_118_978)
  private static let elevation = (sine: 0.5, cosine: 0.866_025_403_784_438_6)
  /// The cube's height in units of its sides.
  private static let tallness = 0.72

  private let origin: Point
  private let scaleX: Double
  private let scaleY: Double

  /// Fits the whole cube into `area`, filling it in both directions.
  init(into area: Rectangle) {
    let corners = [0.0, 1].flatMap { a in
      [0.0, 1].flatMap { b in [0.0, 1].map { c in Self.flat(a, b, c) } }
    }
    let left = corners.map(\.x).min() ?? 0
    let right = corners.map(\.x).max() ?? 1
    let top = corners.map(\.y).min() ?? 0
    let bottom = corners.map(\.y).max() ?? 1
    scaleX = area.width / (right - left)
    scaleY = area.height / (bottom - top)
    origin = Point(area.x - left * scaleX, area.y - top * scaleY)
  }

  /// Where a point of the cube is on the page.
  func callAsFunction(_ a: Double, _ b: Double, _ c: Double) -> Point {
    let p = Self.flat(a, b, c)
    return Point(origin.x + p.x * scaleX, origin.y + p.y * scaleY)
  }

  private static func flat(_ a: Double, _ b: Double, _ c: Double) -> Point {
    let near = a * towards.x + b * towards.y
    return Point(
      a * across.x - b * across.y, near * elevation.sine - c * tallness * elevation.cosine)
  }
}
