import Determinism

/// A few operations drawn at random, all of one strength (Cubuk et al. 2020; torchvision's `RandAugment`).
public struct RandAugment: Equatable, Sendable {
  /// How many operations are applied one after the other; the same one may come twice.
  public let count: Int
  /// The bin of every operation's magnitude.
  public let magnitude: Int
  /// How many bins there are.
  public let bins: Int

  public init(count: Int = 2, magnitude: Int, bins: Int = 31) {
    require(
      count >= 0 && bins > 1 && (0..<bins).contains(magnitude),
      "RandAugment: expected a magnitude below \(bins), found \(magnitude)")
    self.count = count
    self.magnitude = magnitude
    self.bins = bins
  }

  /// An augmented image of the same size.
  public func callAsFunction(_ image: RasterImage, _ random: inout RandomStream) -> RasterImage {
    (0..<count).reduce(image) { image, _ in
      let operation = random.pick(AugmentationOperation.allCases)
      let strength = operation.magnitude(
        bin: magnitude, of: bins, width: image.width, height: image.height)
      let isNegated = operation.isSigned && random.chance(0.5)
      return operation(image, magnitude: isNegated ? -strength : strength)
    }
  }
}
