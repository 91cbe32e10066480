import Determinism
import Foundation
import Images
import Reporting
import Testing

@Suite struct ChartTests {
  static let image = RasterImage(width: 2, height: 2, pixels: [UInt8](repeating: 100, count: 12))

  static let charts: [any Chart] = [
    TinyReport.chart,
    LineChart(
      x: Axis("x", scale: .logarithmic, positions: [1, 10]), y: Axis("y"),
      series: [LineChart.Series("s", [(1, Estimate([1, 2])), (10, Estimate([2, 3]))])]),
    ScatterChart(
      x: Axis("x"), y: Axis("y"), classes: [ScatterChart.Class("c", [Point(0, 0), Point(1, 2)])]),
    HeatMap(valueTitle: "v", rows: ["r"], columns: ["c", "d"], values: [[1, nil]], cellDigits: 1),
    ImageGrid("t", [ImageGrid.Cell(image, "a caption")], columns: 3),
    ImageGrid("", [ImageGrid.Cell(image, heat: HeatLayer([[0, 1]]))], columns: 1, heatTitle: "h"),
    SurfaceChartTests.chart([[0, 0.5, 1], [0.2, 0.3, 0.1]]),
    SurfaceChartTests.chart([[0, 0.5, 1], [0.2, 0.3, 0.1]], style: .ridges),
    WordCloud("t", words: WordCloudTests.words),
  ]

  @Test(arguments: charts.indices)
  func `drawing twice gives the same bytes`(index: Int) throws {
    func figure() throws -> Figure {
      try Figure(Self.charts[index], name: "n", caption: "c", alternative: "a < b")
    }
    #expect(try figure() == figure())
  }

  @Test(arguments: charts.indices)
  func `an SVG has no text and says what it shows`(index: Int) throws {
    let svg = try Self.charts[index].drawn().svg(alternative: "a < b")
    #expect(!svg.contains("<text"))
    #expect(svg.contains("<title>a &lt; b</title>"))
    #expect(svg.hasSuffix("</svg>\n"))
  }

  @Test func `a PNG has twice the nominal size`() throws {
    let png = try TinyReport.chart.drawn().png(scale: 2)
    func number(_ offset: Int) -> Int { png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(Array(png[1...3]) == Array("PNG".utf8))
    #expect(number(16) == 480 && number(20) == 320)
  }

  @Test func `what is not finite is refused`() {
    let bad: [any Chart] = [
      BarChart(
        axis: Axis("y"), groups: ["g"], series: [BarChart.Series("", [Estimate(.infinity)])]),
      LineChart(x: Axis("x"), y: Axis("y"), series: [LineChart.Series("", [(0, Estimate(.nan))])]),
      LineChart(
        x: Axis("x", scale: .logarithmic), y: Axis("y"),
        series: [LineChart.Series("", [(0, Estimate(1))])]),
      ScatterChart(
        x: Axis("x"), y: Axis("y"), classes: [ScatterChart.Class("", [Point(.nan, 0)])]),
      HeatMap(valueTitle: "v", rows: ["r"], columns: ["c"], values: [[.nan]]),
      HeatMap(valueTitle: "v", rows: ["r"], columns: ["c"], values: [[nil]]),
    ]
    for chart in bad { #expect(throws: Failure.self) { try chart.drawn() } }
  }

  @Test func `no room is an error, not an overlap`() {
    let chart = BarChart(
      axis: Axis("y"), groups: ["g"], series: [BarChart.Series("", [Estimate(1)])], width: 40,
      height: 40)
    #expect(throws: Failure.self) { try chart.drawn() }
  }

  @Test func `the font is the one the charts were designed with`() throws { try FontCheck.run() }

  @Test func `one value has no interval`() {
    #expect(Estimate([1]).interval == nil)
    #expect(Estimate([1, 2]).interval != nil)
  }

  @Test func `seven colours are distinct and the next seven too`() {
    let colors = (0..<14).map { Palette.color($0) }
    #expect(Set(colors).count == 14)
  }
}
