import Determinism

/// Which source samples make each target sample along one axis, and with what weights.
///
/// Pillow's bilinear filter with anti-aliasing: a triangle as wide as the scale, cut off at the border and normalised,
/// its weights rounded to 22 binary digits. (Pillow, `Resample.c`: `precompute_coeffs`, `normalize_coeffs_8bpc`.)
struct ResamplingWindows {
  static let fraction = 22
  /// Weights kept for each target sample; those past its count are 0.
  let span: Int
  let starts: [Int]
  let counts: [Int]
  /// `[target, span]`
  let weights: [Int32]

  init(from source: Int, to target: Int) {
    let scale = Double(source) / Double(target)
    let support = max(scale, 1)  // of the triangle, whose own support is 1
    span = Int(support.rounded(.up)) * 2 + 1
    var starts = [Int]()
    var counts = [Int]()
    var weights = [Int32](repeating: 0, count: target * span)
    for i in 0..<target {
      let centre = (Double(i) + 0.5) * scale
      let start = max(Int(centre - support + 0.5), 0)
      let count = min(Int(centre + support + 0.5), source) - start
      let triangle = (0..<count).map { offset in
        max(0, 1 - abs((Double(offset + start) - centre + 0.5) * (1 / support)))
      }
      let sum = triangle.reduce(0, +)
      for (offset, weight) in triangle.enumerated() {
        let share = sum == 0 ? weight : weight / sum
        weights[i * span + offset] = Int32(0.5 + share * Double(1 << Self.fraction))
      }
      starts.append(start)
      counts.append(count)
    }
    self.starts = starts
    self.counts = counts
    self.weights = weights
  }

  /// Gives the tables to a loop: starts, counts, weights.
  func withTables(
    _ body: (UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int32>) -> Void
  ) {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { body(starts, counts, $0) }
      }
    }
  }
}

extension RasterImage {
  /// The image at another size, its proportions not kept: bilinear with anti-aliasing, equal to Pillow's
  /// `resize(…, BILINEAR)` in every byte. Across first, then down, each rounded to 8 bits.
  ///
  /// This is the order of Pillow 3 to 12. Pillow 13 goes down first where it judges that to be faster, which moves some
  /// values by one; the authors' code is older.
  public func resized(width: Int, height: Int) -> RasterImage {
    require(width > 0 && height > 0, "resized: expected a size, found \(width) × \(height)")
    let narrowed = width == self.width ? self : resampledAcross(to: width)
    return height == self.height ? narrowed : narrowed.resampledDown(to: height)
  }

  /// The image scaled so that its shorter side is `side`; the longer one is cut down to a whole number
  /// (torchvision's `Resize(side)`).
  public func resized(shorterSide side: Int) -> RasterImage {
    let longer = side * max(width, height) / min(width, height)
    return width <= height
      ? resized(width: side, height: longer) : resized(width: longer, height: side)
  }

  private func resampledAcross(to target: Int) -> RasterImage {
    let windows = ResamplingWindows(from: width, to: target)
    let half = Int32(1) << Int32(ResamplingWindows.fraction - 1)
    let shift = Int32(ResamplingWindows.fraction)
    return RasterImage(width: target, height: height) { output in
      pixels.withUnsafeBufferPointer { input in
        windows.withTables { starts, counts, weights in
          var result = output.baseAddress!
          for y in 0..<height {
            let row = input.baseAddress! + y * width * 3
            for x in 0..<target {
              var (red, green, blue) = (half, half, half)
              var source = row + starts[x] * 3
              var weight = weights.baseAddress! + x * windows.span
              for _ in 0..<counts[x] {
                red &+= Int32(source[0]) &* weight.pointee
                green &+= Int32(source[1]) &* weight.pointee
                blue &+= Int32(source[2]) &* weight.pointee
                source += 3
                weight += 1
              }
              result[0] = UInt8(clamping: red >> shift)
              result[1] = UInt8(clamping: green >> shift)
              result[2] = UInt8(clamping: blue >> shift)
              result += 3
            }
          }
        }
      }
    }
  }

  private func resampledDown(to target: Int) -> RasterImage {
    let windows = ResamplingWindows(from: height, to: target)
    let row = width * 3
    var sums = [Int32](repeating: 0, count: row)
    return RasterImage(width: width, height: target) { output in
      pixels.withUnsafeBufferPointer { input in
        sums.withUnsafeMutableBufferPointer { sums in
          for y in 0..<target {
            sums.update(repeating: 1 << Int32(ResamplingWindows.fraction - 1))
            for k in 0..<windows.counts[y] {
              let weight = windows.weights[y * windows.span + k]
              let source = input.baseAddress! + (windows.starts[y] + k) * row
              for i in 0..<row { sums[i] &+= Int32(source[i]) &* weight }
            }
            let result = output.baseAddress! + y * row
            for i in 0..<row {
              result[i] = UInt8(clamping: sums[i] >> Int32(ResamplingWindows.fraction))
            }
          }
        }
      }
    }
  }
}
