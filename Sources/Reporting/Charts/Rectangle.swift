/// An axis-aligned rectangle in CSS pixels.
public struct Rectangle: Hashable, Sendable {
  public let x: Double
  public let y: Double
  public let width: Double
  public let height: Double

  public init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  public var right: Double { x + width }
  public var bottom: Double { y + height }

  /// Whether `other` lies inside, edges included.
  public func contains(_ other: Rectangle) -> Bool {
    x <= other.x && y <= other.y && other.right <= right && other.bottom <= bottom
  }

  /// Whether the two share an area; touching edges do not count.
  public func meets(_ other: Rectangle) -> Bool {
    x < other.right && other.x < right && y < other.bottom && other.y < bottom
  }

  func moved(by offset: Point) -> Rectangle { Rectangle(x + offset.x, y + offset.y, width, height) }

  /// The edges moved outwards, to the sides by `x`, up and down by `y`.
  func grown(x dx: Double, y dy: Double) -> Rectangle {
    Rectangle(x - dx, y - dy, width + 2 * dx, height + 2 * dy)
  }

  /// The smallest rectangle around all of these; nil when there are none.
  init?(around parts: [Rectangle]) {
    guard let left = parts.map(\.x).min(), let top = parts.map(\.y).min(),
      let right = parts.map(\.right).max(), let bottom = parts.map(\.bottom).max()
    else { return nil }
    self.init(left, top, right - left, bottom - top)
  }
}

extension Path {
  /// A rectangle around each part that begins with a move: for text, each outline of each letter.
  /// Curves count with their control points, which can only make it larger.
  var contourBoxes: [Rectangle] {
    var contours = [[Point]]()
    for element in elements {
      switch element {
      case .move(let point): contours.append([point])
      case .line(let point): contours[contours.count - 1].append(point)
      case .curve(let a, let b, let c): contours[contours.count - 1] += [a, b, c]
      case .close: break
      }
    }
    return contours.compactMap { points in
      Rectangle(around: points.map { Rectangle($0.x, $0.y, 0, 0) })
    }
  }
}
