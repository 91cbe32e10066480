import Determinism
import Images

/// A point in CSS pixels, y downwards.
public struct Point: Hashable, Sendable {
  public var x: Double
  public var y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// An outline of straight lines and cubic curves.
public struct Path: Hashable, Sendable {
  public enum Element: Hashable, Sendable {
    case move(Point)
    case line(Point)
    case curve(Point, Point, Point)
    case close
  }

  public let elements: [Element]
  /// The same outline as shapes that recur, for formats that can describe each once; empty for an
  /// outline of its own.
  let parts: [PlacedShape]

  init(_ elements: [Element], parts: [PlacedShape] = []) {
    self.elements = elements
    self.parts = parts
  }

  public init(_ rectangle: Rectangle) {
    let r = rectangle
    self.init(polygon: [
      Point(r.x, r.y), Point(r.right, r.y), Point(r.right, r.bottom), Point(r.x, r.bottom),
    ])
  }

  public init(polygon points: [Point]) {
    self.init(Path(line: points).elements + [.close])
  }

  public init(line points: [Point]) {
    self.init(points.enumerated().map { i, point in i == 0 ? .move(point) : .line(point) })
  }

  /// A shape that recurs, such as a marker, moved from its own origin to another place.
  init(_ shape: Path, at origin: Point) {
    self.init(shape.moved(by: origin).elements, parts: [PlacedShape(shape: shape, origin: origin)])
  }

  /// A circle of four cubic curves; the usual constant keeps the radius to 0.03 %.
  public init(circle center: Point, radius: Double) {
    let k = 0.552_284_75 * radius
    let (x, y, r) = (center.x, center.y, radius)
    self.init([
      .move(Point(x + r, y)),
      .curve(Point(x + r, y + k), Point(x + k, y + r), Point(x, y + r)),
      .curve(Point(x - k, y + r), Point(x - r, y + k), Point(x - r, y)),
      .curve(Point(x - r, y - k), Point(x - k, y - r), Point(x, y - r)),
      .curve(Point(x + k, y - r), Point(x + r, y - k), Point(x + r, y)),
      .close,
    ])
  }
}

/// An outline around its own origin and where it stands: a letter or a marker.
struct PlacedShape: Hashable, Sendable {
  let shape: Path
  let origin: Point
}

/// A drawing as a list of filled and stroked outlines and pictures. Text is outlines too, so that a
/// picture needs no font where it is shown.
public struct Canvas: Hashable, Sendable {
  public enum Mark: Hashable, Sendable {
    case fill(Path, Color)
    /// Lengths of the dash pattern are in CSS pixels; empty for a solid line.
    case stroke(Path, Color, width: Double, dash: [Double])
    /// Shown without smoothing, so that pixels stay pixels.
    case image(RasterImage, Rectangle)
  }

  public enum Anchor: Sendable {
    case start, middle, end
  }

  public let width: Int
  public let height: Int
  public private(set) var marks: [Mark] = []

  /// An empty drawing on a solid white ground, which keeps it legible on a dark page.
  public init(width: Int, height: Int) {
    require(width > 0 && height > 0, "Canvas: expected a positive size, found \(width)×\(height)")
    self.width = width
    self.height = height
    fill(Path(Rectangle(0, 0, Double(width), Double(height))), .white)
  }

  public mutating func fill(_ path: Path, _ color: Color) {
    if !path.elements.isEmpty { marks.append(.fill(path, color)) }
  }

  public mutating func stroke(
    _ path: Path, _ color: Color, width: Double = 1, dash: [Double] = []
  ) {
    marks.append(.stroke(path, color, width: width, dash: dash))
  }

  public mutating func line(
    _ from: Point, _ to: Point, _ color: Color, width: Double = 1, dash: [Double] = []
  ) {
    stroke(Path(line: [from, to]), color, width: width, dash: dash)
  }

  public mutating func image(_ image: RasterImage, in rectangle: Rectangle) {
    marks.append(.image(image, rectangle))
  }

  /// Draws text with its baseline through `point`.
  /// - Parameter turned: whether it runs upwards, as beside a vertical axis.
  public mutating func text(
    _ text: String, at point: Point, _ style: TextStyle = TextStyle(), anchor: Anchor = .start,
    color: Color = .ink, turned: Bool = false
  ) throws {
    guard !text.isEmpty else { return }
    let outline = try GlyphOutline(text, style)
    let shift =
      switch anchor {
      case .start: 0.0
      case .middle: -outline.advance / 2
      case .end: -outline.advance
      }
    fill(outline.path.placed(at: point, shift: shift, turned: turned), color)
  }
}

extension Point {
  /// The point moved by `shift` to the right, turned upwards if asked, then to `point`.
  fileprivate func placed(at point: Point, shift: Double, turned: Bool) -> Point {
    let along = x + shift
    return turned ? Point(point.x + y, point.y - along) : Point(point.x + along, point.y + y)
  }
}

extension Path {
  /// Every point of the outline, placed.
  fileprivate func placed(at point: Point, shift: Double, turned: Bool) -> Path {
    func place(_ p: Point) -> Point { p.placed(at: point, shift: shift, turned: turned) }
    let elements = elements.map { element -> Element in
      switch element {
      case .move(let p): .move(place(p))
      case .line(let p): .line(place(p))
      case .curve(let a, let b, let c): .curve(place(a), place(b), place(c))
      case .close: .close
      }
    }
    let parts = parts.map { part in
      PlacedShape(
        shape: turned ? part.shape.placed(at: Point(0, 0), shift: 0, turned: true) : part.shape,
        origin: place(part.origin))
    }
    return Path(elements, parts: parts)
  }
}

extension Canvas {
  /// Draws another drawing with its corner at `corner`.
  public mutating func place(_ other: Canvas, at corner: Point) {
    for mark in other.marks {
      switch mark {
      case .fill(let path, let color): fill(path.moved(by: corner), color)
      case .stroke(let path, let color, let width, let dash):
        stroke(path.moved(by: corner), color, width: width, dash: dash)
      case .image(let picture, let r):
        image(picture, in: Rectangle(r.x + corner.x, r.y + corner.y, r.width, r.height))
      }
    }
  }
}

extension Path {
  func moved(by offset: Point) -> Path { placed(at: offset, shift: 0, turned: false) }
}
