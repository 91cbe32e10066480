import Autograd
import Determinism
import NN

/// Sizes of a Vision Transformer (Hugging Face `ViTConfig`).
public struct ViTConfiguration: Codable, Hashable, Sendable {
  public var imageSize: Int
  public var patchSize: Int
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var hiddenWidth: Int
  public var epsilon: Float

  enum CodingKeys: String, CodingKey {
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case width = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case hiddenWidth = "intermediate_size"
    case epsilon = "layer_norm_eps"
  }

  public init(
    imageSize: Int, patchSize: Int, width: Int, layers: Int, heads: Int, hiddenWidth: Int,
    epsilon: Float = 1e-12
  ) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.width = width
    self.layers = layers
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.epsilon = epsilon
  }

  /// `google/vit-base-patch16-224-in21k`
  public static let base = ViTConfiguration(
    imageSize: 224, patchSize: 16, width: 768, layers: 12, heads: 12, hiddenWidth: 3072)

  /// `google/vit-large-patch16-224-in21k`
  public static let large = ViTConfiguration(
    imageSize: 224, patchSize: 16, width: 1024, layers: 24, heads: 16, hiddenWidth: 4096)

  var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
}

/// Vision Transformer (Dosovitskiy et al. 2021), pre-norm, with the parameter names of Hugging Face's `ViTModel`.
///
/// Prompts enter after [CLS] at every block as further keys and values; their outputs, which deep prompting drops,
/// are never computed.
public struct ViT: LayeredEncoder {
  public let configuration: ViTConfiguration
  let classToken: Parameter  // [1, 1, C]
  let positions: Parameter  // [1, 1 + patches, C]
  let patches: PatchEmbedding
  let blocks: [ViTBlock]
  let norm: LayerNorm
  let pooler: Linear?

  /// - Parameter pools: the feature is tanh of a linear map of [CLS] (`ViTModel`'s pooler) instead of [CLS] itself;
  ///   the pooler's weights exist only where it is used.
  public init(_ configuration: ViTConfiguration, pools: Bool = false, _ scope: Scope) {
    let c = configuration
    require(
      c.imageSize % c.patchSize == 0 && c.width % c.heads == 0,
      "ViT: image \(c.imageSize) in patches of \(c.patchSize), width \(c.width) in \(c.heads) heads"
    )
    self.configuration = c
    let embeddings = scope / "embeddings"
    classToken = embeddings.parameter("cls_token", [1, 1, c.width], .normal(0.02))
    positions = embeddings.parameter(
      "position_embeddings", [1, 1 + c.patches, c.width], .normal(0.02))
    patches = PatchEmbedding(
      patch: c.patchSize, c.width, embeddings / "patch_embeddings" / "projection")
    blocks = (0..<c.layers).map { ViTBlock(c, scope / "encoder" / "layer" / $0) }
    norm = LayerNorm(c.width, epsilon: c.epsilon, scope / "layernorm")
    pooler = pools ? Linear(c.width, c.width, scope / "pooler" / "dense") : nil
  }

  public var blockWidths: [Int] { blocks.map { _ in configuration.width } }
  public var featureWidth: Int { configuration.width }
  /// √(6 / (3·patch² + width)) (VPT; METHOD.md §7)
  public var promptBound: Float {
    (6 / Float(3 * configuration.patchSize * configuration.patchSize + configuration.width))
      .squareRoot()
  }

  public func input(_ batch: Batch, _ mode: Mode) -> TokenState {
    guard let images = batch.images else { fatalError("ViT: the batch has no images") }
    return TokenState(tokens: embed(images), bias: nil)
  }

  public func layer(
    _ index: Int, _ state: TokenState, prompts: Tensor?, onlyFirst: Bool, _ mode: Mode
  ) -> Tensor {
    blocks[index](state.tokens, prompts: prompts, onlyFirst: onlyFirst)
  }

  public func finished(_ tokens: Tensor) -> Tensor { norm(tokens) }

  public func pooled(_ states: Tensor) -> Tensor {
    let first = states.firstTokens
    return pooler.map { tanh($0(first)) } ?? first
  }

  /// All final states `[B, 1 + patches, C]`, or the first of each sample alone `[B, 1, C]`.
  /// - Parameter watching: sees the input of every block and, last, the state before the final norm.
  public func tokens(
    _ images: Tensor, prompts: PromptSource? = nil, onlyCLS: Bool = false,
    watching: ((Int, Tensor) -> Void)? = nil
  ) -> Tensor {
    let state = TokenState(tokens: embed(images), bias: nil)
    return finished(
      run(
        0..<blocks.count, state, prompts: prompts, onlyFirst: onlyCLS, watching: watching,
        .evaluation
      ).tokens)
  }

  private func embed(_ images: Tensor) -> Tensor {
    let (b, _, height, width) = images.shape4
    let c = configuration
    require(
      height == c.imageSize && width == c.imageSize,
      "ViT: expected images of \(c.imageSize)×\(c.imageSize), found \(height)×\(width)")
    let patches = patches(images)  // [B, patches, C]
    let classes = classToken.value.reshaped(1, c.width).repeated(b)  // [B, 1, C]
    return concatenated([classes, patches], axis: 1)
      + positions.value.reshaped(1 + c.patches, c.width)  // [B, 1 + patches, C]
  }
}

/// Cuts an image into square patches and maps each linearly; equal to a convolution with stride = kernel.
public struct PatchEmbedding {
  public let weight: Parameter  // [C, 3, patch, patch]
  public let bias: Parameter  // [C]
  let patch: Int

  public init(patch: Int, _ width: Int, _ scope: Scope) {
    self.patch = patch
    let bound = 1 / Float(3 * patch * patch).squareRoot()
    weight = scope.parameter("weight", [width, 3, patch, patch], .uniform(bound))
    bias = scope.parameter("bias", [width], .uniform(bound))
  }

  /// `[B, 3, height, width]` → `[B, patches, C]`, patches in rows from the top left.
  public func callAsFunction(_ images: Tensor) -> Tensor {
    let (b, channels, height, width) = images.shape4
    let (rows, columns) = (height / patch, width / patch)
    let cut = images.reshaped(b, channels, rows, patch, columns, patch)
      .transposed(0, 2, 4, 1, 3, 5)  // [B, rows, columns, 3, patch, patch]
      .reshaped(b, rows * columns, channels * patch * patch)
    return linear(cut, weight.value.reshaped(weight.shape[0], channels * patch * patch), bias.value)
  }
}

/// `x + attention(norm(x))`, then `x + MLP(norm(x))`.
struct ViTBlock {
  let heads: Int
  let width: Int
  let norm1, norm2: LayerNorm
  let qkv: Linear  // query, key, value stacked
  let projection: Linear
  let up, down: Linear

  init(_ c: ViTConfiguration, _ scope: Scope) {
    heads = c.heads
    width = c.width
    norm1 = LayerNorm(c.width, epsilon: c.epsilon, scope / "layernorm_before")
    norm2 = LayerNorm(c.width, epsilon: c.epsilon, scope / "layernorm_after")
    qkv = Linear(
      c.width, c.width, stacking: ["query", "key", "value"], scope / "attention" / "attention")
    projection = Linear(c.width, c.width, scope / "attention" / "output" / "dense")
    up = Linear(c.width, c.hiddenWidth, scope / "intermediate" / "dense")
    down = Linear(c.hiddenWidth, c.width, scope / "output" / "dense")
  }

  /// - Parameter onlyFirst: compute the first token alone, where the others are not needed.
  func callAsFunction(_ x: Tensor, prompts: Tensor?, onlyFirst: Bool) -> Tensor {
    let attended: Tensor  // [B, N or 1, C]
    let promptKeysValues = prompts.map { qkv(norm1($0), outputs: width..<3 * width) }  // [B, P, 2C]
    let normalized = norm1(x)
    if onlyFirst {
      attended = attention(
        qkv(normalized.slice(0..<1, axis: 1), outputs: 0..<width),
        qkv(normalized, outputs: width..<3 * width), prompts: promptKeysValues, heads: heads)
    } else {
      attended = selfAttention(qkv(normalized), prompts: promptKeysValues, heads: heads)
    }
    let shortcut = onlyFirst ? x.slice(0..<1, axis: 1) : x
    let (sum, normalized2) = norm2(adding: shortcut, projection(attended))
    return sum + down(up.gelu(normalized2))
  }
}
