import Determinism

/// A value over two quantities as a relief seen from above: a surface, or a ridge for each column.
///
/// The projection is parallel. Parts are painted from the back to the front, so that what is nearer
/// hides what is behind it.
public struct SurfaceChart: Chart {
  public enum Style: Hashable, Sendable {
    /// A sheet with mesh lines; for columns that have an order.
    case surface
    /// One curtain a column; for columns without an order, such as experts.
    case ridges
  }

  public let title: String
  /// Runs from the left corner to the nearest one.
  public let columns: Axis
  /// Runs from the corner on the right to the nearest one, so that its end is in front.
  public let rows: Axis
  /// Runs upwards at the left corner.
  public let vertical: Axis
  /// Where the columns and rows stand on their axes, increasing.
  public let columnValues: [Double]
  public let rowValues: [Double]
  /// One list a row, one value a column.
  public let values: [[Double]]
  public let style: Style
  public let colors: ColorMap
  public let width: Int
  public let height: Int

  public init(
    _ title: String = "", columns: Axis, rows: Axis, vertical: Axis, columnValues: [Double],
    rowValues: [Double], values: [[Double]], style: Style = .surface,
    colors: ColorMap = .sequential, width: Int = 520, height: Int = 380
  ) {
    for (name, list) in [("column", columnValues), ("row", rowValues)] {
      require(
        list.count > 1 && zip(list, list.dropFirst()).allSatisfy { $0 < $1 },
        "SurfaceChart: expected at least two increasing \(name) values")
    }
    require(
      values.count == rowValues.count && values.allSatisfy { $0.count == columnValues.count },
      "SurfaceChart: expected \(rowValues.count) rows of \(columnValues.count) values")
    require(
      vertical.scale == .linear, "SurfaceChart: expected a linear vertical axis")
    self.title = title
    self.columns = columns
    self.rows = rows
    self.vertical = vertical
    self.columnValues = columnValues
    self.rowValues = rowValues
    self.values = values
    self.style = style
    self.colors = colors
    self.width = width
    self.height = height
  }

  public func drawn() throws -> Canvas {
    let all = values.flatMap { $0 }
    let x = try FittedAxis(columns, values: columnValues, count: 6, padding: 0)
    let y = try FittedAxis(rows, values: rowValues, count: 5, padding: 0)
    let z = try FittedAxis(vertical, values: all, count: 5, padding: 0)
    let bar = try ColorBar(title: "", colors: colors, range: Interval(z.lower, z.upper))
    let padding = PlotFrame.padding
    let top = padding + (title.isEmpty ? 0 : 20) + 4
    let left = padding + (try ReliefBox.leftMargin(z))
    let right = Double(width) - padding - bar.totalWidth - (try ReliefBox.rightMargin(y))
    let area = Rectangle(
      left, top, right - left, Double(height) - padding - ReliefBox.footer - top)
    guard area.width > 60 && area.height > 60 else {
      throw Failure(.internal, "surface \"\(title)\": \(width)×\(height) leaves no room")
    }
    var canvas = Canvas(width: width, height: height)
    try canvas.text(title, at: Point(padding, padding + 11), PlotFrame.titleStyle)
    let box = ReliefBox(area: area, x: x, y: y, z: z)
    try box.drawBackground(on: &canvas)
    let relief = Relief(
      x: columnValues.map(x.fraction), y: rowValues.map(y.fraction),
      z: values.map { $0.map(z.fraction) }, colors: colors, projection: box.projection)
    switch style {
    case .surface: relief.drawSurface(on: &canvas)
    case .ridges: relief.drawRidges(on: &canvas)
    }
    try box.drawLabels(on: &canvas)
    let barHeight = min(area.height, 200)
    try bar.draw(
      on: &canvas,
      at: Point(Double(width) - padding - bar.totalWidth, area.y + (area.height - barHeight) / 2),
      height: barHeight)
    return canvas
  }
}
