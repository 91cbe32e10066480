import Determinism

/// Title, legend, axes and grid of a chart, and the map from values to positions.
struct PlotFrame {
  let area: Rectangle
  let x: FittedAxis?
  let y: FittedAxis
  private let title: String
  private let legend: Legend
  private let width: Double

  static let tickStyle = TextStyle(size: 10)
  static let axisStyle = TextStyle(size: 11)
  static let titleStyle = TextStyle(size: 12, isBold: true)
  static let padding = 12.0

  /// - Parameters:
  ///   - x: nil for an axis of categories, which the chart labels itself in `footer`.
  ///   - footer: the height below the plot that the categories' labels need.
  init(
    width: Int, height: Int, title: String, legend entries: [Legend.Entry], x: FittedAxis?,
    y: FittedAxis, footer: Double
  ) throws {
    self.x = x
    self.y = y
    self.title = title
    self.width = Double(width)
    legend = try Legend(entries, width: Double(width) - 2 * Self.padding)
    var labelWidth = 0.0
    for tick in y.ticks where y.axis.hasLabels {
      labelWidth = max(labelWidth, try GlyphOutline.width(tick.label, Self.tickStyle))
    }
    let left = Self.padding + (y.axis.title.isEmpty ? 0 : 18) + labelWidth + 7
    let top = Self.padding + (title.isEmpty ? 0 : 20) + legend.height
    // The last label below the axis is centred on its tick and may reach beyond the plot.
    var overhang = 0.0
    if let x, x.axis.hasLabels, let last = x.ticks.last {
      overhang = try GlyphOutline.width(last.label, Self.tickStyle) / 2
    }
    let right = Double(width) - Self.padding - overhang
    area = Rectangle(left, top + 4, right - left, Double(height) - Self.padding - footer - top - 4)
    guard area.width > 20 && area.height > 20 else {
      throw Failure(.internal, "chart \"\(title)\": \(width)×\(height) leaves no room to draw in")
    }
  }

  /// The height of the labels and title of a numeric axis below the plot.
  static func footer(_ axis: Axis) -> Double {
    (axis.hasLabels ? 17 : 4) + (axis.title.isEmpty ? 0 : 18)
  }

  func xPosition(_ value: Double) -> Double {
    area.x + (x?.fraction(value) ?? 0) * area.width
  }

  func yPosition(_ value: Double) -> Double { area.bottom - y.fraction(value) * area.height }

  /// Draws everything but the data.
  func draw(on canvas: inout Canvas) throws {
    if !title.isEmpty {
      try canvas.text(title, at: Point(Self.padding, Self.padding + 11), Self.titleStyle)
    }
    let legendTop = Self.padding + (title.isEmpty ? 0 : 20)
    try legend.draw(on: &canvas, at: Point(Self.padding, legendTop))
    for tick in y.ticks where y.axis.hasLabels {
      let position = yPosition(tick.value)
      canvas.line(Point(area.x, position), Point(area.right, position), .grid)
      try canvas.text(
        tick.label, at: Point(area.x - 6, position + 3.6), Self.tickStyle, anchor: .end,
        color: .faint)
    }
    if !y.axis.title.isEmpty {
      try canvas.text(
        y.axis.title, at: Point(Self.padding + 9, area.y + area.height / 2), Self.axisStyle,
        anchor: .middle, turned: true)
    }
    if let x { try drawHorizontal(x, on: &canvas) }
  }

  private func drawHorizontal(_ axis: FittedAxis, on canvas: inout Canvas) throws {
    canvas.line(
      Point(area.x, area.bottom), Point(area.right, area.bottom), .faint, width: 1)
    var free = -Double.infinity
    for tick in axis.ticks where axis.axis.hasLabels {
      let position = xPosition(tick.value)
      canvas.line(
        Point(position, area.bottom), Point(position, area.bottom + 4), .faint)
      let half = try GlyphOutline.width(tick.label, Self.tickStyle) / 2
      // Given positions may be too close for all their labels; a tick without a label is kept.
      guard position - half >= free else { continue }
      free = position + half + 5
      try canvas.text(
        tick.label, at: Point(position, area.bottom + 15), Self.tickStyle, anchor: .middle,
        color: .faint)
    }
    if !axis.axis.title.isEmpty {
      try canvas.text(
        axis.axis.title,
        at: Point(area.x + area.width / 2, area.bottom + (axis.axis.hasLabels ? 32 : 18)),
        Self.axisStyle, anchor: .middle)
    }
  }
}
