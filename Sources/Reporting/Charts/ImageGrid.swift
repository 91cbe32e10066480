import Determinism
import Images

/// Pictures in a grid with captions: a contact sheet, or rows that compare methods.
///
/// Values laid over pictures share one scale, which is drawn beside them.
public struct ImageGrid: Chart {
  public struct Cell: Hashable, Sendable {
    public let image: RasterImage
    public let caption: String
    /// Shown over the picture in transparent colours.
    public let heat: HeatLayer?

    public init(_ image: RasterImage, _ caption: String = "", heat: HeatLayer? = nil) {
      self.image = image
      self.caption = caption
      self.heat = heat
    }
  }

  public let title: String
  /// Written above the columns; empty for none.
  public let columnTitles: [String]
  /// One list a row; nil leaves a gap.
  public let rows: [[Cell?]]
  /// The longer side of every picture on the page, in CSS pixels.
  public let side: Int
  /// What the values over the pictures are, with the unit.
  public let heatTitle: String
  /// Values at the ends of the colour scale; the smallest and the largest shown when nil.
  public let heatRange: Interval?

  public init(
    _ title: String = "", columnTitles: [String] = [], rows: [[Cell?]], side: Int = 96,
    heatTitle: String = "", heatRange: Interval? = nil
  ) {
    let count = rows.map(\.count).max() ?? 0
    require(
      columnTitles.isEmpty || columnTitles.count == count,
      "ImageGrid: \(columnTitles.count) titles for \(count) columns")
    self.title = title
    self.columnTitles = columnTitles
    require(
      heatRange.map { $0.lower < $0.upper } ?? true, "ImageGrid: the range of values is empty")
    self.rows = rows
    self.side = side
    self.heatTitle = heatTitle
    self.heatRange = heatRange
  }

  /// Pictures one after another, `columns` in a row.
  public init(
    _ title: String = "", _ cells: [Cell], columns: Int, side: Int = 96, heatTitle: String = "",
    heatRange: Interval? = nil
  ) {
    require(columns > 0, "ImageGrid: expected at least one column")
    self.init(
      title,
      rows: stride(from: 0, to: cells.count, by: columns).map {
        cells[$0..<min($0 + columns, cells.count)].map { $0 }
      }, side: side, heatTitle: heatTitle, heatRange: heatRange)
  }

  private static let style = TextStyle(size: 9)
  private static let gap = 10.0
  private static let lineHeight = 12.0
  /// The most a colour scale is worth, however many rows there are.
  private static let barHeight = 220.0

  /// Of no picture, as where runs on published data are planned before the data are there, it says so.
  public func drawn() throws -> Canvas {
    guard rows.contains(where: { !$0.isEmpty }) else {
      var canvas = Canvas(width: 2 * side, height: side)
      try canvas.text(
        "no picture", at: Point(PlotFrame.padding, Double(side) / 2), PlotFrame.tickStyle)
      return canvas
    }
    let cell = Double(side)
    let count = rows.map(\.count).max() ?? 0
    let captions = try rows.map { row in
      try row.map { try brokenIntoLines($0?.caption ?? "", width: cell, Self.style) }
    }
    let captionLines = captions.map { $0.map(\.count).max() ?? 0 }
    let heading = try columnTitles.map {
      try brokenIntoLines($0, width: cell, PlotFrame.tickStyle)
    }
    let headingHeight = Double(heading.map(\.count).max() ?? 0) * 13
    let padding = PlotFrame.padding
    let titleWidth = try GlyphOutline.width(title, PlotFrame.titleStyle)
    let bar = try colorBar()
    let pictures = Double(count) * cell + Double(count - 1) * Self.gap
    let width = 2 * padding + max(pictures + (bar.map { $0.totalWidth + 14 } ?? 0), titleWidth)
    var y = padding + (title.isEmpty ? 0 : 22)
    let headingTop = y
    y += headingHeight > 0 ? headingHeight + 4 : 0
    let tops = captionLines.map { lines in
      defer { y += cell + Double(lines) * Self.lineHeight + (lines > 0 ? 4 : 0) + Self.gap }
      return y
    }
    var canvas = Canvas(
      width: Int(width.rounded(.up)), height: Int((y - Self.gap + padding).rounded(.up)))
    try canvas.text(title, at: Point(padding, padding + 11), PlotFrame.titleStyle)
    for (j, lines) in heading.enumerated() {
      try drawLines(lines, PlotFrame.tickStyle, 13, column: j, top: headingTop, on: &canvas)
    }
    for (i, row) in rows.enumerated() {
      for (j, cell) in row.enumerated() {
        guard let cell else { continue }
        canvas.image(picture(cell, bar), in: place(cell.image, column: j, top: tops[i]))
        try drawLines(
          captions[i][j], Self.style, Self.lineHeight, column: j,
          top: tops[i] + Double(side) + 2, on: &canvas)
      }
    }
    if let bar, let first = tops.first, let last = tops.last {
      try bar.draw(
        on: &canvas, at: Point(padding + pictures + 14, first),
        height: min(last + cell - first, Self.barHeight))
    }
    return canvas
  }

  /// The scale of all values over pictures; nil when there are none.
  private func colorBar() throws -> ColorBar? {
    let values = rows.joined().compactMap { $0?.heat }.flatMap { $0.values.joined() }
    guard let low = values.min(), let high = values.max() else { return nil }
    guard values.allSatisfy(\.isFinite) else {
      throw Failure(.badInput, "image grid \"\(title)\": expected finite values over pictures")
    }
    let own = low < high ? Interval(low, high) : Interval(low - 0.5, high + 0.5)
    return try ColorBar(title: heatTitle, colors: .warmth, range: heatRange ?? own)
  }

  /// The pixels to show, half as fine as the page or finer where values are laid over them: the
  /// values change slowly, and a quarter of the pixels keeps the files small.
  private func picture(_ cell: Cell, _ bar: ColorBar?) -> RasterImage {
    guard let heat = cell.heat, let bar else { return cell.image }
    let longer = max(cell.image.width, cell.image.height)
    return cell.image.overlaid(
      with: heat, colors: bar.colors, range: bar.range,
      factor: max(1, (side / 2 + longer - 1) / longer))
  }

  private func left(_ column: Int) -> Double {
    PlotFrame.padding + Double(column) * (Double(side) + Self.gap)
  }

  /// Where a picture goes: as large as fits, centred, its proportions kept.
  private func place(_ image: RasterImage, column: Int, top: Double) -> Rectangle {
    let scale = Double(side) / Double(max(image.width, image.height))
    let (w, h) = (Double(image.width) * scale, Double(image.height) * scale)
    return Rectangle(
      left(column) + (Double(side) - w) / 2, top + (Double(side) - h) / 2, w, h)
  }

  private func drawLines(
    _ lines: [String], _ style: TextStyle, _ lineHeight: Double, column: Int, top: Double,
    on canvas: inout Canvas
  ) throws {
    for (k, line) in lines.enumerated() {
      try canvas.text(
        line, at: Point(left(column) + Double(side) / 2, top + Double(k + 1) * lineHeight - 2),
        style, anchor: .middle)
    }
  }
}
