import Autograd
import Determinism
import NN

/// Sizes of a wav2vec 2.0 (Hugging Face `Wav2Vec2Config`) with group norm in its first convolution.
public struct Wav2Vec2Configuration: Codable, Hashable, Sendable {
  /// Channels, width and stride of each convolution.
  public var channels, kernels, strides: [Int]
  public var convolutionBias: Bool
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var hiddenWidth: Int
  /// Width and groups of the convolution that tells positions apart.
  public var positionKernel, positionGroups: Int
  public var epsilon: Float
  public var featureDropout, hiddenDropout, attentionDropout, activationDropout: Float

  enum CodingKeys: String, CodingKey {
    case channels = "conv_dim"
    case kernels = "conv_kernel"
    case strides = "conv_stride"
    case convolutionBias = "conv_bias"
    case width = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case hiddenWidth = "intermediate_size"
    case positionKernel = "num_conv_pos_embeddings"
    case positionGroups = "num_conv_pos_embedding_groups"
    case epsilon = "layer_norm_eps"
    case featureDropout = "feat_proj_dropout"
    case hiddenDropout = "hidden_dropout"
    case attentionDropout = "attention_dropout"
    case activationDropout = "activation_dropout"
  }

  public init(
    channels: [Int], kernels: [Int], strides: [Int], convolutionBias: Bool, width: Int, layers: Int,
    heads: Int, hiddenWidth: Int, positionKernel: Int, positionGroups: Int, epsilon: Float,
    featureDropout: Float, hiddenDropout: Float, attentionDropout: Float, activationDropout: Float
  ) {
    (self.channels, self.kernels, self.strides) = (channels, kernels, strides)
    self.convolutionBias = convolutionBias
    self.width = width
    self.layers = layers
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.positionKernel = positionKernel
    self.positionGroups = positionGroups
    self.epsilon = epsilon
    self.featureDropout = featureDropout
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
    self.activationDropout = activationDropout
  }

  /// `facebook/wav2vec2-base-960h`
  public static let base = Wav2Vec2Configuration(
    channels: Array(repeating: 512, count: 7), kernels: [10, 3, 3, 3, 3, 2, 2],
    strides: [5, 2, 2, 2, 2, 2, 2], convolutionBias: false, width: 768, layers: 12, heads: 12,
    hiddenWidth: 3072, positionKernel: 128, positionGroups: 16, epsilon: 1e-5, featureDropout: 0.1,
    hiddenDropout: 0.1, attentionDropout: 0.1, activationDropout: 0.1)

  /// What about these sizes no wav2vec 2.0 can have, or nil.
  public var contradiction: String? {
    if channels.isEmpty || kernels.count != channels.count || strides.count != channels.count {
      return
        "conv_dim \(channels), conv_kernel \(kernels), conv_stride \(strides): expected equal lengths"
    }
    if (kernels + strides + channels).contains(where: { $0 < 1 }) {
      return "conv_dim \(channels), conv_kernel \(kernels), conv_stride \(strides): expected positive numbers"
    }
    if heads < 1 || width % heads != 0 { return "hidden_size \(width) in \(heads) num_attention_heads" }
    if positionGroups < 1 || width % positionGroups != 0 {
      return "hidden_size \(width) in \(positionGroups) num_conv_pos_embedding_groups"
    }
    return nil
  }

  /// How many states a sound of so many samples gives; 0 or less if it is too short.
  public func frames(samples: Int) -> Int {
    zip(kernels, strides).reduce(samples) { $0 < $1.0 ? 0 : ($0 - $1.0) / $1.1 + 1 }
  }

  /// Samples of the shortest sound that gives a state.
  public var shortestSound: Int {
    zip(kernels, strides).reversed().reduce(1) { ($0 - 1) * $1.1 + $1.0 }
  }
}

/// wav2vec 2.0 (Baevski et al. 2020): convolutions over a waveform, then a post-norm Transformer, with the parameter names
/// of Hugging Face's `Wav2Vec2Model`.
///
/// Prompts are further keys and values at every layer, as in BERT.
public struct Wav2Vec2: Encoder {
  public let configuration: Wav2Vec2Configuration
  let extractor: Wav2Vec2FeatureExtractor
  let featureNorm: LayerNorm
  let featureProjection: Linear
  let positions: PositionConvolution
  let norm: LayerNorm
  let layers: [Wav2Vec2Layer]
  private let path: String

  public init(_ configuration: Wav2Vec2Configuration, _ scope: Scope) {
    let c = configuration
    if let contradiction = c.contradiction { require(false, "Wav2Vec2: \(contradiction)") }
    self.configuration = c
    path = scope.path
    extractor = Wav2Vec2FeatureExtractor(c, scope / "feature_extractor" / "conv_layers")
    let projection = scope / "feature_projection"
    let features = c.channels[c.channels.count - 1]
    featureNorm = LayerNorm(features, epsilon: c.epsilon, projection / "layer_norm")
    featureProjection = Linear(features, c.width, projection / "projection")
    let encoder = scope / "encoder"
    positions = PositionConvolution(c, encoder / "pos_conv_embed" / "conv")
    norm = LayerNorm(c.width, epsilon: c.epsilon, encoder / "layer_norm")
    layers = (0..<c.layers).map { Wav2Vec2Layer(c, encoder / "layers" / $0) }
  }

  public var blockWidths: [Int] { layers.map { _ in configuration.width } }
  public var featureWidth: Int { configuration.width }
  /// 0.3, as for BERT (METHOD.md §7); the papers do not prompt wav2vec 2.0.
  public var promptBound: Float { 0.3 }

  /// The mean of the final states over time, those of padding left out: `[B, C]`.
  // Differs: the authors encode a batch with its padding. Its convolutions are normalised over time, so that a sound's
  // feature would depend on how long the others of its batch are.
  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let sounds = batch.audio else { fatalError("Wav2Vec2: the batch has no audio") }
    guard let lengths = batch.audioLengths else {
      return mean(states(sounds, mode, prompts: prompts), axis: 1)
    }
    let features = extractedAlone(sounds, lengths)  // [B, T, conv_dim]
    let states = transformed(features, mode, lengths: lengths, prompts: prompts)  // [B, T, C]
    let (_, time, c) = states.shape3
    let shares = lengths.flatMap { length -> [Float] in
      let frames = configuration.frames(samples: length)
      return (0..<time).flatMap { repeatElement($0 < frames ? 1 / Float(frames) : 0, count: c) }
    }
    return sum(states * Tensor(shares, states.shape), axis: 1)
  }

  /// What the convolutions make of each sound without its padding, zeros behind the end: `[B, T, conv_dim]`.
  private func extractedAlone(_ sounds: Tensor, _ lengths: [Int]) -> Tensor {
    let time = configuration.frames(samples: lengths.max() ?? 0)
    let rows = lengths.enumerated().map { i, length in
      let alone = extractor(sounds.slice(i..<i + 1).slice(0..<length, axis: 1))  // [1, t, conv_dim]
      let (_, frames, width) = alone.shape3
      return frames == time ? alone : concatenated([alone, .zeros([1, time - frames, width])], axis: 1)
    }
    return concatenated(rows, axis: 0)
  }

  /// All final states `[B, T, C]` of waveforms `[B, samples]`.
  /// - Parameters:
  ///   - lengths: samples of each sound before its padding with zeros; nil means all.
  ///   - watching: sees the features of the convolutions ("features"), their projection with zeros at padding
  ///     ("projected"), the input of every layer ("0", "1", …) and, last, the output.
  public func states(
    _ sounds: Tensor, _ mode: Mode, lengths: [Int]? = nil, prompts: PromptSource? = nil,
    watching: ((String, Tensor) -> Void)? = nil
  ) -> Tensor {
    let samples = sounds.shape2.1
    require(
      configuration.frames(samples: samples) > 0,
      "Wav2Vec2: a sound of \(samples) samples is shorter than one frame")
    let features = extractor(sounds)  // [B, T, conv_dim]
    watching?("features", features)
    return transformed(features, mode, lengths: lengths, prompts: prompts, watching: watching)
  }

  /// The Transformer on features of the convolutions: `[B, T, conv_dim]` → `[B, T, C]`.
  private func transformed(
    _ features: Tensor, _ mode: Mode, lengths: [Int]?, prompts: PromptSource?,
    watching: ((String, Tensor) -> Void)? = nil
  ) -> Tensor {
    let c = configuration
    let (b, time, _) = features.shape3
    var random: RandomStream?
    if case .training(let stream) = mode { random = stream.stream(path) }
    var x = featureProjection(featureNorm(features))  // [B, T, C]
    x = dropped(x, c.featureDropout, random?.stream("features"))
    let mask = lengths.map { frameMask($0, time) }
    if let mask { x = x * Tensor(mask.flatMap { repeatElement($0, count: c.width) }, x.shape) }
    watching?("projected", x)
    x = dropped(norm(x + positions(x)), c.hiddenDropout, random?.stream("embeddings"))
    let bias = mask.map { AttentionBias(padding: $0, batch: b, tokens: time) }
    for (i, layer) in layers.enumerated() {
      watching?("\(i)", x)
      let prompts = prompts?(BlockInput(index: i, tokens: x, startsWithCLS: false))  // [B, P, C]
      x = layer(x, prompts: prompts, bias: bias, random?.stream(i))
    }
    watching?("\(layers.count)", x)
    return x
  }

  /// `[B·T]`: 1 at frames of the sound, 0 at those of its padding.
  private func frameMask(_ lengths: [Int], _ time: Int) -> [Float] {
    lengths.flatMap { length in
      let frames = configuration.frames(samples: length)
      require(frames > 0, "Wav2Vec2: a sound of \(length) samples is shorter than one frame")
      return (0..<time).map { $0 < frames ? Float(1) : 0 }
    }
  }
}

/// Convolutions over a waveform, each followed by GELU; the first normalises its channels over time.
struct Wav2Vec2FeatureExtractor {
  private let weights: [Parameter]  // [outputs, inputs, width]
  private let biases: [Parameter?]
  private let strides: [Int]
  private let normWeight, normBias: Parameter  // [C]

  init(_ c: Wav2Vec2Configuration, _ scope: Scope) {
    strides = c.strides
    var weights: [Parameter] = []
    var biases: [Parameter?] = []
    for i in c.channels.indices {
      let inputs = i == 0 ? 1 : c.channels[i - 1]
      let bound = 1 / Float(inputs * c.kernels[i]).squareRoot()
      let place = scope / i / "conv"
      weights.append(
        place.parameter("weight", [c.channels[i], inputs, c.kernels[i]], .uniform(bound)))
      biases.append(
        c.convolutionBias ? place.parameter("bias", [c.channels[i]], .uniform(bound)) : nil)
    }
    (self.weights, self.biases) = (weights, biases)
    normWeight = (scope / 0 / "layer_norm").parameter("weight", [c.channels[0]], .ones)
    normBias = (scope / 0 / "layer_norm").parameter("bias", [c.channels[0]], .zeros)
  }

  /// `[B, samples]` → `[B, T, C]`
  func callAsFunction(_ sounds: Tensor) -> Tensor {
    let (b, samples) = sounds.shape2
    var x = sounds.reshaped(b, samples, 1)
    for (i, weight) in weights.enumerated() {
      x = conv1d(x, weight.value.transposed(0, 2, 1), stride: strides[i])  // [B, T, C]
      if let bias = biases[i] { x = x + bias.value }
      if i == 0 {
        x = channelNorm(x, weight: normWeight.value, bias: normBias.value, epsilon: 1e-5)
      }
      x = gelu(x)
    }
    return x
  }
}

/// A wide grouped convolution of normalised weight whose output is added as position.
struct PositionConvolution {
  private let gain: Parameter  // [1, 1, width]
  private let direction: Parameter  // [C, C / groups, width]
  private let bias: Parameter  // [C]
  private let configuration: Wav2Vec2Configuration

  init(_ c: Wav2Vec2Configuration, _ scope: Scope) {
    configuration = c
    let normed = scope / "parametrizations" / "weight"
    let inputs = c.width / c.positionGroups
    gain = normed.parameter("original0", [1, 1, c.positionKernel], .ones)
    direction = normed.parameter(
      "original1", [c.width, inputs, c.positionKernel],
      .normal(2 / Float(c.positionKernel * c.width).squareRoot()))
    bias = scope.parameter("bias", [c.width], .zeros)
  }

  /// `[B, T, C]` → `[B, T, C]`
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (b, time, width) = x.shape3
    let c = configuration
    let before = c.positionKernel / 2
    // With an even width PyTorch computes one step more and drops it: pad one less behind.
    let after = c.positionKernel - 1 - before
    let padded = concatenated(
      [.zeros([b, before, width]), x, .zeros([b, after, width])], axis: 1)
    let weight = weightNorm(direction.value, gain: gain.value).transposed(0, 2, 1)
    let y = conv1d(padded, weight, groups: c.positionGroups) + bias.value
    require(y.shape[1] == time, "PositionConvolution: \(y.shape) for \(x.shape)")
    return gelu(y)
  }
}

/// `norm(x + attention(x))`, then `norm(x + MLP(x))`.
struct Wav2Vec2Layer {
  let configuration: Wav2Vec2Configuration
  let qkv, projection: Linear
  let up, down: Linear
  let norm1, norm2: LayerNorm

  init(_ c: Wav2Vec2Configuration, _ scope: Scope) {
    configuration = c
    let attention = scope / "attention"
    qkv = Linear(c.width, c.width, stacking: ["q_proj", "k_proj", "v_proj"], attention)
    projection = Linear(c.width, c.width, attention / "out_proj")
    norm1 = LayerNorm(c.width, epsilon: c.epsilon, scope / "layer_norm")
    up = Linear(c.width, c.hiddenWidth, scope / "feed_forward" / "intermediate_dense")
    down = Linear(c.hiddenWidth, c.width, scope / "feed_forward" / "output_dense")
    norm2 = LayerNorm(c.width, epsilon: c.epsilon, scope / "final_layer_norm")
  }

  func callAsFunction(
    _ x: Tensor, prompts: Tensor?, bias: AttentionBias?, _ random: RandomStream?
  ) -> Tensor {
    let c = configuration
    let drop = random.map { AttentionDropout(rate: c.attentionDropout, $0.stream("attention")) }
    let keysValues = prompts.map { qkv($0, outputs: c.width..<3 * c.width) }  // [B, P, 2C]
    let attended = selfAttention(
      qkv(x), prompts: keysValues, heads: c.heads, bias: bias,
      dropout: c.attentionDropout > 0 ? drop : nil)
    let first = dropped(projection(attended), c.hiddenDropout, random?.stream("projection"))
    let y = norm1(adding: x, first).normalized
    let hidden = dropped(up.gelu(y), c.activationDropout, random?.stream("hidden"))
    let second = dropped(down(hidden), c.hiddenDropout, random?.stream("output"))
    return norm2(adding: y, second).normalized
  }
}
