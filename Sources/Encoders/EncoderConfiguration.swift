import Determinism

/// Architecture and sizes of an encoder, as a `config.json` in the Hugging Face layout gives them.
public enum EncoderConfiguration: Hashable, Sendable {
  case vit(ViTConfiguration)
  case swin(SwinConfiguration)
  case bert(BERTConfiguration)
  case longformer(LongformerConfiguration)
  case gpt2(GPT2Configuration)
  case wav2vec2(Wav2Vec2Configuration)

  /// The values of `model_type` that can be read.
  public static let modelTypes = ["bert", "gpt2", "longformer", "swin", "vit", "wav2vec2"]

  /// Reads a `config.json`.
  /// - Throws: `Failure(.missingInput)`, or `Failure(.badInput)` for an unknown `model_type`, a field that is missing or
  ///   contradicts another, and an option that would change results and is not supported.
  public init(file: String) throws {
    let config = try ConfigurationFile(file)
    guard case .text(let modelType)? = config.fields["model_type"] else {
      throw config.bad("model_type", "expected one of \(Self.modelTypes), found nothing")
    }
    switch modelType {
    case "vit":
      try config.require(["hidden_act": "gelu", "qkv_bias": true, "num_channels": 3])
      try config.require(["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0])
      self = .vit(try config.filled(["layer_norm_eps": 1e-12]).decoded())
    case "swin":
      try config.require(["hidden_act": "gelu", "qkv_bias": true, "num_channels": 3])
      try config.require(["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0])
      try config.require(["use_absolute_embeddings": false])
      self = .swin(try config.filled(["layer_norm_eps": 1e-5, "mlp_ratio": 4, "drop_path_rate": 0.1]).decoded())
    case "bert":
      try config.require(["hidden_act": "gelu", "position_embedding_type": "absolute"])
      try config.require(["is_decoder": false, "add_cross_attention": false])
      self = .bert(try config.filled(Self.textDefaults).decoded())
    case "longformer":
      try config.require(["hidden_act": "gelu"])
      let defaults = Self.textDefaults.merging(["attention_window": 512, "pad_token_id": 1]) { $1 }
      self = .longformer(try config.filled(defaults).expandingWindow().decoded())
    case "gpt2":
      try config.require(["activation_function": "gelu_new", "scale_attn_weights": true])
      try config.require(["scale_attn_by_inverse_layer_idx": false, "add_cross_attention": false])
      let defaults: [String: ConfigurationValue] = [
        "layer_norm_epsilon": 1e-5, "embd_pdrop": 0.1, "attn_pdrop": 0.1, "resid_pdrop": 0.1,
      ]
      self = .gpt2(try config.filled(defaults).decoded())
    case "wav2vec2":
      try config.require(["hidden_act": "gelu", "feat_extract_activation": "gelu"])
      try config.require(["feat_extract_norm": "group", "do_stable_layer_norm": false])
      try config.require(["add_adapter": false])
      let defaults: [String: ConfigurationValue] = [
        "layer_norm_eps": 1e-5, "conv_bias": false, "feat_proj_dropout": 0, "hidden_dropout": 0.1,
        "attention_dropout": 0.1,
        "activation_dropout": 0.1, "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16,
      ]
      self = .wav2vec2(try config.filled(defaults).decoded())
    default:
      throw config.bad("model_type", "expected one of \(Self.modelTypes), found \"\(modelType)\"")
    }
    if let contradiction { throw Failure(.badInput, "\(file): \(contradiction)") }
  }

  /// What `BertConfig` and `LongformerConfig` say where a file does not.
  private static let textDefaults: [String: ConfigurationValue] = [
    "layer_norm_eps": 1e-12, "type_vocab_size": 2, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
  ]

  /// About how many parameters such an encoder has. Not exact, so that nothing need be made; floating, so that it cannot overflow.
  var roughCount: Double {
    func blocks(_ width: Int, _ hidden: Int, _ layers: Int) -> Double {
      Double(layers) * Double(width) * (4 * Double(width) + 2 * Double(hidden))
    }
    switch self {
    case .vit(let c):
      return blocks(c.width, c.hiddenWidth, c.layers) + Double(c.patches + 3 * c.patchSize * c.patchSize)
        * Double(c.width)
    case .swin(let c):
      return c.stages.reduce(Double(3 * c.patchSize * c.patchSize * c.width)) {
        let places = 2 * Double($1.window) - 1
        return $0 + blocks($1.width, Int(c.hiddenRatio * Double($1.width)), $1.depth)
          + Double($1.depth * $1.heads) * places * places
      }
    case .bert(let c):
      return blocks(c.width, c.hiddenWidth, c.layers) + Double(c.vocabulary + c.positions + c.segments)
        * Double(c.width)
    case .longformer(let c):
      return blocks(c.width, c.hiddenWidth, c.layers) + Double(c.vocabulary + c.positions + c.segments)
        * Double(c.width)
    case .gpt2(let c):
      return blocks(c.width, c.hiddenWidth ?? 4 * c.width, c.layers) + Double(c.vocabulary + c.positions)
        * Double(c.width)
    case .wav2vec2(let c):
      let inputs = [1] + c.channels.dropLast()
      return blocks(c.width, c.hiddenWidth, c.layers)
        + zip(zip(inputs, c.channels), c.kernels).reduce(0.0) { $0 + Double($1.0.0) * Double($1.0.1) * Double($1.1) }
        + Double(c.width) * Double(c.width / c.positionGroups) * Double(c.positionKernel)
    }
  }

  /// What about these sizes no encoder can have, or nil.
  var contradiction: String? {
    func heads(_ width: Int, _ heads: Int, _ widthName: String, _ headsName: String) -> String? {
      heads > 0 && width % heads == 0
        ? nil : "\(widthName) \(width) cannot be cut into \(heads) heads (\(headsName))"
    }
    switch self {
    case .vit(let c):
      if c.patchSize < 1 || c.imageSize % c.patchSize != 0 {
        return "image_size \(c.imageSize) is not a multiple of patch_size \(c.patchSize)"
      }
      return heads(c.width, c.heads, "hidden_size", "num_attention_heads")
    case .swin(let c): return c.contradiction
    case .bert(let c): return heads(c.width, c.heads, "hidden_size", "num_attention_heads")
    case .longformer(let c): return c.contradiction
    case .gpt2(let c): return heads(c.width, c.heads, "n_embd", "n_head")
    case .wav2vec2(let c): return c.contradiction
    }
  }

  /// What the names of the encoder's tensors begin with.
  var modules: Set<String> {
    switch self {
    case .vit, .swin: ["embeddings", "encoder", "layernorm", "pooler"]
    case .bert, .longformer: ["embeddings", "encoder", "pooler"]
    case .gpt2: ["wte", "wpe", "h", "ln_f"]
    case .wav2vec2: ["feature_extractor", "feature_projection", "encoder", "masked_spec_embed"]
    }
  }

  /// What task models put before the names of the encoder's tensors.
  var prefix: String {
    switch self {
    case .vit: "vit."
    case .swin: "swin."
    case .bert: "bert."
    case .longformer: "longformer."
    case .gpt2: "transformer."
    case .wav2vec2: "wav2vec2."
    }
  }
}
