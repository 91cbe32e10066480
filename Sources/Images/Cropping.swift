import Determinism

/// A rectangle of whole pixels.
public struct PixelRegion: Equatable, Sendable {
  public let left: Int
  public let top: Int
  public let width: Int
  public let height: Int

  public init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }

  /// A place of this size inside an image, each equally likely (torchvision's `RandomCrop` without padding). The image
  /// must be at least as large.
  public static func random(
    width: Int, height: Int, in image: RasterImage, _ random: inout RandomStream
  ) -> PixelRegion {
    require(
      0 < width && width <= image.width && 0 < height && height <= image.height,
      "PixelRegion.random: expected at most \(image.width) × \(image.height), found \(width) × \(height)"
    )
    let top = random.integer(below: image.height - height + 1)
    let left = random.integer(below: image.width - width + 1)
    return PixelRegion(left: left, top: top, width: width, height: height)
  }

  /// A part of random area and proportion (torchvision's `RandomResizedCrop`): area a uniform share of the image's,
  /// width by height log-uniform. After ten draws that do not fit, the largest centred part of allowed proportions.
  public static func randomPart(
    of image: RasterImage, areas: ClosedRange<Double> = 0.08...1,
    proportions: ClosedRange<Double> = 3.0 / 4...4.0 / 3, _ random: inout RandomStream
  ) -> PixelRegion {
    let (width, height) = (Double(image.width), Double(image.height))
    let (flattest, widest) = (
      portableLog(proportions.lowerBound), portableLog(proportions.upperBound)
    )
    for _ in 0..<10 {
      let area = width * height * random.uniform(areas.lowerBound, areas.upperBound)
      let proportion = portableExp(random.uniform(flattest, widest))
      let w = Int((area * proportion).squareRoot().rounded(.toNearestOrEven))
      let h = Int((area / proportion).squareRoot().rounded(.toNearestOrEven))
      if 0 < w && w <= image.width && 0 < h && h <= image.height {
        return .random(width: w, height: h, in: image, &random)
      }
    }
    let found = width / height
    var (w, h) = (image.width, image.height)
    if found < proportions.lowerBound {
      h = Int((width / proportions.lowerBound).rounded(.toNearestOrEven))
    } else if found > proportions.upperBound {
      w = Int((height * proportions.upperBound).rounded(.toNearestOrEven))
    }
    return PixelRegion(
      left: (image.width - w) / 2, top: (image.height - h) / 2, width: w, height: h)
  }
}

extension RasterImage {
  /// The pixels of a region; black where it lies outside.
  public func cropped(to region: PixelRegion) -> RasterImage {
    let columns =
      max(region.left, 0)..<max(min(region.left + region.width, width), max(region.left, 0))
    return RasterImage(width: region.width, height: region.height) { output in
      output.initialize(repeating: 0)
      pixels.withUnsafeBufferPointer { input in
        for y in 0..<region.height {
          let row = region.top + y
          guard row >= 0 && row < height && !columns.isEmpty else { continue }
          let target =
            output.baseAddress! + (y * region.width + columns.lowerBound - region.left) * 3
          let source = input.baseAddress! + (row * width + columns.lowerBound) * 3
          target.update(from: source, count: columns.count * 3)
        }
      }
    }
  }

  /// The middle of the image, black added where it is smaller (torchvision's `CenterCrop`).
  public func centreCropped(width target: Int, height targetHeight: Int) -> RasterImage {
    cropped(
      to: PixelRegion(
        left: Self.centred(target, in: width), top: Self.centred(targetHeight, in: height),
        width: target, height: targetHeight))
  }

  /// Where a centred stretch begins. torchvision first pads a shorter side, the smaller half in front, then cuts at
  /// half the difference rounded to even.
  private static func centred(_ length: Int, in whole: Int) -> Int {
    if whole <= length { return -((length - whole) / 2) }
    return Int((Double(whole - length) / 2).rounded(.toNearestOrEven))
  }

  /// The image with left and right exchanged.
  public func mirrored() -> RasterImage {
    RasterImage(width: width, height: height) { output in
      pixels.withUnsafeBufferPointer { input in
        for y in 0..<height {
          for x in 0..<width {
            let (source, target) = ((y * width + x) * 3, (y * width + width - 1 - x) * 3)
            for channel in 0..<3 { output[target + channel] = input[source + channel] }
          }
        }
      }
    }
  }
}
