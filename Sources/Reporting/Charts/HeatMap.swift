import Determinism

/// A matrix as coloured cells, with a scale beside it.
public struct HeatMap: Chart {
  public let title: String
  /// With the unit, written at the scale.
  public let valueTitle: String
  public let rowTitle: String
  public let columnTitle: String
  public let rows: [String]
  public let columns: [String]
  /// One list a row; nil is left grey.
  public let values: [[Double?]]
  public let colors: ColorMap
  /// Values at the ends of the scale; the data's own when nil.
  public let range: Interval?
  /// Decimals of the numbers written in the cells; nil writes none.
  public let cellDigits: Int?
  public let width: Int
  public let height: Int

  public init(
    _ title: String = "", valueTitle: String, rowTitle: String = "", columnTitle: String = "",
    rows: [String], columns: [String], values: [[Double?]], colors: ColorMap = .sequential,
    range: Interval? = nil, cellDigits: Int? = nil, width: Int = 640, height: Int = 360
  ) {
    require(
      values.count == rows.count && !rows.isEmpty && !columns.isEmpty,
      "HeatMap: \(values.count) rows of values for \(rows.count) titles")
    require(
      values.allSatisfy { $0.count == columns.count },
      "HeatMap: expected \(columns.count) values in every row")
    self.title = title
    self.valueTitle = valueTitle
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
    self.rows = rows
    self.columns = columns
    self.values = values
    self.colors = colors
    self.range = range
    self.cellDigits = cellDigits
    self.width = width
    self.height = height
  }

  private static let style = TextStyle(size: 10)

  public func drawn() throws -> Canvas {
    let scale = try self.scale()
    var canvas = Canvas(width: width, height: height)
    let padding = PlotFrame.padding
    var rowWidth = 0.0
    for row in rows { rowWidth = max(rowWidth, try GlyphOutline.width(row, Self.style)) }
    let bar = try ColorBar(title: valueTitle, colors: colors, range: scale)
    let left = padding + (rowTitle.isEmpty ? 0 : 18) + rowWidth + 7
    let right = Double(width) - padding - bar.totalWidth - 14
    let top = padding + (title.isEmpty ? 0 : 22)
    let labels = try CategoryLabels(
      shownColumns.map(\.title), slot: (right - left) / Double(shownColumns.count))
    let bottom = Double(height) - padding - labels.height - (columnTitle.isEmpty ? 0 : 18)
    let area = Rectangle(left, top, right - left, bottom - top)
    guard area.width > 20 && area.height > 20 else {
      throw Failure(.internal, "heat map \"\(title)\": no room to draw in")
    }
    try canvas.text(title, at: Point(padding, padding + 11), PlotFrame.titleStyle)
    try drawCells(area, scale, on: &canvas)
    try drawLabels(area, labels, on: &canvas)
    try bar.draw(on: &canvas, at: Point(right + 14, top), height: area.height)
    return canvas
  }

  /// The ends of the colour scale.
  private func scale() throws -> Interval {
    let known = values.flatMap { $0 }.compactMap { $0 }
    guard known.allSatisfy(\.isFinite), let low = known.min(), let high = known.max() else {
      throw Failure(.badInput, "heat map \"\(title)\": expected finite numbers to show")
    }
    if let range { return range }
    return low < high ? Interval(low, high) : Interval(low - 0.5, high + 0.5)
  }

  /// Every nth column's title, so that the labels have room.
  private var shownColumns: [(index: Int, title: String)] {
    let every = max(1, (columns.count + 19) / 20)
    return stride(from: 0, to: columns.count, by: every).map { ($0, columns[$0]) }
  }

  private func edges(_ start: Double, _ length: Double, _ count: Int) -> [Double] {
    (0...count).map { (start + length * Double($0) / Double(count)).rounded() }
  }

  /// Draws the cells, all of one colour as one outline, which keeps large maps small.
  private func drawCells(_ area: Rectangle, _ scale: Interval, on canvas: inout Canvas) throws {
    let levels = 255
    var outlines = Array(repeating: [Path.Element](), count: levels + 1)
    var unknown = [Path.Element]()
    var numbers: [(Rectangle, Double, Color)] = []
    let xs = edges(area.x, area.width, columns.count)
    let ys = edges(area.y, area.height, rows.count)
    for (i, row) in values.enumerated() {
      for (j, value) in row.enumerated() {
        let place = Rectangle(xs[j], ys[i], xs[j + 1] - xs[j], ys[i + 1] - ys[i])
        guard let value else {
          unknown += Path(place).elements
          continue
        }
        let fraction = (value - scale.lower) / (scale.upper - scale.lower)
        let level = Int((min(1, max(0, fraction)) * Double(levels)).rounded())
        outlines[level] += Path(place).elements
        numbers.append((place, value, colors.color(Double(level) / Double(levels))))
      }
    }
    canvas.fill(Path(unknown), .grid)
    for (level, outline) in outlines.enumerated() where !outline.isEmpty {
      canvas.fill(Path(outline), colors.color(Double(level) / Double(levels)))
    }
    guard let cellDigits else { return }
    for (place, value, color) in numbers {
      try canvas.text(
        numberText(value, cellDigits),
        at: Point(place.x + place.width / 2, place.y + place.height / 2 + 3.6), Self.style,
        anchor: .middle, color: color.isLight ? .ink : .white)
    }
  }

  private func drawLabels(
    _ area: Rectangle, _ labels: CategoryLabels, on canvas: inout Canvas
  ) throws {
    let slot = area.height / Double(rows.count)
    let every = max(1, Int((12 / slot).rounded(.up)))
    for (i, row) in rows.enumerated() where i % every == 0 {
      try canvas.text(
        row, at: Point(area.x - 6, area.y + (Double(i) + 0.5) * slot + 3.6), Self.style,
        anchor: .end)
    }
    try labels.draw(on: &canvas, area: area)
    if !rowTitle.isEmpty {
      try canvas.text(
        rowTitle, at: Point(PlotFrame.padding + 9, area.y + area.height / 2),
        PlotFrame.axisStyle, anchor: .middle, turned: true)
    }
    if !columnTitle.isEmpty {
      try canvas.text(
        columnTitle, at: Point(area.x + area.width / 2, area.bottom + labels.height + 12),
        PlotFrame.axisStyle, anchor: .middle)
    }
  }
}
