/// One of the six shapes that stand-in images are made of, in the order of their tags.
public enum Shape: Int, CaseIterable, Sendable {
  case circle, square, triangle, cross, ring, diamond

  /// The word for it.
  public var name: String { "\(self)" }

  /// The outline of the shape of "radius" `radius` around (`x`, `y`), in pixels, y downwards.
  ///
  /// The proportions make the six about equally large to the eye.
  func outline(x: Double, y: Double, radius r: Double) -> Outline {
    switch self {
    case .circle: Outline([circlePolygon(x, y, r)])
    case .square: Outline([rectanglePolygon(x, y, 0.85 * r, 0.85 * r)])
    case .triangle:
      Outline([
        [
          Point(x, y - 1.24 * r), Point(x + 1.07 * r, y + 0.62 * r),
          Point(x - 1.07 * r, y + 0.62 * r),
        ]
      ])
    case .cross: Outline([crossPolygon(x, y, length: r, half: 0.36 * r)])
    case .ring: Outline([circlePolygon(x, y, 1.01 * r), circlePolygon(x, y, 0.47 * r)])
    case .diamond:
      Outline([
        [
          Point(x, y - 1.15 * r), Point(x + 1.15 * r, y), Point(x, y + 1.15 * r),
          Point(x - 1.15 * r, y),
        ]
      ])
    }
  }
}

/// A point in pixels, y downwards.
struct Point: Sendable {
  let x: Double
  let y: Double
  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// Closed polygons; what an odd number of them encloses is inside.
struct Outline: Sendable {
  let polygons: [[Point]]
  init(_ polygons: [[Point]]) { self.polygons = polygons }

  /// An upright rectangle around (`x`, `y`).
  static func rectangle(x: Double, y: Double, halfWidth: Double, halfHeight: Double) -> Outline {
    Outline([rectanglePolygon(x, y, halfWidth, halfHeight)])
  }
}

private func rectanglePolygon(
  _ x: Double, _ y: Double, _ halfWidth: Double, _ halfHeight: Double
) -> [Point] {
  [
    Point(x - halfWidth, y - halfHeight), Point(x + halfWidth, y - halfHeight),
    Point(x + halfWidth, y + halfHeight), Point(x - halfWidth, y + halfHeight),
  ]
}

/// The outline of two crossing bars.
private func crossPolygon(_ x: Double, _ y: Double, length r: Double, half h: Double) -> [Point] {
  [
    Point(x - h, y - r), Point(x + h, y - r), Point(x + h, y - h), Point(x + r, y - h),
    Point(x + r, y + h), Point(x + h, y + h), Point(x + h, y + r), Point(x - h, y + r),
    Point(x - h, y + h), Point(x - r, y + h), Point(x - r, y - h), Point(x - h, y - h),
  ]
}

/// A circle as a polygon of 96 corners, less than 1/100 pixel off at the radii used here.
///
/// The corners are the rational points ((1−t²)/(1+t²), 2t/(1+t²)), so that neither a library's sine
/// nor a library's way of flattening curves decides a pixel.
private func circlePolygon(_ x: Double, _ y: Double, _ r: Double) -> [Point] {
  let steps = 24
  let quarter = (0..<steps).map { step in
    let t = Double(step) / Double(steps)
    let length = 1 + t * t
    return Point(r * (1 - t * t) / length, r * 2 * t / length)
  }
  return quarter.map { Point(x + $0.x, y + $0.y) } + quarter.map { Point(x - $0.y, y + $0.x) }
    + quarter.map { Point(x - $0.x, y - $0.y) } + quarter.map { Point(x + $0.y, y - $0.x) }
}
