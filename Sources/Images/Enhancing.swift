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
            output[i] = Self.blend(from[i], to[i], factor)
          }
        }
      }
    }
  }

  /// The same from one grey everywhere: 0 for brightness, the mean luminance for contrast.
  func extrapolated(fromGrey grey: UInt8, by factor: Double) -> RasterImage {
    let factor = Float(factor)
    let table = (0..<256).map {
      factor == 0 ? grey : factor == 1 ? UInt8($0) : Self.blend(grey, UInt8($0), factor)
    }
    return mapped(through: table + table + table)
  }

  private static func blend(_ from: UInt8, _ to: UInt8, _ factor: Float) -> UInt8 {
    let value = Float(from) + factor * Float(Int32(to) - Int32(from))
    return value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
  }

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

  /// The mean luminance, rounded.
  func meanLuminance() -> UInt8 {
    var sum = 0
    forEachLuminance { _, grey in sum += Int(grey) }
    return UInt8(Double(sum) / Double(width * height) + 0.5)
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
            output[i] = UInt8(sum)  // at most 255.5 and a rounding
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
        body(
          i, UInt8(truncatingIfNeeded: (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16))
      }
    }
  }
}
