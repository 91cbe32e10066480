import Determinism
import Images
import Reporting
import Testing

@Suite struct HeatLayerTests {
  let layer = HeatLayer([[0, 1], [2, 5]])

  @Test func `a value belongs to the middle of its cell`() {
    #expect(layer.value(x: 0.25, y: 0.25) == 0 && layer.value(x: 0.75, y: 0.25) == 1)
    #expect(layer.value(x: 0.25, y: 0.75) == 2 && layer.value(x: 0.75, y: 0.75) == 5)
  }

  @Test func `between cells it is bilinear and beyond them constant`() {
    #expect(layer.value(x: 0.5, y: 0.5) == 2)
    #expect(layer.value(x: 0.5, y: 0.25) == 0.5)
    #expect(layer.value(x: 0, y: 0) == 0 && layer.value(x: 1, y: 1) == 5)
    #expect(HeatLayer([[3]]).value(x: 0.1, y: 0.9) == 3)
  }

  @Test func `colours lie over the picture by their opacity`() {
    let image = RasterImage(width: 1, height: 1, pixels: [201, 100, 0])
    let colors = ColorMap([Color(1, 0, 0, opacity: 0), Color(1, 0, 0, opacity: 0.5)])
    let cold = image.overlaid(
      with: HeatLayer([[0]]), colors: colors, range: Interval(0, 1), factor: 2)
    #expect(cold.width == 2 && cold.height == 2)
    #expect(Array(cold.pixels.prefix(3)) == [201, 100, 0])
    let warm = image.overlaid(
      with: HeatLayer([[1]]), colors: colors, range: Interval(0, 1), factor: 1)
    // Halfway from (201, 100, 0) to (255, 0, 0).
    #expect(warm.pixels == [228, 50, 0])
  }

  @Test func `a picture with values is drawn half as fine as the page, with one scale`() throws {
    let image = RasterImage(width: 2, height: 1, pixels: [UInt8](repeating: 100, count: 6))
    let plain = try ImageGrid("", [ImageGrid.Cell(image)], columns: 2).drawn()
    let heated = try ImageGrid(
      "", [ImageGrid.Cell(image, heat: layer), ImageGrid.Cell(image)], columns: 2, heatTitle: "h"
    ).drawn()
    func sizes(_ canvas: Canvas) -> [Int] {
      canvas.marks.compactMap { mark in
        guard case .image(let picture, _) = mark else { return nil }
        return picture.width
      }
    }
    #expect(sizes(plain) == [2] && sizes(heated) == [48, 2])
  }

  @Test func `values over pictures must be finite`() {
    let image = RasterImage(width: 1, height: 1, pixels: [1, 2, 3])
    let grid = ImageGrid("", [ImageGrid.Cell(image, heat: HeatLayer([[0, .nan]]))], columns: 1)
    #expect(throws: Failure.self) { try grid.drawn() }
  }
}
