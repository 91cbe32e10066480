/// Sizes of a Swin Transformer (Hugging Face `SwinConfig`).
public struct SwinConfiguration: Codable, Hashable, Sendable {
  public var imageSize: Int
  public var patchSize: Int
  /// Channels of the first stage; each later stage has twice as many.
  public var width: Int
  /// Blocks of each stage.
  public var depths: [Int]
  /// Heads of each stage.
  public var heads: [Int]
  /// Tokens along a window's side.
  public var window: Int
  /// Hidden channels of a block's MLP per channel.
  public var hiddenRatio: Double
  public var epsilon: Float
  /// How often the last block is skipped in training when the encoder is fine-tuned; the first never is, those between
  /// linearly in between (Huang et al. 2016).
  public var dropPath: Float

  enum CodingKeys: String, CodingKey {
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case width = "embed_dim"
    case depths
    case heads = "num_heads"
    case window = "window_size"
    case hiddenRatio = "mlp_ratio"
    case epsilon = "layer_norm_eps"
    case dropPath = "drop_path_rate"
  }

  public init(
    imageSize: Int, patchSize: Int, width: Int, depths: [Int], heads: [Int], window: Int,
    hiddenRatio: Double = 4, epsilon: Float = 1e-5, dropPath: Float = 0
  ) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.width = width
    self.depths = depths
    self.heads = heads
    self.window = window
    self.hiddenRatio = hiddenRatio
    self.epsilon = epsilon
    self.dropPath = dropPath
  }

  /// Swin-B at 224 pixels, window 7; drop path as the papers' fine-tuning has it.
  public static let base = SwinConfiguration(
    imageSize: 224, patchSize: 4, width: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32],
    window: 7, dropPath: 0.5)

  /// Swin-B at 384 pixels, window 12.
  public static let base384 = SwinConfiguration(
    imageSize: 384, patchSize: 4, width: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32],
    window: 12, dropPath: 0.2)

  var stages: [SwinStageShape] {
    depths.indices.map { s in
      SwinStageShape(
        width: width << s, side: (imageSize / patchSize) >> s, depth: depths[s], heads: heads[s],
        window: window)
    }
  }

  /// What about these sizes no Swin Transformer can have, or nil.
  public var contradiction: String? {
    if depths.isEmpty || depths.count != heads.count {
      return "depths \(depths) and num_heads \(heads) must be as long as one another"
    }
    if depths.count > 8 { return "depths \(depths): expected at most 8 stages" }
    if depths.contains(where: { $0 < 1 }) || heads.contains(where: { $0 < 1 }) {
      return "depths \(depths) and num_heads \(heads) must be positive"
    }
    if patchSize < 1 || imageSize < 1 || imageSize % patchSize != 0 {
      return "image_size \(imageSize) is not a multiple of patch_size \(patchSize)"
    }
    if window < 1 || width < 1 {
      return "window_size \(window) and embed_dim \(width) must be positive"
    }
    if hiddenRatio * Double(width) < 1 {
      return "mlp_ratio \(hiddenRatio) of embed_dim \(width) leaves no hidden channel"
    }
    for (i, stage) in stages.enumerated() {
      if stage.side << i != imageSize / patchSize || stage.side % window != 0 {
        return
          "stage \(i) has \(imageSize / patchSize)/\(1 << i) patches a side, which windows of \(window) do not tile"
      }
      if stage.width % stage.heads != 0 {
        return "stage \(i) has \(stage.width) channels in \(stage.heads) heads"
      }
    }
    return nil
  }
}

/// Sizes of one stage.
struct SwinStageShape: Hashable {
  let width: Int
  /// Patches along the side of the feature map.
  let side: Int
  let depth, heads, window: Int

  /// How far the windows of a block are shifted; 0 where one window is the whole map.
  func shift(block: Int) -> Int { block % 2 == 1 && side > window ? window / 2 : 0 }
}
