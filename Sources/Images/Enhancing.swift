import Determinism

/// Pillow's `ImageEnhance`: an image is moved away from, or towards, a version of it that lacks something.
extension RasterImage {
  /// `degenerate + factor · (self − degenerate)` in single precision, cut down to bytes (`PIL.Image.blend`).
  func extrapolated(from degenerate: RasterImage, by factor: Double) -> RasterImage {
    let factor = Float(factor)
    if factor == 0 { return degenerate }
    if factor == 1 { return self }
    return RasterImage(width: width, height: height) { output in
      degenerate.pixels.withUnsafeBufferPointer { from in
        pixels.withUnsafeBufferPointer { to in
          for i in 0..<output.count {
            let value = Float(from[i]) + factor * Float(Int32(to[i]) - Int32(from[i]))
            output[i] = UInt8(max(0, min(255, value)))
          }
        }
      }
    }
  }

  /// Without light.
  func darkened() -> RasterImage { RasterImage(width: width, height: height, colour: (0, 0, 0)) }

  /// Without colour.
  func greyed() -> RasterImage {
    RasterImage(width: width, height: height) { output in
      forEachLuminance { i, grey in
        output[i] = grey
        output[i + 1] = grey
        output[i + 2] = grey
      }
    }
  }

  /// Without contrast: the mean luminance everywhere.
  func levelled() -> RasterImage {
    var sum = 0
    forEachLuminance { _, grey in sum += Int(grey) }
    let mean = UInt8(Double(sum) / Double(width * height) + 0.5)
    return RasterImage(width: width, height: height, colour: (mean, mean, mean))
  }

  /// Without detail: each pixel counts 5/13, its eight neighbours 1/13; the outermost pixels stay
  /// (Pillow's filter `SMOOTH`, in single precision and its order).
  func smoothed() -> RasterImage {
    guard width >= 3 && height >= 3 else { return self }
    let (side, middle) = (Float(1) / 13, Float(5) / 13)
    let row = width * 3
    return RasterImage(width: width, height: height) { output in
      pixels.withUnsafeBufferPointer { input in
        _ = output.update(from: input)
        func weighted(_ i: Int, _ centre: Float) -> Float {
          Float(input[i - 3]) * side + Float(input[i]) * centre + Float(input[i + 3]) * side
        }
        for y in 1..<height - 1 {
          for i in y * row + 3..<y * row + row - 3 {
            var sum: Float = 0.5
            sum += weighted(i + row, side)
            sum += weighted(i, middle)
            sum += weighted(i - row, side)
            output[i] = UInt8(max(0, min(255, sum)))
          }
        }
      }
    }
  }

  /// ITU-R 601 luminance as Pillow rounds it, with the position of the pixel's first byte.
  private func forEachLuminance(_ body: (Int, UInt8) -> Void) {
    pixels.withUnsafeBufferPointer { input in
      for i in stride(from: 0, to: input.count, by: 3) {
        let (red, green, blue) = (Int(input[i]), Int(input[i + 1]), Int(input[i + 2]))
        body(i, UInt8(truncatingIfNeeded: (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16))
      }
    }
  }
}
