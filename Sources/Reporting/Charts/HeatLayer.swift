import Determinism
import Images

/// Values over a picture, as coarse as a model's patches: attention, for instance.
public struct HeatLayer: Hashable, Sendable {
  /// One list a row, from the top; all rows are equally long.
  public let values: [[Double]]

  public init(_ values: [[Double]]) {
    require(
      !values.isEmpty && !values[0].isEmpty && values.allSatisfy { $0.count == values[0].count },
      "HeatLayer: expected rows of equal length with at least one value")
    self.values = values
  }

  /// The value at a place in the picture, both coordinates 0 … 1 from the upper left corner.
  ///
  /// Values belong to the middles of their cells; between them it is bilinear, beyond them constant.
  public func value(x: Double, y: Double) -> Double {
    func cell(_ fraction: Double, _ count: Int) -> (index: Int, next: Int, rest: Double) {
      let position = min(Double(count - 1), max(0, fraction * Double(count) - 0.5))
      let index = Int(position)
      return (index, min(count - 1, index + 1), position - Double(index))
    }
    let column = cell(x, values[0].count)
    let row = cell(y, values.count)
    func between(_ line: [Double]) -> Double {
      line[column.index] + (line[column.next] - line[column.index]) * column.rest
    }
    let top = between(values[row.index])
    return top + (between(values[row.next]) - top) * row.rest
  }
}

extension RasterImage {
  /// The picture, each pixel enlarged to `factor` × `factor`, under the layer's colours.
  /// - Parameters:
  ///   - range: the values at the ends of `colors`.
  public func overlaid(
    with layer: HeatLayer, colors: ColorMap = .warmth, range: Interval, factor: Int
  ) -> RasterImage {
    require(factor > 0, "overlaid: expected a positive factor, found \(factor)")
    require(range.lower < range.upper, "overlaid: expected a range that is not empty")
    let (w, h) = (width * factor, height * factor)
    var result = [UInt8]()
    result.reserveCapacity(3 * w * h)
    for y in 0..<h {
      for x in 0..<w {
        let value = layer.value(
          x: (Double(x) + 0.5) / Double(w), y: (Double(y) + 0.5) / Double(h))
        let color = colors.color((value - range.lower) / (range.upper - range.lower))
        let pixel = 3 * (y / factor * width + x / factor)
        for (channel, warm) in [color.red, color.green, color.blue].enumerated() {
          let ground = Double(pixels[pixel + channel]) / 255
          let mixed = ground + (warm - ground) * color.opacity
          result.append(UInt8((min(1, max(0, mixed)) * 255).rounded()))
        }
      }
    }
    return RasterImage(width: w, height: h, pixels: result)
  }
}
