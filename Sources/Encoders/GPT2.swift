import Autograd
import Determinism
import NN

/// Sizes of a GPT-2 (Hugging Face `GPT2Config`).
public struct GPT2Configuration: Codable, Hashable, Sendable {
  public var vocabulary: Int
  public var positions: Int
  public var width: Int
  public var layers: Int
  public var heads: Int
  /// Hidden channels of the MLP; nil means 4 · width.
  public var hiddenWidth: Int?
  public var epsilon: Float
  public var embeddingDropout: Float
  public var attentionDropout: Float
  public var residualDropout: Float

  enum CodingKeys: String, CodingKey {
    case vocabulary = "vocab_size"
    case positions = "n_positions"
    case width = "n_embd"
    case layers = "n_layer"
    case heads = "n_head"
    case hiddenWidth = "n_inner"
    case epsilon = "layer_norm_epsilon"
    case embeddingDropout = "embd_pdrop"
    case attentionDropout = "attn_pdrop"
    case residualDropout = "resid_pdrop"
  }

  public init(
    vocabulary: Int, positions: Int, width: Int, layers: Int, heads: Int, hiddenWidth: Int? = nil,
    epsilon: Float = 1e-5, embeddingDropout: Float = 0.1, attentionDropout: Float = 0.1,
    residualDropout: Float = 0.1
  ) {
    self.vocabulary = vocabulary
    self.positions = positions
    self.width = width
    self.layers = layers
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.epsilon = epsilon
    self.embeddingDropout = embeddingDropout
    self.attentionDropout = attentionDropout
    self.residualDropout = residualDropout
  }

  /// `gpt2`
  public static let small = GPT2Configuration(
    vocabulary: 50_257, positions: 1024, width: 768, layers: 12, heads: 12)
}

/// Which state of a decoder stands for the whole text; the papers do not say (METHOD.md §6).
public enum TextPooling: String, Codable, Hashable, Sendable {
  /// That of the last token that is not padding, which has seen all others.
  case last
  /// The mean over the tokens that are not padding.
  case mean
}

/// GPT-2 (Radford et al. 2019), pre-norm and causal, with the parameter names of Hugging Face's `GPT2Model`.
///
/// Prompts stand before the text at every block: keys and values that every token sees.
public struct GPT2: Encoder {
  public let configuration: GPT2Configuration
  public let pooling: TextPooling
  let words, positions: Embedding
  let blocks: [GPT2Block]
  let norm: LayerNorm
  private let path: String

  public init(
    _ configuration: GPT2Configuration, pooling: TextPooling = .last, _ scope: Scope
  ) {
    let c = configuration
    require(c.width % c.heads == 0, "GPT2: width \(c.width) in \(c.heads) heads")
    self.configuration = c
    self.pooling = pooling
    path = scope.path
    words = Embedding(c.vocabulary, c.width, scope / "wte")
    positions = Embedding(c.positions, c.width, scope / "wpe")
    blocks = (0..<c.layers).map { GPT2Block(c, scope / "h" / $0) }
    norm = LayerNorm(c.width, epsilon: c.epsilon, scope / "ln_f")
  }

  public var blockWidths: [Int] { blocks.map { _ in configuration.width } }
  public var featureWidth: Int { configuration.width }
  /// 0.3, as for BERT (METHOD.md §7); the papers do not prompt GPT-2.
  public var promptBound: Float { 0.3 }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let text = batch.text else { fatalError("GPT2: the batch has no text") }
    let states = tokens(text, mode, prompts: prompts)
    switch pooling {
    case .last: return lastTokens(states, text)
    case .mean: return maskedMean(states, text.mask)
    }
  }

  /// All final states `[B, N, C]`.
  /// - Parameter watching: sees the input of every block and, last, the state before the final norm.
  public func tokens(
    _ text: TokenIds, _ mode: Mode, prompts: PromptSource? = nil,
    watching: ((Int, Tensor) -> Void)? = nil
  ) -> Tensor {
    let (b, n) = text.shape
    let c = configuration
    require(n <= c.positions, "GPT2: a text of \(n) tokens, the model has \(c.positions) positions")
    var random: RandomStream?
    if case .training(let stream) = mode { random = stream.stream(path) }
    var x = words(text.ids).reshaped(b, n, c.width) + positions.weight.value.slice(0..<n)
    x = dropped(x, c.embeddingDropout, random?.stream("embeddings"))
    let bias = AttentionBias(causal: text.mask, batch: b, tokens: n)  // [B or 1, 1, N, N]
    for (i, block) in blocks.enumerated() {
      watching?(i, x)
      let prompts = prompts?(BlockInput(index: i, tokens: x, startsWithCLS: false))  // [B, P, C]
      x = block(x, prompts: prompts, bias: bias, random?.stream(i))
    }
    watching?(blocks.count, x)
    return norm(x)
  }

  private func lastTokens(_ states: Tensor, _ text: TokenIds) -> Tensor {
    let (b, n, c) = states.shape3
    let rows = (0..<b).map { item in
      Int32(item * n + ((0..<n).last { text.mask[item * n + $0] == 1 } ?? 0))
    }
    return states.reshaped(b * n, c).gather(rows)
  }
}

/// `x + attention(norm(x))`, then `x + MLP(norm(x))`.
struct GPT2Block {
  let configuration: GPT2Configuration
  let norm1, norm2: LayerNorm
  let qkv, projection, up, down: TransposedLinear

  init(_ c: GPT2Configuration, _ scope: Scope) {
    configuration = c
    norm1 = LayerNorm(c.width, epsilon: c.epsilon, scope / "ln_1")
    norm2 = LayerNorm(c.width, epsilon: c.epsilon, scope / "ln_2")
    qkv = TransposedLinear(c.width, 3 * c.width, scope / "attn" / "c_attn")
    projection = TransposedLinear(c.width, c.width, scope / "attn" / "c_proj")
    let hidden = c.hiddenWidth ?? 4 * c.width
    up = TransposedLinear(c.width, hidden, scope / "mlp" / "c_fc")
    down = TransposedLinear(hidden, c.width, scope / "mlp" / "c_proj")
  }

  func callAsFunction(
    _ x: Tensor, prompts: Tensor?, bias: AttentionBias, _ random: RandomStream?
  ) -> Tensor {
    let c = configuration
    let drop = random.map { AttentionDropout(rate: c.attentionDropout, $0.stream("attention")) }
    let keysValues = prompts.map {
      qkv(norm1($0)).slice(c.width..<3 * c.width, axis: 2)  // [B, P, 2C]
    }
    let attended = selfAttention(
      qkv(norm1(x)), prompts: keysValues, heads: c.heads, bias: bias,
      dropout: c.attentionDropout > 0 ? drop : nil)
    let first = dropped(projection(attended), c.residualDropout, random?.stream("projection"))
    let (sum, normalized) = norm2(adding: x, first)
    let second = down(geluTanh(up(normalized)))
    return sum + dropped(second, c.residualDropout, random?.stream("MLP"))
  }
}

/// `y = x W + b` with the weight as GPT-2's checkpoints have it, `[inputs, outputs]` (transformers `Conv1D`).
struct TransposedLinear {
  let weight: Parameter  // [inputs, outputs]
  let bias: Parameter  // [outputs]

  /// Normal with standard deviation 0.02 and 0, as GPT-2 starts.
  init(_ inputs: Int, _ outputs: Int, _ scope: Scope) {
    weight = scope.parameter("weight", [inputs, outputs], .normal(0.02))
    bias = scope.parameter("bias", [outputs], .zeros)
  }

  /// `[B, N, inputs]` → `[B, N, outputs]`
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (b, n, inputs) = x.shape3
    let y = matmul(x.reshaped(b * n, inputs), weight.value) + bias.value
    return y.reshaped(b, n, bias.count)
  }
}

/// The mean of the states whose mask is 1: `[B, N, C]`, mask `[B·N]` → `[B, C]`.
func maskedMean(_ x: Tensor, _ mask: [Float]) -> Tensor {
  let (b, n, c) = x.shape3
  var weights = mask
  for item in 0..<b {
    let row = item * n..<(item + 1) * n
    let total = mask[row].reduce(0, +)
    require(total > 0, "maskedMean: sample \(item) is padding throughout")
    for i in row { weights[i] /= total }
  }
  return matmul(Tensor(weights, [b, 1, n]), x).reshaped(b, c)
}

extension AttentionBias {
  /// Lets every token see itself and earlier ones; padding, where `mask` `[B·N]` is 0, gets −10000 besides.
  init(causal mask: [Float], batch: Int, tokens: Int) {
    let entries = mask.contains(0) ? batch : 1
    var values = [Float](repeating: -.infinity, count: entries * tokens * tokens)
    for b in 0..<entries {
      for i in 0..<tokens {
        for j in 0...i {
          values[(b * tokens + i) * tokens + j] = (mask[b * tokens + j] - 1) * 10_000
        }
      }
    }
    self.init(Tensor(values, [entries, 1, tokens, tokens]))
  }
}
