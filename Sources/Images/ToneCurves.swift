import Determinism

/// Pillow's `ImageOps` that replace values by a table, one for each channel.
extension RasterImage {
  /// The uppermost `bits` of each value kept, the others 0.
  func posterized(bits: Int) -> RasterImage {
    require((0...8).contains(bits), "posterized: expected 0 to 8 bits, found \(bits)")
    let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
    return mapped(through: (0..<768).map { UInt8($0 & 255) & mask })
  }

  /// Values from `threshold` on turned round.
  func solarized(from threshold: Double) -> RasterImage {
    mapped(
      through: (0..<768).map {
        Double($0 & 255) < threshold ? UInt8($0 & 255) : 255 - UInt8($0 & 255)
      })
  }

  /// Each channel stretched from its darkest and brightest value to 0 and 255.
  func autoContrasted() -> RasterImage {
    mapped(
      through: histograms().flatMap { histogram -> [UInt8] in
        guard let darkest = histogram.firstIndex(where: { $0 > 0 }),
          let brightest = histogram.lastIndex(where: { $0 > 0 }), brightest > darkest
        else { return Self.unchanged }
        let scale = 255 / Double(brightest - darkest)
        let offset = -Double(darkest) * scale
        return (0..<256).map { UInt8(max(0, min(255, Double($0) * scale + offset))) }
      })
  }

  /// Each channel's values spread so that they become about equally frequent.
  func equalized() -> RasterImage {
    mapped(
      through: histograms().flatMap { histogram -> [UInt8] in
        let present = histogram.filter { $0 > 0 }
        let step = (present.reduce(0, +) - (present.last ?? 0)) / 255
        guard present.count > 1, step > 0 else { return Self.unchanged }
        var below = step / 2
        return histogram.map { count in
          defer { below += count }
          return UInt8(min(below / step, 255))
        }
      })
  }

  private static let unchanged = [UInt8](0...255)

  /// How often each value occurs: `[3][256]`.
  private func histograms() -> [[Int]] {
    (0..<3).map { channel in
      var counts = [Int](repeating: 0, count: 256)
      for i in stride(from: channel, to: pixels.count, by: 3) { counts[Int(pixels[i])] += 1 }
      return counts
    }
  }
}
