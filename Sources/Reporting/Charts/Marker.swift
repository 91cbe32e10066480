/// The shapes that tell series apart besides their colours.
public enum Marker: Int, CaseIterable, Sendable {
  case circle, square, triangle, diamond, cross, downTriangle

  /// The shape of the series at `index`.
  public init(_ index: Int) {
    self = Marker.allCases[index % Marker.allCases.count]
  }

  /// The outline around `center`, sized so that all shapes look equally large.
  func path(_ center: Point, radius: Double) -> Path { Path(outline(radius: radius), at: center) }

  private func outline(radius r: Double) -> Path {
    func polygon(_ points: [(Double, Double)]) -> Path {
      Path(polygon: points.map { Point($0.0 * r, $0.1 * r) })
    }
    return switch self {
    case .circle: Path(circle: Point(0, 0), radius: r)
    case .square: polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case .triangle: polygon([(0, -1.25), (1.1, 0.75), (-1.1, 0.75)])
    case .diamond: polygon([(0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)])
    case .downTriangle: polygon([(0, 1.25), (1.1, -0.75), (-1.1, -0.75)])
    case .cross:
      polygon([
        (-1.1, -0.6), (-0.6, -1.1), (0, -0.5), (0.6, -1.1), (1.1, -0.6), (0.5, 0), (1.1, 0.6),
        (0.6, 1.1), (0, 0.5), (-0.6, 1.1), (-1.1, 0.6), (-0.5, 0),
      ])
    }
  }
}
