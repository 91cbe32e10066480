import Determinism

/// Something that can be drawn. The layout is plain Swift; only text outlines come from Cairo.
public protocol Chart: Sendable {
  /// The finished drawing.
  /// - Throws: `Failure` for values that are not finite, or when Cairo fails.
  func drawn() throws -> Canvas
}

/// A value with what is known about its spread.
public struct Estimate: Hashable, Sendable {
  /// The mean over the seeds.
  public let value: Double
  /// The 95 % t interval of the mean; nil for a single seed.
  public let interval: Interval?
  /// The value of each seed, shown as points.
  public let seeds: [Double]

  /// The mean of these values with its 95 % t interval.
  public init(_ seeds: [Double]) {
    value = mean(seeds)
    interval = meanInterval(seeds)
    self.seeds = seeds
  }

  /// A value whose interval was found in another way, or has none.
  public init(_ value: Double, interval: Interval? = nil) {
    self.value = value
    self.interval = interval
    seeds = []
  }

  /// Every number that must fit on the axis.
  var extent: [Double] { [value] + seeds + (interval.map { [$0.lower, $0.upper] } ?? []) }

  func checked(_ what: String) throws -> Estimate {
    guard extent.allSatisfy(\.isFinite) else {
      throw Failure(.badInput, "chart, \(what): expected finite numbers, found \(value)")
    }
    return self
  }
}

extension Figure {
  /// Draws a chart once for each form in which it is needed.
  public init(_ chart: some Chart, name: String, caption: String, alternative: String) throws {
    let drawing = try chart.drawn()
    self.init(
      name: name, caption: caption, alternative: alternative, drawing: drawing,
      svg: try drawing.svg(alternative: alternative), png: try drawing.png(scale: 2))
  }
}

/// Several charts in one picture, side by side and then below each other.
public struct Panels: Chart {
  public let charts: [any Chart]
  public let columns: Int

  public init(_ charts: [any Chart], columns: Int = 2) {
    require(!charts.isEmpty && columns > 0, "Panels: expected at least one chart and one column")
    self.charts = charts
    self.columns = columns
  }

  public func drawn() throws -> Canvas {
    let parts = try charts.map { try $0.drawn() }
    let rows = stride(from: 0, to: parts.count, by: columns).map {
      Array(parts[$0..<min($0 + columns, parts.count)])
    }
    let width = rows.map { $0.reduce(0) { $0 + $1.width } }.max() ?? 1
    let heights = rows.map { $0.map(\.height).max() ?? 1 }
    var canvas = Canvas(width: width, height: heights.reduce(0, +))
    var y = 0
    for (row, height) in zip(rows, heights) {
      var x = 0
      for part in row {
        canvas.place(part, at: Point(Double(x), Double(y)))
        x += part.width
      }
      y += height
    }
    return canvas
  }
}
