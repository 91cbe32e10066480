import Determinism

/// Points in the plane, one colour and shape a class.
public struct ScatterChart: Chart {
  public struct Class: Hashable, Sendable {
    public let title: String
    public let points: [Point]

    public init(_ title: String, _ points: [Point]) {
      self.title = title
      self.points = points
    }
  }

  public let title: String
  public let horizontal: Axis
  public let vertical: Axis
  public let classes: [Class]
  /// Whether classes are named below; false where only their being apart matters.
  public let hasLegend: Bool
  public let width: Int
  public let height: Int

  public init(
    _ title: String = "", x: Axis, y: Axis, classes: [Class], hasLegend: Bool = true,
    width: Int = 320, height: Int = 320
  ) {
    require(
      classes.contains { !$0.points.isEmpty }, "ScatterChart: expected at least one point")
    self.title = title
    horizontal = x
    vertical = y
    self.classes = classes
    self.hasLegend = hasLegend
    self.width = width
    self.height = height
  }

  public func drawn() throws -> Canvas {
    let points = classes.flatMap(\.points)
    let x = try FittedAxis(horizontal, values: points.map(\.x), count: max(3, width / 90))
    let y = try FittedAxis(vertical, values: points.map(\.y), count: max(3, height / 60))
    let entries = classes.enumerated().map {
      Legend.Entry(title: $1.title, sample: .marker(Marker($0), Palette.color($0)))
    }
    let frame = try PlotFrame(
      width: width, height: height, title: title,
      legend: hasLegend && classes.count > 1 ? entries : [], x: x,
      y: y, footer: PlotFrame.footer(horizontal))
    var canvas = Canvas(width: width, height: height)
    try frame.draw(on: &canvas)
    let radius = points.count > 400 ? 2.0 : 3.0
    for (i, one) in classes.enumerated() {
      for point in one.points {
        let place = Point(frame.xPosition(point.x), frame.yPosition(point.y))
        canvas.fill(Marker(i).path(place, radius: radius), Palette.color(i).opacity(0.75))
      }
    }
    return canvas
  }
}
