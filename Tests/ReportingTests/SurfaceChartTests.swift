import Determinism
import Reporting
import Testing

@Suite struct SurfaceChartTests {
  static func chart(
    _ values: [[Double]], style: SurfaceChart.Style = .surface, colors: ColorMap = .sequential
  ) -> SurfaceChart {
    SurfaceChart(
      columns: Axis("", hasLabels: false), rows: Axis("", hasLabels: false),
      vertical: Axis("", includes: [0, 1], hasLabels: false),
      columnValues: values[0].indices.map { Double($0) },
      rowValues: values.indices.map { Double($0) }, values: values, style: style, colors: colors,
      width: 300, height: 240)
  }

  /// One painted part with the range of heights on the page that it covers.
  struct Part {
    let points: [Point]
    let top: Double
    let bottom: Double
    let color: Color
  }

  /// At how many places of the picture the colour of height one half is seen.
  func bluePlaces(_ values: [[Double]], _ style: SurfaceChart.Style) throws -> Int {
    let red = Color(1, 0, 0)
    let colors = ColorMap([red, Color(0, 0, 1), red])
    let canvas = try Self.chart(values, style: style, colors: colors).drawn()
    let parts = canvas.marks.compactMap { mark -> Part? in
      guard case .fill(let path, let color) = mark else { return nil }
      let points = path.elements.compactMap { element -> Point? in
        switch element {
        case .move(let p), .line(let p): p
        default: nil
        }
      }
      return Part(
        points: points, top: points.map(\.y).min() ?? 0, bottom: points.map(\.y).max() ?? 0,
        color: color)
    }
    var count = 0
    for y in stride(from: 0.5, to: 240, by: 3) {
      let near = parts.filter { $0.top <= y && y <= $0.bottom }
      for x in stride(from: 0.5, to: 235, by: 3) {
        // What was painted last at a place is what is seen there.
        let seen = near.last { contains($0.points, Point(x, y)) }
        if let color = seen?.color, color.blue > 0.7 && color.red < 0.3 { count += 1 }
      }
    }
    return count
  }

  /// Whether a ray to the right crosses the outline an odd number of times.
  func contains(_ polygon: [Point], _ p: Point) -> Bool {
    var isInside = false
    for (a, b) in zip(polygon, polygon.dropFirst() + polygon.prefix(1))
    where (a.y > p.y) != (b.y > p.y) {
      if p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) { isInside.toggle() }
    }
    return isInside
  }

  /// Square hills on a plain, one behind the other on the same line of sight.
  func hills(back: Double, front: Double) -> [[Double]] {
    (0..<12).map { i -> [Double] in
      (0..<12).map { j -> Double in
        if (4..<7).contains(i) && (4..<7).contains(j) { return back }
        return (8..<11).contains(i) && (8..<11).contains(j) ? front : 0
      }
    }
  }

  @Test(arguments: [SurfaceChart.Style.surface, .ridges])
  func `what stands in front hides what is behind it`(style: SurfaceChart.Style) throws {
    let alone = try bluePlaces(hills(back: 0.5, front: 0), style)
    let slopes = try bluePlaces(hills(back: 0, front: 1), style)
    let both = try bluePlaces(hills(back: 0.5, front: 1), style)
    // Less than half of the lower hill is left to see. Were it painted last, all of it would be.
    #expect(alone > 20)
    #expect(both - slopes < alone / 2)
  }

  @Test(arguments: [SurfaceChart.Style.surface, .ridges])
  func `what stands behind hides nothing`(style: SurfaceChart.Style) throws {
    let alone = try bluePlaces(hills(back: 0, front: 0.5), style)
    let both = try bluePlaces(hills(back: 1, front: 0.5), style)
    #expect(alone > 20 && both >= alone)
  }

  @Test func `every part stays inside the picture`() throws {
    let spikes = (0..<16).map { i -> [Double] in
      (0..<24).map { j -> Double in Double((i * 7 + j * 5) % 11) / 10 }
    }
    for style in [SurfaceChart.Style.surface, .ridges] {
      for mark in try Self.chart(spikes, style: style).drawn().marks {
        guard case .fill(let path, _) = mark else { continue }
        for case .line(let point) in path.elements {
          #expect(point.x >= 0 && point.x <= 300 && point.y >= 0 && point.y <= 240)
        }
      }
    }
  }

  @Test func `what cannot be drawn is refused`() {
    #expect(throws: Failure.self) { try Self.chart([[0, .nan], [1, 2]]).drawn() }
    #expect(throws: Failure.self) { try Self.chart([[0, .infinity], [1, 2]]).drawn() }
    let narrow = SurfaceChart(
      columns: Axis("a"), rows: Axis("b"), vertical: Axis("c"), columnValues: [0, 1],
      rowValues: [0, 1], values: [[0, 1], [1, 2]], width: 80, height: 80)
    #expect(throws: Failure.self) { try narrow.drawn() }
  }
}
