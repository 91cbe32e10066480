import Determinism
import Foundation

/// Where each target pixel's colour comes from: source x = x.0 · (column + ½) + x.1 · (row + ½) + x.2, y likewise.
///
/// Steps are rounded to 1/65536 and added up, as Pillow does (`Geometry.c`, `affine_fixed`). Differs: Pillow uses
/// floating point for images more than 32767 pixels long.
struct NearestMap {
  let x: (Double, Double, Double)
  let y: (Double, Double, Double)

  /// Counterclockwise about the middle (`PIL.Image.rotate`). Cosine and sine are used to 15 digits, the steps to five:
  /// the last place of the platform's functions does not reach the result.
  static func rotation(degrees: Double, of image: RasterImage) -> NearestMap {
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let turned = degrees.truncatingRemainder(dividingBy: 360)
    let angle = -(turned < 0 ? turned + 360 : turned) * (Double.pi / 180)
    let (cosine, sine) = (rounded(cos(angle)), rounded(sin(angle)))
    let (middleX, middleY) = (Double(image.width) / 2, Double(image.height) / 2)
    return NearestMap(
      x: (cosine, sine, cosine * -middleX + sine * -middleY + middleX),
      y: (-sine, cosine, -sine * -middleX + cosine * -middleY + middleY))
  }
}

extension RasterImage {
  /// Every pixel fetched from where `map` says; black outside.
  func moved(by map: NearestMap) -> RasterImage {
    func fixed(_ value: Double) -> Int { Int((value * 65536 + 0.5).rounded(.down)) }
    let (right, down) = ((fixed(map.x.0), fixed(map.y.0)), (fixed(map.x.1), fixed(map.y.1)))
    var rowX = fixed(map.x.2 + map.x.0 * 0.5 + map.x.1 * 0.5)
    var rowY = fixed(map.y.2 + map.y.0 * 0.5 + map.y.1 * 0.5)
    return RasterImage(width: width, height: height) { output in
      output.initialize(repeating: 0)
      pixels.withUnsafeBufferPointer { input in
        var position = 0
        for _ in 0..<height {
          var (x, y) = (rowX, rowY)
          for _ in 0..<width {
            let (column, row) = (x >> 16, y >> 16)
            if column >= 0 && column < width && row >= 0 && row < height {
              let source = (row * width + column) * 3
              output[position] = input[source]
              output[position + 1] = input[source + 1]
              output[position + 2] = input[source + 2]
            }
            position += 3
            x += right.0
            y += right.1
          }
          rowX += down.0
          rowY += down.1
        }
      }
    }
  }
}
