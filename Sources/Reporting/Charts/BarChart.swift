import Determinism

/// Bars in groups, one colour a series, from zero, with intervals and the seeds as points.
public struct BarChart: Chart {
  public struct Series: Hashable, Sendable {
    public let title: String
    /// One per group; nil is shown as "not run".
    public let values: [Estimate?]

    public init(_ title: String, _ values: [Estimate?]) {
      self.title = title
      self.values = values
    }
  }

  /// A level to compare with, such as chance.
  public struct Reference: Hashable, Sendable {
    public let title: String
    public let value: Double

    public init(_ title: String, _ value: Double) {
      self.title = title
      self.value = value
    }
  }

  public let title: String
  public let axis: Axis
  public let groups: [String]
  public let series: [Series]
  public let references: [Reference]
  public let width: Int
  public let height: Int

  public init(
    _ title: String = "", axis: Axis, groups: [String], series: [Series],
    references: [Reference] = [], width: Int = 640, height: Int = 340
  ) {
    require(!groups.isEmpty && !series.isEmpty, "BarChart: expected groups and series")
    for one in series {
      require(
        one.values.count == groups.count,
        "BarChart: series \(one.title) has \(one.values.count) values for \(groups.count) groups")
    }
    self.title = title
    self.axis = axis
    self.groups = groups
    self.series = series
    self.references = references
    self.width = width
    self.height = height
  }

  public func drawn() throws -> Canvas {
    for one in series {
      for case let value? in one.values { _ = try value.checked("bars \(one.title)") }
    }
    let extent = series.flatMap(\.values).compactMap { $0 }.flatMap(\.extent)
    let vertical = try FittedAxis(
      axis, values: extent + references.map(\.value) + [0], count: 6)
    let room = Double(width) - 2 * PlotFrame.padding - 40
    let labels = try CategoryLabels(groups, slot: room / Double(groups.count))
    let frame = try PlotFrame(
      width: width, height: height, title: title, legend: legend, x: nil, y: vertical,
      footer: labels.height)
    var canvas = Canvas(width: width, height: height)
    try frame.draw(on: &canvas)
    let slot = frame.area.width / Double(groups.count)
    for (i, _) in groups.enumerated() {
      try drawGroup(i, slot, frame, on: &canvas)
    }
    let zero = frame.yPosition(0)
    canvas.line(Point(frame.area.x, zero), Point(frame.area.right, zero), .faint)
    for (i, reference) in references.enumerated() {
      let y = frame.yPosition(reference.value)
      canvas.line(
        Point(frame.area.x, y), Point(frame.area.right, y), .ink, width: 1.3,
        dash: Palette.dash(i + 1))
    }
    try labels.draw(on: &canvas, area: frame.area)
    return canvas
  }

  private var legend: [Legend.Entry] {
    let own =
      series.count > 1 || !series[0].title.isEmpty
      ? series.enumerated().map {
        Legend.Entry(title: $1.title, sample: .box(Palette.color($0)))
      } : []
    return own
      + references.enumerated().map {
        Legend.Entry(title: $1.title, sample: .line(.ink, Palette.dash($0 + 1), nil))
      }
  }

  private func drawGroup(
    _ group: Int, _ slot: Double, _ frame: PlotFrame, on canvas: inout Canvas
  ) throws {
    let usable = slot * 0.8
    let bar = min(44, usable / Double(series.count))
    let left =
      frame.area.x + (Double(group) + 0.5) * slot - bar * Double(series.count) / 2
    for (i, one) in series.enumerated() {
      let x = left + Double(i) * bar
      let middle = x + bar / 2
      guard let value = one.values[group] else {
        try canvas.text(
          "not run", at: Point(middle + 3.5, frame.yPosition(0) - 5), TextStyle(size: 9),
          color: .faint, turned: true)
        continue
      }
      let (top, zero) = (frame.yPosition(value.value), frame.yPosition(0))
      let inset = min(1.5, bar * 0.08)
      canvas.fill(
        Path(Rectangle(x + inset, min(top, zero), bar - 2 * inset, abs(zero - top))),
        Palette.color(i))
      drawSpread(value, middle, bar, frame, on: &canvas)
    }
  }

  private func drawSpread(
    _ value: Estimate, _ middle: Double, _ bar: Double, _ frame: PlotFrame,
    on canvas: inout Canvas
  ) {
    let offset = bar >= 12 ? bar * 0.22 : 0
    guard let interval = value.interval else { return }
    let x = middle - offset * 0.6
    let (low, high) = (frame.yPosition(interval.lower), frame.yPosition(interval.upper))
    let cap = min(4, bar * 0.2)
    // A white rim keeps the whisker visible on dark bars.
    for (color, width) in [(Color.white, 2.8), (Color.ink, 1.2)] {
      let lines = [
        [Point(x, low), Point(x, high)], [Point(x - cap, low), Point(x + cap, low)],
        [Point(x - cap, high), Point(x + cap, high)],
      ]
      for line in lines { canvas.stroke(Path(line: line), color, width: width) }
    }
    let radius = min(2.2, bar * 0.14)
    for seed in value.seeds {
      let point = Point(middle + offset, frame.yPosition(seed))
      let circle = Marker.circle.path(point, radius: radius)
      canvas.fill(circle, .white)
      canvas.stroke(circle, .ink, width: 0.8)
    }
  }
}
