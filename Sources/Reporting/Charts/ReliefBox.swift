/// Ground, back walls, grid and labels around a relief.
struct ReliefBox {
  let x: FittedAxis
  let y: FittedAxis
  let z: FittedAxis
  let projection: Projection

  init(area: Rectangle, x: FittedAxis, y: FittedAxis, z: FittedAxis) {
    self.x = x
    self.y = y
    self.z = z
    projection = Projection(into: area)
  }

  /// Draws what lies behind the relief.
  func drawBackground(on canvas: inout Canvas) throws {
    let ground = [
      projection(0, 0, 0), projection(1, 0, 0), projection(1, 1, 0), projection(0, 1, 0),
    ]
    canvas.fill(Path(polygon: ground), Color(hex: 0xF3F3F3))
    for value in x.ticks.map({ x.fraction($0.value) }) {
      canvas.line(projection(value, 0, 0), projection(value, 1, 0), .grid)
      canvas.line(projection(value, 0, 0), projection(value, 0, 1), .grid)
    }
    for value in y.ticks.map({ y.fraction($0.value) }) {
      canvas.line(projection(0, value, 0), projection(1, value, 0), .grid)
      canvas.line(projection(0, value, 0), projection(0, value, 1), .grid)
    }
    for value in z.ticks.map({ z.fraction($0.value) }) {
      canvas.stroke(
        Path(line: [projection(0, 1, value), projection(0, 0, value), projection(1, 0, value)]),
        .grid)
    }
    canvas.stroke(
      Path(line: [projection(0, 1, 1), projection(0, 0, 1), projection(1, 0, 1)]), .grid)
    canvas.line(projection(0, 0, 0), projection(0, 0, 1), .grid)
  }

  /// How much room the labels need below the nearest corner.
  static let footer = 22.0

  /// How much room the labels and the title of the vertical axis need beside the left corner.
  static func leftMargin(_ z: FittedAxis) throws -> Double {
    try widest(z) + 9 + (z.axis.title.isEmpty ? 0 : 18)
  }

  /// How much room the labels need beside the right corner.
  static func rightMargin(_ y: FittedAxis) throws -> Double { max(20, try widest(y) + 12) }

  private static func widest(_ axis: FittedAxis) throws -> Double {
    var width = 0.0
    for tick in axis.ticks where axis.axis.hasLabels {
      width = max(width, try GlyphOutline.width(tick.label, PlotFrame.tickStyle))
    }
    return width
  }

  /// Draws what stands around the relief: numbers along the near edges, titles beyond them.
  func drawLabels(on canvas: inout Canvas) throws {
    for tick in x.ticks {
      try drawLabel(
        tick.label, projection(x.fraction(tick.value), 1, 0),
        projection(x.fraction(tick.value), 1.02, 0), Point(-3, 10), .end, x.axis, on: &canvas)
    }
    for tick in y.ticks {
      try drawLabel(
        tick.label, projection(1, y.fraction(tick.value), 0),
        projection(1.02, y.fraction(tick.value), 0), Point(3, 10), .start, y.axis, on: &canvas)
    }
    for tick in z.ticks {
      let place = projection(0, 1, z.fraction(tick.value))
      try drawLabel(
        tick.label, place, Point(place.x - 4, place.y), Point(-3, 3.6), .end, z.axis, on: &canvas)
    }
    canvas.stroke(
      Path(line: [
        projection(0, 1, 1), projection(0, 1, 0), projection(1, 1, 0), projection(1, 0, 0),
      ]), .faint)
    let (left, near, right) = (projection(0, 1, 0), projection(1, 1, 0), projection(1, 0, 0))
    let bottom = near.y + Self.footer
    try canvas.text(
      x.axis.title, at: Point(left.x + (near.x - left.x) * 0.3, (left.y + bottom) / 2 + 24),
      PlotFrame.axisStyle, anchor: .middle)
    try canvas.text(
      y.axis.title, at: Point(near.x + (right.x - near.x) * 0.78, (right.y + bottom) / 2 + 24),
      PlotFrame.axisStyle, anchor: .middle)
    let middle = projection(0, 1, 0.5)
    let margin = try Self.leftMargin(z)
    try canvas.text(
      z.axis.title, at: Point(middle.x - margin + 9, middle.y), PlotFrame.axisStyle,
      anchor: .middle, turned: true)
  }

  private func drawLabel(
    _ text: String, _ from: Point, _ to: Point, _ offset: Point, _ anchor: Canvas.Anchor,
    _ axis: Axis, on canvas: inout Canvas
  ) throws {
    guard axis.hasLabels else { return }
    canvas.line(from, to, .faint)
    try canvas.text(
      text, at: Point(to.x + offset.x, to.y + offset.y), PlotFrame.tickStyle, anchor: anchor,
      color: .faint)
  }
}
