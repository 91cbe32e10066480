import Autograd
import Determinism
import Encoders
import NN

/// Sizes of an UperNet head.
public struct UperNetConfiguration: Codable, Hashable, Sendable {
  /// Channels inside.
  public var width: Int
  /// Cells along the side of each grid over which the last map is averaged.
  public var poolScales: [Int]

  public init(width: Int = 512, poolScales: [Int] = [1, 2, 3, 6]) {
    self.width = width
    self.poolScales = poolScales
  }
}

/// Unified perceptual parsing (Xiao et al. 2018): a pyramid of averages of the last map, then from coarse to fine every
/// map added to the one before it, all brought to the size of the finest, and a convolution over them together.
///
/// Parameters have the names of Hugging Face's `UperNetHead`.
public struct UperNet: SegmentationHead {
  private let pyramid: [ConvNormReLU]
  private let scales: [Int]
  private let bottleneck: ConvNormReLU
  private let lateral: [ConvNormReLU]
  private let smoothing: [ConvNormReLU]
  private let fusion: ConvNormReLU
  private let classifier: Conv2d

  public init(_ configuration: UperNetConfiguration, _ maps: [MapShape], _ scope: Scope) {
    require(maps.count > 1, "UperNet: expected at least two maps, found \(maps.count)")
    let (c, last) = (configuration.width, maps[maps.count - 1].channels)
    scales = configuration.poolScales
    // The module in front, 0, pools and has no parameters.
    pyramid = scales.indices.map {
      ConvNormReLU(last, c, size: 1, scope / "psp_modules" / $0 / 1)
    }
    bottleneck = ConvNormReLU(last + scales.count * c, c, size: 3, scope / "bottleneck")
    let finer = maps.dropLast()
    lateral = finer.enumerated().map { i, map in
      ConvNormReLU(map.channels, c, size: 1, scope / "lateral_convs" / i)
    }
    smoothing = finer.indices.map { ConvNormReLU(c, c, size: 3, scope / "fpn_convs" / $0) }
    fusion = ConvNormReLU(maps.count * c, c, size: 3, scope / "fpn_bottleneck")
    classifier = Conv2d(c, 1, size: 1, scope / "classifier")
  }

  /// The logits are as fine as the first map.
  public func callAsFunction(_ maps: [Tensor], _ mode: Mode) -> Tensor {
    var levels = zip(lateral, maps).map { $0($1, mode) } + [pooled(maps[maps.count - 1], mode)]
    for i in stride(from: levels.count - 1, to: 0, by: -1) {
      let (_, h, w, _) = levels[i - 1].shape4
      levels[i - 1] = levels[i - 1] + levels[i].resized(h, w)
    }
    let (_, h, w, _) = levels[0].shape4
    var outputs = zip(smoothing, levels).map { $0($1, mode) }
    outputs.append(levels[levels.count - 1])
    let joined = concatenated(outputs.map { $0.resized(h, w) }, axis: 3)  // [B, h, w, maps·C]
    return classifier(fusion(joined, mode))
  }

  private func pooled(_ x: Tensor, _ mode: Mode) -> Tensor {
    let (_, h, w, _) = x.shape4
    let parts = zip(scales, pyramid).map { $1(x.pooled(cells: $0), mode).resized(h, w) }
    return bottleneck(concatenated([x] + parts, axis: 3), mode)
  }
}

/// Convolution without bias, batch norm, ReLU.
private struct ConvNormReLU {
  private let convolution: Conv2d
  private let norm: BatchNorm

  init(_ inputs: Int, _ outputs: Int, size: Int, _ scope: Scope) {
    convolution = Conv2d(inputs, outputs, size: size, bias: false, scope / "conv")
    norm = BatchNorm(outputs, scope / "batch_norm")
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { relu(norm(convolution(x), mode)) }
}
