/// Names of the series with a sample of each, flowing over as many lines as needed.
struct Legend {
  enum Sample {
    case box(Color)
    case marker(Marker, Color)
    case line(Color, [Double], Marker?)
  }

  struct Entry {
    let title: String
    let sample: Sample
  }

  static let style = TextStyle(size: 11)
  private static let lineHeight = 17.0
  private static let sampleWidth = 26.0
  private static let gap = 16.0
  private let rows: [[(entry: Entry, x: Double)]]

  init(_ entries: [Entry], width: Double) throws {
    var rows: [[(entry: Entry, x: Double)]] = []
    var x = 0.0
    for entry in entries {
      let own = Self.sampleWidth + (try GlyphOutline.width(entry.title, Self.style))
      if rows.isEmpty || x + own > width {
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((entry, x))
      x += own + Self.gap
    }
    self.rows = rows
  }

  /// How much room it needs.
  var height: Double { rows.isEmpty ? 0 : Double(rows.count) * Self.lineHeight + 6 }

  func draw(on canvas: inout Canvas, at corner: Point) throws {
    for (i, row) in rows.enumerated() {
      let y = corner.y + Double(i) * Self.lineHeight + 8
      for (entry, x) in row {
        drawSample(entry.sample, at: Point(corner.x + x, y), on: &canvas)
        try canvas.text(
          entry.title, at: Point(corner.x + x + Self.sampleWidth, y + 4), Self.style)
      }
    }
  }

  private func drawSample(_ sample: Sample, at point: Point, on canvas: inout Canvas) {
    let (x, y) = (point.x, point.y)
    switch sample {
    case .box(let color): canvas.fill(Path(Rectangle(x + 6, y - 5.5, 14, 11)), color)
    case .marker(let marker, let color):
      canvas.fill(marker.path(Point(x + 13, y), radius: 4), color)
    case .line(let color, let dash, let marker):
      canvas.line(Point(x, y), Point(x + 21, y), color, width: 2, dash: dash)
      if let marker { canvas.fill(marker.path(Point(x + 10.5, y), radius: 3.6), color) }
    }
  }
}
