import Determinism
import Foundation

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
    guard let modelType = config.fields["model_type"] as? String else {
      throw config.bad("model_type", "expected one of \(Self.modelTypes), found nothing")
    }
    switch modelType {
    case "vit":
      try config.require(["hidden_act": "gelu", "qkv_bias": true, "num_channels": 3])
      try config.require(["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0])
      self = .vit(try config.decoded())
    case "swin":
      try config.require(["hidden_act": "gelu", "qkv_bias": true, "num_channels": 3])
      try config.require(["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0])
      try config.require(["use_absolute_embeddings": false])
      self = .swin(try config.decoded())
    case "bert":
      try config.require(["hidden_act": "gelu", "position_embedding_type": "absolute"])
      try config.require(["is_decoder": false, "add_cross_attention": false])
      self = .bert(try config.decoded())
    case "longformer":
      try config.require(["hidden_act": "gelu"])
      self = .longformer(try config.expandingWindow().decoded())
    case "gpt2":
      try config.require(["activation_function": "gelu_new", "scale_attn_weights": true])
      try config.require(["scale_attn_by_inverse_layer_idx": false, "add_cross_attention": false])
      self = .gpt2(try config.decoded())
    case "wav2vec2":
      try config.require(["hidden_act": "gelu", "feat_extract_activation": "gelu"])
      try config.require(["feat_extract_norm": "group", "do_stable_layer_norm": false])
      try config.require(["add_adapter": false])
      self = .wav2vec2(try config.decoded())
    default:
      throw config.bad("model_type", "expected one of \(Self.modelTypes), found \"\(modelType)\"")
    }
    if let contradiction { throw Failure(.badInput, "\(file): \(contradiction)") }
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

/// The fields of a `config.json`.
private struct ConfigurationFile {
  let path: String
  var fields: [String: Any]

  init(_ path: String) throws {
    self.path = path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.missingInput, "\(path): no such file; expected an encoder's configuration")
    }
    guard let fields = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw Failure(.badInput, "\(path): expected a JSON object; is the file complete?")
    }
    self.fields = fields
  }

  func bad(_ field: String, _ what: String) -> Failure {
    Failure(.badInput, "\(path): \(field): \(what)")
  }

  /// An option's value.
  enum Option: Equatable, CustomStringConvertible, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral
  {
    case text(String)
    case flag(Bool)
    case number(Double)

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }

    func equals(_ found: Any) -> Bool {
      switch self {
      case .text(let text): found as? String == text
      case .flag(let flag): found as? Bool == flag
      case .number(let number):
        found as? Double == number || (found as? Int).map(Double.init) == number
      }
    }

    var description: String {
      switch self {
      case .text(let text): "\"\(text)\""
      case .flag(let flag): "\(flag)"
      case .number(let number): "\(number)"
      }
    }
  }

  /// Options with the only value that is supported; a field that is not there has it.
  func require(_ expected: [String: Option]) throws {
    for (name, wanted) in expected.sorted(by: { $0.key < $1.key }) {
      guard let found = fields[name], !(found is NSNull), !wanted.equals(found) else { continue }
      throw bad(name, "only \(wanted) is supported, found \(found)")
    }
  }

  /// Longformer's window may be one number for all layers.
  func expandingWindow() -> ConfigurationFile {
    var expanded = self
    if let window = fields["attention_window"] as? Int,
      let layers = fields["num_hidden_layers"] as? Int
    {
      expanded.fields["attention_window"] = Array(repeating: window, count: max(layers, 0))
    }
    return expanded
  }

  func decoded<Configuration: Decodable>() throws -> Configuration {
    do {
      return try JSONDecoder().decode(
        Configuration.self, from: try JSONSerialization.data(withJSONObject: fields))
    } catch let error as DecodingError {
      switch error {
      case .keyNotFound(let key, _): throw bad(key.stringValue, "missing")
      case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
        let name = context.codingPath.first?.stringValue ?? "config"
        throw bad(name, "expected \(type), found \(fields[name] ?? "nothing")")
      default: throw Failure(.badInput, "\(path): \(error)")
      }
    }
  }
}
