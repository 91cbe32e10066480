import Autograd
import Determinism
import Encoders
import NN

/// Sizes of a SETR-PUP head.
public struct ProgressiveUpsamplingConfiguration: Codable, Hashable, Sendable {
  /// Channels behind each convolution but the last, which gives the logit.
  public var widths: [Int]
  /// How many times finer the map gets behind each convolution.
  public var factors: [Int]

  /// As in the authors' code: 32 times finer in five steps.
  public init(widths: [Int] = [256, 256, 128, 128], factors: [Int] = [2, 2, 2, 2, 2]) {
    self.widths = widths
    self.factors = factors
  }
}

/// SETR-PUP (Zheng et al. 2021) as the authors' code has it: 3 × 3 convolutions of the last map with GELU between them,
/// each followed by bilinear up-sampling.
public struct ProgressiveUpsampling: SegmentationHead {
  private let convolutions: [Conv2d]
  private let factors: [Int]

  public init(
    _ configuration: ProgressiveUpsamplingConfiguration, _ maps: [MapShape], _ scope: Scope
  ) {
    let c = configuration
    require(
      c.factors.count == c.widths.count + 1 && !maps.isEmpty,
      "SETR-PUP: \(c.widths.count) widths and \(c.factors.count) factors")
    factors = c.factors
    let widths = [maps[maps.count - 1].channels] + c.widths + [1]
    convolutions = c.factors.indices.map {
      Conv2d(widths[$0], widths[$0 + 1], size: 3, scope / "convs" / $0)
    }
  }

  public func callAsFunction(_ maps: [Tensor], _ mode: Mode) -> Tensor {
    var x = maps[maps.count - 1]
    for (i, convolution) in convolutions.enumerated() {
      x = convolution(x)
      if i < convolutions.count - 1 { x = gelu(x) }
      x = x.resized(x.shape[1] * factors[i], x.shape[2] * factors[i])
    }
    return x
  }
}
