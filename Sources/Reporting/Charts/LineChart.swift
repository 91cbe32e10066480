import Determinism

/// Lines over a numeric axis, with a band for each interval.
public struct LineChart: Chart {
  public struct Series: Hashable, Sendable {
    public let title: String
    public let points: [SeriesPoint]

    public init(_ title: String, _ points: [(Double, Estimate)]) {
      self.title = title
      self.points = points.map { SeriesPoint(x: $0.0, y: $0.1) }
    }
  }

  public struct SeriesPoint: Hashable, Sendable {
    public let x: Double
    public let y: Estimate
  }

  public let title: String
  public let horizontal: Axis
  public let vertical: Axis
  public let series: [Series]
  public let references: [BarChart.Reference]
  public let width: Int
  public let height: Int

  public init(
    _ title: String = "", x: Axis, y: Axis, series: [Series],
    references: [BarChart.Reference] = [], width: Int = 640, height: Int = 360
  ) {
    require(
      series.contains { !$0.points.isEmpty }, "LineChart: expected a series with at least one point"
    )
    self.title = title
    horizontal = x
    vertical = y
    self.series = series
    self.references = references
    self.width = width
    self.height = height
  }

  public func drawn() throws -> Canvas {
    let points = series.flatMap(\.points)
    for one in series {
      for point in one.points {
        _ = try point.y.checked("line \(one.title) at \(point.x)")
      }
    }
    let x = try FittedAxis(
      horizontal, values: points.map(\.x), count: max(3, width / 90), padding: 0.03)
    let y = try FittedAxis(
      vertical, values: points.flatMap(\.y.extent) + references.map(\.value),
      count: max(3, height / 60))
    let frame = try PlotFrame(
      width: width, height: height, title: title, legend: legend, x: x, y: y,
      footer: PlotFrame.footer(horizontal))
    var canvas = Canvas(width: width, height: height)
    try frame.draw(on: &canvas)
    for (i, one) in series.enumerated() { drawBand(one, i, frame, on: &canvas) }
    for (i, reference) in references.enumerated() {
      let height = frame.yPosition(reference.value)
      canvas.line(
        Point(frame.area.x, height), Point(frame.area.right, height), .ink, width: 1.3,
        dash: Palette.dash(i + 2))
    }
    for (i, one) in series.enumerated() { drawLine(one, i, frame, on: &canvas) }
    return canvas
  }

  private var hasMarkers: Bool { series.allSatisfy { $0.points.count <= 25 } }

  private var legend: [Legend.Entry] {
    let lines = series.enumerated().map { i, one in
      Legend.Entry(
        title: one.title,
        sample: .line(Palette.color(i), Palette.dash(i), hasMarkers ? Marker(i) : nil))
    }
    return lines
      + references.enumerated().map {
        Legend.Entry(title: $1.title, sample: .line(.ink, Palette.dash($0 + 2), nil))
      }
  }

  private func drawBand(
    _ one: Series, _ index: Int, _ frame: PlotFrame, on canvas: inout Canvas
  ) {
    let known = one.points.compactMap { point in point.y.interval.map { (point.x, $0) } }
    let color = Palette.color(index)
    if known.count > 1 {
      let upper = known.map { Point(frame.xPosition($0.0), frame.yPosition($0.1.upper)) }
      let lower = known.map { Point(frame.xPosition($0.0), frame.yPosition($0.1.lower)) }
      canvas.fill(Path(polygon: upper + lower.reversed()), color.opacity(0.18))
    }
    guard hasMarkers else { return }
    for (x, interval) in known {
      canvas.line(
        Point(frame.xPosition(x), frame.yPosition(interval.lower)),
        Point(frame.xPosition(x), frame.yPosition(interval.upper)), color, width: 1)
    }
  }

  private func drawLine(
    _ one: Series, _ index: Int, _ frame: PlotFrame, on canvas: inout Canvas
  ) {
    let color = Palette.color(index)
    let points = one.points.map { Point(frame.xPosition($0.x), frame.yPosition($0.y.value)) }
    if points.count > 1 {
      canvas.stroke(Path(line: points), color, width: 2, dash: Palette.dash(index))
    }
    guard hasMarkers || points.count == 1 else { return }
    for point in points { canvas.fill(Marker(index).path(point, radius: 4), color) }
  }
}
