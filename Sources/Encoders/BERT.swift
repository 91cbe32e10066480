import Autograd
import Determinism
import NN

/// Sizes of a BERT encoder (Hugging Face `BertConfig`).
public struct BERTConfiguration: Codable, Hashable, Sendable {
  public var vocabulary: Int
  public var positions: Int
  public var segments: Int
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var hiddenWidth: Int
  public var epsilon: Float
  public var hiddenDropout: Float
  public var attentionDropout: Float

  enum CodingKeys: String, CodingKey {
    case vocabulary = "vocab_size"
    case positions = "max_position_embeddings"
    case segments = "type_vocab_size"
    case width = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case hiddenWidth = "intermediate_size"
    case epsilon = "layer_norm_eps"
    case hiddenDropout = "hidden_dropout_prob"
    case attentionDropout = "attention_probs_dropout_prob"
  }

  public init(
    vocabulary: Int, positions: Int, segments: Int = 2, width: Int, layers: Int, heads: Int,
    hiddenWidth: Int, epsilon: Float = 1e-12, hiddenDropout: Float = 0.1,
    attentionDropout: Float = 0.1
  ) {
    self.vocabulary = vocabulary
    self.positions = positions
    self.segments = segments
    self.width = width
    self.layers = layers
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.epsilon = epsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
  }

  /// `bert-base-uncased`
  public static let base = BERTConfiguration(
    vocabulary: 30_522, positions: 512, width: 768, layers: 12, heads: 12, hiddenWidth: 3072)

  /// `bert-large-uncased`
  public static let large = BERTConfiguration(
    vocabulary: 30_522, positions: 512, width: 1024, layers: 24, heads: 16, hiddenWidth: 4096)
}

/// Which vector of BERT stands for the whole text.
public enum TextFeature: String, Codable, Hashable, Sendable {
  /// The last [CLS] state (the papers' prompted path).
  case cls
  /// tanh of a linear map of it.
  case pooler
}

/// BERT (Devlin et al. 2019), post-norm, with the parameter names of Hugging Face's `BertModel`.
///
/// Prompts enter after [CLS] at every layer as further keys and values (METHOD.md §5.3).
public struct BERT: LayeredEncoder {
  public let configuration: BERTConfiguration
  public let output: TextFeature
  private let words, positions, segments: Embedding
  /// Of the sum of a token's word, position and segment vectors.
  public let norm: LayerNorm
  let layers: [BERTLayer]
  let pooler: Linear?
  private let path: String

  /// - Parameter output: the pooler's weights exist only where it is used.
  public init(_ configuration: BERTConfiguration, output: TextFeature = .cls, _ scope: Scope) {
    let c = configuration
    require(c.width % c.heads == 0, "BERT: width \(c.width) in \(c.heads) heads")
    self.configuration = c
    self.output = output
    path = scope.path
    let embeddings = scope / "embeddings"
    words = Embedding(c.vocabulary, c.width, embeddings / "word_embeddings")
    positions = Embedding(c.positions, c.width, embeddings / "position_embeddings")
    segments = Embedding(c.segments, c.width, embeddings / "token_type_embeddings")
    norm = LayerNorm(c.width, epsilon: c.epsilon, embeddings / "LayerNorm")
    layers = (0..<c.layers).map { BERTLayer(c, scope / "encoder" / "layer" / $0) }
    pooler = output == .pooler ? Linear(c.width, c.width, scope / "pooler" / "dense") : nil
  }

  public var blockWidths: [Int] { layers.map { _ in configuration.width } }
  public var featureWidth: Int { configuration.width }
  /// 0.3 (the authors' code; METHOD.md §7)
  public var promptBound: Float { 0.3 }

  public func input(_ batch: Batch, _ mode: Mode) -> TokenState {
    guard let text = batch.text else { fatalError("BERT: the batch has no text") }
    return input(embed(text, nil), mask: text.mask, mode)
  }

  /// Input tokens from vectors that replace, or include, those of words.
  /// - Parameters:
  ///   - sums: word, position and segment vectors summed, `[B, N, C]`; they still pass through `norm`.
  ///   - mask: `[B, N]`, 0 at padding.
  public func input(_ sums: Tensor, mask: [Float], _ mode: Mode) -> TokenState {
    let (b, n, _) = sums.shape3
    let tokens = dropped(
      norm(sums), configuration.hiddenDropout, random(mode)?.stream("embeddings"))
    return TokenState(tokens: tokens, bias: AttentionBias(padding: mask, batch: b, tokens: n))
  }

  public func layer(
    _ index: Int, _ state: TokenState, prompts: Tensor?, onlyFirst: Bool, _ mode: Mode
  ) -> Tensor {
    layers[index](
      state.tokens, prompts: prompts, bias: state.bias, random(mode)?.stream(index),
      onlyFirst: onlyFirst)
  }

  public func finished(_ tokens: Tensor) -> Tensor { tokens }

  /// ψ_y, `[B, C]`: the last [CLS] state or the pooler's output.
  public func pooled(_ states: Tensor) -> Tensor {
    let first = states.firstTokens
    return pooler.map { tanh($0(first)) } ?? first
  }

  /// All final states `[B, N, C]`, or the first of each text alone `[B, 1, C]`.
  /// - Parameters:
  ///   - segmentIds: `[B·N]`; nil means 0 everywhere.
  ///   - watching: sees the input of every layer and, last, the output.
  public func tokens(
    _ text: TokenIds, _ mode: Mode, segmentIds: [Int32]? = nil, prompts: PromptSource? = nil,
    onlyCLS: Bool = false, watching: ((Int, Tensor) -> Void)? = nil
  ) -> Tensor {
    let state = input(embed(text, segmentIds), mask: text.mask, mode)
    return run(
      0..<layers.count, state, prompts: prompts, onlyFirst: onlyCLS, watching: watching, mode
    ).tokens
  }

  /// Word vectors: ids → `[ids, C]`.
  public func wordVectors(_ ids: [Int32]) -> Tensor { words(ids) }

  /// What is added to the words at these positions, all of one segment: `[positions, C]`.
  public func places(_ range: Range<Int>, segment: Int = 0) -> Tensor {
    let c = configuration
    require(
      range.upperBound <= c.positions,
      "BERT: position \(range.upperBound - 1), the model has \(c.positions) positions")
    return positions.weight.value.slice(range)
      + segments.weight.value.slice(segment..<segment + 1).reshaped(c.width)
  }

  private func embed(_ text: TokenIds, _ segmentIds: [Int32]?) -> Tensor {
    let (b, n) = text.shape
    let c = configuration
    require(n <= c.positions, "BERT: a text of \(n) tokens, the model has \(c.positions) positions")
    let word = words(text.ids).reshaped(b, n, c.width)
    guard let segmentIds else { return word + places(0..<n) }
    return word + positions.weight.value.slice(0..<n) + segments(segmentIds).reshaped(b, n, c.width)
  }

  /// The encoder's own stream of a training step.
  private func random(_ mode: Mode) -> RandomStream? {
    if case .training(let stream) = mode { stream.stream(path) } else { nil }
  }
}

/// `norm(x + attention(x))`, then `norm(x + MLP(x))`.
struct BERTLayer {
  let configuration: BERTConfiguration
  let qkv: Linear  // query, key, value stacked
  let projection: Linear
  let norm1: LayerNorm
  let up, down: Linear
  let norm2: LayerNorm

  init(_ c: BERTConfiguration, _ scope: Scope) {
    configuration = c
    let attention = scope / "attention"
    qkv = Linear(c.width, c.width, stacking: ["query", "key", "value"], attention / "self")
    projection = Linear(c.width, c.width, attention / "output" / "dense")
    norm1 = LayerNorm(c.width, epsilon: c.epsilon, attention / "output" / "LayerNorm")
    up = Linear(c.width, c.hiddenWidth, scope / "intermediate" / "dense")
    down = Linear(c.hiddenWidth, c.width, scope / "output" / "dense")
    norm2 = LayerNorm(c.width, epsilon: c.epsilon, scope / "output" / "LayerNorm")
  }

  /// `[B, N, C]` → `[B, N, C]`, or `[B, 1, C]` if only the first token is needed.
  func callAsFunction(
    _ x: Tensor, prompts: Tensor?, bias: AttentionBias?, _ random: RandomStream?, onlyFirst: Bool
  ) -> Tensor {
    let c = configuration
    let width = c.width
    let drop = random.map { AttentionDropout(rate: c.attentionDropout, $0.stream("attention")) }
    let dropout = c.attentionDropout > 0 ? drop : nil
    let promptKeysValues = prompts.map { qkv($0, outputs: width..<3 * width) }  // [B, P, 2C]
    let attended: Tensor  // [B, N or 1, C]
    if onlyFirst {
      attended = attention(
        qkv(x.slice(0..<1, axis: 1), outputs: 0..<width), qkv(x, outputs: width..<3 * width),
        prompts: promptKeysValues, heads: c.heads,
        bias: bias.map { AttentionBias($0.values.slice(0..<1, axis: 2)) }, dropout: dropout)
    } else {
      attended = selfAttention(
        qkv(x), prompts: promptKeysValues, heads: c.heads, bias: bias, dropout: dropout)
    }
    let shortcut = onlyFirst ? x.slice(0..<1, axis: 1) : x
    let first = dropped(projection(attended), c.hiddenDropout, random?.stream("projection"))
    let y = norm1(adding: shortcut, first).normalized
    let second = dropped(down(up.gelu(y)), c.hiddenDropout, random?.stream("output"))
    return norm2(adding: y, second).normalized
  }
}

/// Dropout in training; the tensor itself in evaluation.
func dropped(_ x: Tensor, _ rate: Float, _ random: RandomStream?) -> Tensor {
  guard let random, rate > 0 else { return x }
  return dropout(x, rate: rate, random)
}
