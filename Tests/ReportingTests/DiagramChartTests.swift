import Determinism
import Reporting
import Testing

@Suite struct DiagramChartTests {
  private func diagram(_ title: String, tip: Point = Point(150, 80)) -> DiagramChart {
    DiagramChart(
      "d",
      boxes: DiagramChart.Kind.allCases.enumerated().map { i, kind in
        .init(kind, Rectangle(10 + 100 * Double(i), 60, 90, 40), title, ["[2, 3]"])
      },
      arrows: [.init([Point(100, 80), tip], label: "l", at: Point(100, 60))],
      frames: [.init(Rectangle(5, 50, 400, 60), "f")], width: 420, height: 120)
  }

  @Test func `every kind of box is drawn`() throws {
    let svg = try diagram("box").drawn().svg(alternative: "four boxes")
    #expect(svg.hasSuffix("</svg>\n"))
  }

  @Test func `drawing twice gives the same bytes`() throws {
    let drawn = try (0..<2).map { _ in try diagram("box").drawn().svg(alternative: "a") }
    #expect(drawn[0] == drawn[1])
  }

  @Test func `text that does not fit its box is an error`() {
    #expect(throws: Failure.self) { try diagram("a title far too long for its box").drawn() }
  }

  @Test func `an arrow without a direction is an error`() {
    #expect(throws: Failure.self) { try diagram("box", tip: Point(100, 80)).drawn() }
  }
}
