/// The scale of a colour map beside a plot, with ticks and a title.
struct ColorBar {
  static let width = 14.0
  private static let style = TextStyle(size: 10)
  private static let titleWidth = 18.0
  let title: String
  let colors: ColorMap
  let range: Interval
  private let ticks: Ticks
  /// How much room bar, labels and title need.
  let totalWidth: Double

  init(title: String, colors: ColorMap, range: Interval) throws {
    self.title = title
    self.colors = colors
    self.range = range
    ticks = Ticks(from: range.lower, to: range.upper, count: 5)
    var labels = 0.0
    for value in ticks.values {
      labels = max(labels, try GlyphOutline.width(ticks.label(value), Self.style))
    }
    totalWidth = Self.width + 6 + labels + (title.isEmpty ? 0 : Self.titleWidth)
  }

  /// Where `value` lies on the scale, 0 … 1 within the range.
  func fraction(_ value: Double) -> Double { (value - range.lower) / (range.upper - range.lower) }

  /// Draws the bar with its upper left corner at `corner`.
  ///
  /// Transparent colours are shown on white and, in the right half, on dark grey.
  func draw(on canvas: inout Canvas, at corner: Point, height: Double) throws {
    let right = corner.x + Self.width
    let steps = 64
    if colors.anchors.contains(where: { $0.opacity < 1 }) {
      canvas.fill(
        Path(Rectangle(corner.x + Self.width / 2, corner.y, Self.width / 2, height)), .darkGround)
    }
    let ys = (0...steps).map { (corner.y + height * Double($0) / Double(steps)).rounded() }
    for i in 0..<steps where ys[i + 1] > ys[i] {
      let color = colors.color(1 - (Double(i) + 0.5) / Double(steps))
      canvas.fill(Path(Rectangle(corner.x, ys[i], Self.width, ys[i + 1] - ys[i])), color)
    }
    for value in ticks.values where range.contains(value) {
      let y = corner.y + height * (1 - fraction(value))
      canvas.line(Point(right, y), Point(right + 3, y), .faint)
      try canvas.text(ticks.label(value), at: Point(right + 6, y + 3.6), Self.style)
    }
    try canvas.text(
      title, at: Point(corner.x + totalWidth, corner.y + height / 2), PlotFrame.axisStyle,
      anchor: .middle, turned: true)
  }
}
