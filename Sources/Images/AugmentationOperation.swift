import Determinism

/// RandAugment's fourteen operations, as torchvision 0.29 applies them to Pillow images, in torchvision's order.
///
/// Every operation keeps the size. Moved pixels are taken from the nearest one, outside is black.
public enum AugmentationOperation: String, CaseIterable, Sendable {
  case identity = "Identity"
  case shearX = "ShearX"
  case shearY = "ShearY"
  case translateX = "TranslateX"
  case translateY = "TranslateY"
  case rotate = "Rotate"
  case brightness = "Brightness"
  case color = "Color"
  case contrast = "Contrast"
  case sharpness = "Sharpness"
  case posterize = "Posterize"
  case solarize = "Solarize"
  case autoContrast = "AutoContrast"
  case equalize = "Equalize"

  /// Whether the magnitude's sign is drawn.
  public var isSigned: Bool {
    switch self {
    case .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color, .contrast,
      .sharpness:
      true
    case .identity, .posterize, .solarize, .autoContrast, .equalize: false
    }
  }

  /// The magnitude of a bin (0 is the weakest) for an image of this size; 0 for operations without one.
  ///
  /// Shear: slope. Translation: pixels. Rotation: degrees. Brightness, color, contrast, sharpness: factor minus 1.
  /// Posterize: bits kept. Solarize: the first value inverted.
  public func magnitude(bin: Int, of bins: Int, width: Int, height: Int) -> Double {
    require(
      bins > 1 && (0..<bins).contains(bin), "magnitude: expected a bin below \(bins), found \(bin)")
    func spaced(_ start: Double, _ end: Double) -> Double { Self.spaced(start, end, bin, of: bins) }
    switch self {
    case .identity, .autoContrast, .equalize: return 0
    case .shearX, .shearY: return spaced(0, 0.3)
    case .translateX: return spaced(0, 150.0 / 331 * Double(width))
    case .translateY: return spaced(0, 150.0 / 331 * Double(height))
    case .rotate: return spaced(0, 30)
    case .brightness, .color, .contrast, .sharpness: return spaced(0, 0.9)
    case .posterize:
      return 8 - Double((Float(bin) / Float(Double(bins - 1) / 4)).rounded(.toNearestOrEven))
    case .solarize: return spaced(255, 0)
    }
  }

  /// PyTorch's `linspace` in single precision: from the start in the first half, from the end in the second, product
  /// and sum rounded once (its builds for AVX2).
  private static func spaced(_ start: Double, _ end: Double, _ i: Int, of count: Int) -> Double {
    let (first, last) = (Float(start), Float(end))
    let step = (last - first) / Float(count - 1)
    return Double(
      i < count / 2
        ? first.addingProduct(step, Float(i)) : last.addingProduct(-step, Float(count - i - 1)))
  }

  /// The image after this operation. `magnitude` is what `magnitude(bin:…)` gives, negated for the other direction.
  public func callAsFunction(_ image: RasterImage, magnitude: Double) -> RasterImage {
    switch self {
    case .identity: image
    case .shearX: image.moved(by: NearestMap(x: (1, magnitude, 0), y: (0, 1, 0)))
    case .shearY: image.moved(by: NearestMap(x: (1, 0, 0), y: (magnitude, 1, 0)))
    // Python's int() cuts towards zero.
    case .translateX:
      image.moved(by: NearestMap(x: (1, 0, -magnitude.rounded(.towardZero)), y: (0, 1, 0)))
    case .translateY:
      image.moved(by: NearestMap(x: (1, 0, 0), y: (0, 1, -magnitude.rounded(.towardZero))))
    case .rotate: magnitude == 0 ? image : image.moved(by: .rotation(degrees: magnitude, of: image))
    case .brightness: image.extrapolated(fromGrey: 0, by: 1 + magnitude)
    case .color: image.extrapolated(from: image.greyed(), by: 1 + magnitude)
    case .contrast: image.extrapolated(fromGrey: image.meanLuminance(), by: 1 + magnitude)
    case .sharpness: image.extrapolated(from: image.smoothed(), by: 1 + magnitude)
    case .posterize: image.posterized(bits: Int(magnitude))
    case .solarize: image.solarized(from: magnitude)
    case .autoContrast: image.autoContrasted()
    case .equalize: image.equalized()
    }
  }
}
