import Determinism

/// Fills polygons as COCO's own tools do, so that masks have the pixels that the papers were judged on.
///
/// The outline is drawn five times finer, its points where the column changes are rounded down to pixels, and pixels
/// between an odd and an even crossing are inside (pycocotools, `rleFrPoly`).
enum PolygonMask {
  private static let scale = 5.0

  /// The union of polygons.
  /// - Parameter polygons: x, y, x, y, … in pixels.
  /// - Throws: `Failure(.badInput)` at `place` for a polygon that is none or lies outside of the image.
  static func runs(
    _ polygons: [[Double]], height: Int, width: Int, at place: SourcePlace
  ) throws -> MaskRuns {
    guard MaskRuns.isSize(height: height, width: width), !polygons.isEmpty else {
      throw place.bad(
        "expected polygons on an image of 1 to \(MaskRuns.mostPixels) pixels, found \(polygons.count) on \(height)×\(width)"
      )
    }
    var mask = [UInt8](repeating: 0, count: height * width)
    for polygon in polygons {
      guard polygon.count >= 6, polygon.count % 2 == 0 else {
        throw place.bad(
          "expected three or more points x, y in a polygon, found \(polygon.count) numbers")
      }
      for i in stride(from: 0, to: polygon.count, by: 2) {
        let (x, y) = (polygon[i], polygon[i + 1])
        guard x >= -1, y >= -1, x <= Double(width + 1), y <= Double(height + 1) else {
          throw place.bad(
            "a mask of the wrong size: the point (\(x), \(y)) lies outside of the image of "
              + "\(width)×\(height) pixels; do the annotations belong to these images?")
        }
      }
      fill(polygon, height: height, width: width, into: &mask)
    }
    return MaskRuns(mask: mask, height: height, width: width)
  }

  private static func fill(_ polygon: [Double], height: Int, width: Int, into mask: inout [UInt8]) {
    let crossings = crossings(outline(polygon), height: height, width: width)
    for pair in stride(from: 0, to: crossings.count, by: 2) {
      let end = pair + 1 < crossings.count ? crossings[pair + 1] : height * width
      for p in crossings[pair]..<end { mask[p % height * width + p / height] = 1 }
    }
  }

  /// Every point of the outline, five times finer than pixels.
  private static func outline(_ polygon: [Double]) -> [(x: Int, y: Int)] {
    let corners = stride(from: 0, to: polygon.count, by: 2).map { i in
      (x: Int(scale * polygon[i] + 0.5), y: Int(scale * polygon[i + 1] + 0.5))
    }
    var points: [(x: Int, y: Int)] = []
    for (i, first) in corners.enumerated() {
      var (a, b) = (first, corners[(i + 1) % corners.count])
      let (dx, dy) = (abs(b.x - a.x), abs(b.y - a.y))
      let isFlat = dx >= dy
      let isFlipped = isFlat ? a.x > b.x : a.y > b.y
      if isFlipped { swap(&a, &b) }
      let length = max(dx, dy)
      let slope = length == 0 ? 0 : Double(isFlat ? b.y - a.y : b.x - a.x) / Double(length)
      for d in 0...length {
        let t = isFlipped ? length - d : d
        points.append(
          isFlat
            ? (a.x + t, Int(Double(a.y) + slope * Double(t) + 0.5))
            : (Int(Double(a.x) + slope * Double(t) + 0.5), a.y + t))
      }
    }
    return points
  }

  /// Where, column by column, inside and outside change; ascending, pairs of equal places taken out.
  private static func crossings(_ points: [(x: Int, y: Int)], height: Int, width: Int) -> [Int] {
    var places: [Int] = []
    for (before, now) in zip(points, points.dropFirst()) where before.x != now.x {
      let x = (Double(now.x < before.x ? now.x : now.x - 1) + 0.5) / scale - 0.5
      guard x.rounded(.down) == x, x >= 0, x <= Double(width - 1) else { continue }
      let y = (Double(min(now.y, before.y)) + 0.5) / scale - 0.5
      places.append(Int(x) * height + Int(min(max(y, 0), Double(height)).rounded(.up)))
    }
    places.sort()
    return places.filter { $0 < height * width }
  }
}
