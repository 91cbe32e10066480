import Autograd
import Determinism
import NN

/// Sizes of a Longformer (Hugging Face `LongformerConfig`).
public struct LongformerConfiguration: Codable, Hashable, Sendable {
  public var vocabulary: Int
  /// Rows of the position table; the first two are not positions, as in RoBERTa.
  public var positions: Int
  public var segments: Int
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var hiddenWidth: Int
  /// Tokens that a token sees, half of them to each side, of every layer.
  public var windows: [Int]
  public var padding: Int
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
    case windows = "attention_window"
    case padding = "pad_token_id"
    case epsilon = "layer_norm_eps"
    case hiddenDropout = "hidden_dropout_prob"
    case attentionDropout = "attention_probs_dropout_prob"
  }

  public init(
    vocabulary: Int, positions: Int, segments: Int = 1, width: Int, layers: Int, heads: Int,
    hiddenWidth: Int, window: Int, padding: Int = 1, epsilon: Float = 1e-5,
    hiddenDropout: Float = 0.1, attentionDropout: Float = 0.1
  ) {
    self.vocabulary = vocabulary
    self.positions = positions
    self.segments = segments
    self.width = width
    self.layers = layers
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.windows = Array(repeating: window, count: layers)
    self.padding = padding
    self.epsilon = epsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
  }

  /// `allenai/longformer-base-4096`
  public static let base = LongformerConfiguration(
    vocabulary: 50_265, positions: 4098, width: 768, layers: 12, heads: 12, hiddenWidth: 3072,
    window: 512)

  /// The most tokens of a text: positions are counted from behind the padding's.
  public var longestText: Int { positions - padding - 1 }

  /// What about these sizes no Longformer can have, or nil.
  public var contradiction: String? {
    if heads < 1 || width % heads != 0 { return "hidden_size \(width) in \(heads) num_attention_heads" }
    if longestText < 1 {
      return "max_position_embeddings \(positions) leaves no position behind pad_token_id \(padding)"
    }
    if windows.count != layers || windows.contains(where: { $0 < 2 || $0 % 2 != 0 }) {
      return "attention_window \(windows) must be \(layers) even numbers, one per layer"
    }
    return nil
  }
}

/// Longformer (Beltagy et al. 2020): BERT whose tokens see their neighbours, and [CLS] all, with the parameter names of
/// Hugging Face's `LongformerModel`. It takes no prompts; the papers give it none.
public struct Longformer: Encoder {
  public let configuration: LongformerConfiguration
  public let output: TextFeature
  let words, positions, segments: Embedding
  let norm: LayerNorm
  let layers: [LongformerLayer]
  let pooler: Linear?
  private let path: String

  /// - Parameter output: the pooler's weights exist only where it is used.
  public init(
    _ configuration: LongformerConfiguration, output: TextFeature = .cls, _ scope: Scope
  ) {
    let c = configuration
    if let contradiction = c.contradiction { require(false, "Longformer: \(contradiction)") }
    self.configuration = c
    self.output = output
    path = scope.path
    let embeddings = scope / "embeddings"
    words = Embedding(c.vocabulary, c.width, embeddings / "word_embeddings")
    positions = Embedding(c.positions, c.width, embeddings / "position_embeddings")
    segments = Embedding(c.segments, c.width, embeddings / "token_type_embeddings")
    norm = LayerNorm(c.width, epsilon: c.epsilon, embeddings / "LayerNorm")
    layers = c.windows.enumerated().map {
      LongformerLayer(c, reach: $1 / 2, scope / "encoder" / "layer" / $0)
    }
    pooler = output == .pooler ? Linear(c.width, c.width, scope / "pooler" / "dense") : nil
  }

  public var blockWidths: [Int] { layers.map { _ in configuration.width } }
  public var featureWidth: Int { configuration.width }
  public var promptBound: Float { 0.3 }

  /// The last [CLS] state, or the pooler's output: `[B, C]`. Only [CLS] is global.
  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let text = batch.text else { fatalError("Longformer: the batch has no text") }
    require(prompts == nil, "Longformer: takes no prompts")
    let states = tokens(text, mode, global: Array(repeating: [0], count: batch.size))
    return pooled(states.slice(0..<1, axis: 1).reshaped(batch.size, configuration.width))
  }

  /// The state of [CLS] `[B, C]` through the pooler, where there is one.
  public func pooled(_ state: Tensor) -> Tensor { pooler.map { tanh($0(state)) } ?? state }

  /// All final states `[B, N, C]`.
  /// - Parameters:
  ///   - global: for each text, the tokens that see all and that all see.
  ///   - watching: sees the input of every layer and, last, the output.
  public func tokens(
    _ text: TokenIds, _ mode: Mode, global: [[Int]], watching: ((Int, Tensor) -> Void)? = nil
  ) -> Tensor {
    let (b, n) = text.shape
    var random: RandomStream?
    if case .training(let stream) = mode { random = stream.stream(path) }
    var x = dropped(
      norm(embed(text)), configuration.hiddenDropout, random?.stream("embeddings"))  // [B, N, C]
    let padding = AttentionBias(padding: text.mask, batch: b, tokens: n)  // [B, 1, 1, N]
    for (i, layer) in layers.enumerated() {
      watching?(i, x)
      let pattern = SlidingPattern(reach: layer.reach, global: global, mask: text.mask)
      x = layer(x, pattern, padding, random?.stream(i))
    }
    watching?(layers.count, x)
    return x
  }

  private func embed(_ text: TokenIds) -> Tensor {
    let (b, n) = text.shape
    let c = configuration
    require(
      n + c.padding < c.positions,
      "Longformer: a text of \(n) tokens, the model has \(c.longestText) positions")
    // Positions count the tokens that are not padding, from padding + 1 (RoBERTa).
    var places: [Int32] = []
    for item in 0..<b {
      var place = c.padding
      for i in 0..<n {
        let isPadding = Int(text.ids[item * n + i]) == c.padding
        if !isPadding { place += 1 }
        places.append(Int32(isPadding ? c.padding : place))
      }
    }
    return words(text.ids).reshaped(b, n, c.width) + positions(places).reshaped(b, n, c.width)
      + segments.weight.value.slice(0..<1).reshaped(c.width)
  }
}

/// `norm(x + attention(x))`, then `norm(x + MLP(x))`.
struct LongformerLayer {
  let configuration: LongformerConfiguration
  let reach: Int
  let qkv: Linear  // query, key, value stacked
  let globalQuery: Linear
  let globalKeysValues: Linear  // key_global, value_global stacked
  let projection: Linear
  let norm1: LayerNorm
  let up, down: Linear
  let norm2: LayerNorm

  init(_ c: LongformerConfiguration, reach: Int, _ scope: Scope) {
    configuration = c
    self.reach = reach
    let attention = scope / "attention"
    qkv = Linear(c.width, c.width, stacking: ["query", "key", "value"], attention / "self")
    globalQuery = Linear(c.width, c.width, attention / "self" / "query_global")
    globalKeysValues = Linear(
      c.width, c.width, stacking: ["key_global", "value_global"], attention / "self")
    projection = Linear(c.width, c.width, attention / "output" / "dense")
    norm1 = LayerNorm(c.width, epsilon: c.epsilon, attention / "output" / "LayerNorm")
    up = Linear(c.width, c.hiddenWidth, scope / "intermediate" / "dense")
    down = Linear(c.hiddenWidth, c.width, scope / "output" / "dense")
    norm2 = LayerNorm(c.width, epsilon: c.epsilon, scope / "output" / "LayerNorm")
  }

  func callAsFunction(
    _ x: Tensor, _ pattern: SlidingPattern, _ padding: AttentionBias, _ random: RandomStream?
  ) -> Tensor {
    let c = configuration
    func drop(_ name: String) -> AttentionDropout? {
      guard c.attentionDropout > 0, let random else { return nil }
      return AttentionDropout(rate: c.attentionDropout, random.stream(name))
    }
    var attended = slidingAttention(qkv(x), heads: c.heads, pattern, dropout: drop("attention"))
    let global = attendingToAll(x, pattern, padding, drop("global"))
    if let (rows, outputs) = global {
      let (b, n, width) = x.shape3
      attended = attended.reshaped(b * n, width).replacing(rows: rows, with: outputs)
        .reshaped(b, n, width)
    }
    let first = dropped(projection(attended), c.hiddenDropout, random?.stream("projection"))
    let y = norm1(adding: x, first).normalized
    let second = dropped(down(up.gelu(y)), c.hiddenDropout, random?.stream("output"))
    return norm2(adding: y, second).normalized
  }

  /// The outputs of the global tokens, which have projections of their own, and their rows in `[B·N, C]`.
  private func attendingToAll(
    _ x: Tensor, _ pattern: SlidingPattern, _ padding: AttentionBias, _ dropout: AttentionDropout?
  ) -> (rows: [Int32], outputs: Tensor)? {
    let (b, n, width) = x.shape3
    let most = pattern.global.map(\.count).max() ?? 0
    guard most > 0 else { return nil }
    // Samples with fewer global tokens get [CLS] again in their place; what it gives is not used.
    let places = pattern.global.enumerated().flatMap { item, tokens in
      (0..<most).map { Int32(item * n + ($0 < tokens.count ? tokens[$0] : 0)) }
    }
    let used = pattern.global.enumerated().flatMap { item, tokens in
      tokens.indices.map { Int32(item * most + $0) }
    }
    let queries = globalQuery(x.reshaped(b * n, width).gather(places)).reshaped(b, most, width)
    let outputs = attention(
      queries, globalKeysValues(x), heads: configuration.heads, bias: padding, dropout: dropout)
    return (used.map { places[Int($0)] }, outputs.reshaped(b * most, width).gather(used))
  }
}
