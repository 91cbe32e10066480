import Determinism
import Foundation

/// The fields of a `config.json`.
struct ConfigurationFile {
  let path: String
  private(set) var fields: [String: ConfigurationValue]

  init(_ path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, limit: 1 << 24) } catch let failure as Failure
      where failure.kind == .missingInput
    {
      throw Failure(.missingInput, "\(path): no such file; expected an encoder's configuration")
    }
    do { fields = try JSONDecoder().decode([String: ConfigurationValue].self, from: Data(bytes)) } catch {
      throw Failure(.badInput, "\(path): expected a JSON object; is the file complete?")
    }
    fields = fields.filter { $0.value != .null }
    try checkNumbers()
  }

  func bad(_ field: String, _ what: String) -> Failure {
    Failure(.badInput, "\(path): \(field): \(what)")
  }

  /// Options with the only value that is supported; a field that is not there has it.
  func require(_ expected: [String: ConfigurationValue]) throws {
    for (name, wanted) in expected.sorted(by: { $0.key < $1.key }) {
      guard let found = fields[name], found != wanted else { continue }
      throw bad(name, "only \(wanted) is supported, found \(found)")
    }
  }

  /// The same with transformers' own defaults for fields that are not there. Sizes have none: a guess would be another network.
  func filled(_ defaults: [String: ConfigurationValue]) -> ConfigurationFile {
    var filled = self
    filled.fields.merge(defaults) { found, _ in found }
    return filled
  }

  /// Longformer's window may be one number for all layers.
  func expandingWindow() -> ConfigurationFile {
    var expanded = self
    if case .whole(let window)? = fields["attention_window"], case .whole(let layers)? = fields["num_hidden_layers"] {
      expanded.fields["attention_window"] = .list(Array(repeating: .whole(window), count: layers))
    }
    return expanded
  }

  func decoded<Configuration: Decodable>() throws -> Configuration {
    do {
      return try JSONDecoder().decode(Configuration.self, from: try JSONEncoder().encode(fields))
    } catch let error as DecodingError {
      switch error {
      case .keyNotFound(let key, _): throw bad(key.stringValue, "missing")
      case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
        let name = context.codingPath.first?.stringValue ?? "config"
        throw bad(name, "expected \(type), found \(fields[name]?.description ?? "nothing")")
      default: throw Failure(.badInput, "\(path): \(error)")
      }
    }
  }

  // MARK: Numbers

  /// What the whole numbers of a configuration may be, whatever the architecture: more would be no encoder that anyone has, and
  /// end in a trap or take all memory.
  private static let sizes: [(names: [String], what: String, range: ClosedRange<Int>)] = [
    (["hidden_size", "n_embd", "embed_dim"], "channels", 1...16_384),
    (["intermediate_size", "n_inner"], "hidden channels", 1...131_072),
    (["num_hidden_layers", "n_layer"], "layers", 1...512),
    (["depths"], "blocks of a stage", 1...512),
    (["num_attention_heads", "n_head", "num_heads"], "heads", 1...1024),
    (["vocab_size"], "words", 1...4_000_000),
    (["max_position_embeddings", "n_positions"], "positions", 1...1_000_000),
    (["type_vocab_size"], "segments", 1...1024),
    (["pad_token_id"], "a word", 0...4_000_000),
    (["image_size"], "pixels of a side", 1...4096),
    (["patch_size"], "pixels of a side", 1...1024),
    (["window_size"], "patches of a side", 1...64),
    (["attention_window"], "tokens", 2...65_536),
    (["conv_dim"], "channels", 1...16_384),
    (["conv_kernel", "conv_stride"], "samples", 1...1024),
    (["num_conv_pos_embeddings"], "samples", 1...4096),
    (["num_conv_pos_embedding_groups"], "groups", 1...1024),
  ]

  private static let numbers: [(names: [String], what: String, range: ClosedRange<Double>)] = [
    (["layer_norm_eps", "layer_norm_epsilon"], "what is added to a variance", 0...1),
    (["mlp_ratio"], "hidden channels for each channel", 0.01...128),
    (
      [
        "hidden_dropout_prob", "attention_probs_dropout_prob", "drop_path_rate", "embd_pdrop", "attn_pdrop",
        "resid_pdrop",
        "feat_proj_dropout", "hidden_dropout", "attention_dropout", "activation_dropout",
      ], "a probability", 0...0.999
    ),
  ]

  private func checkNumbers() throws {
    for (names, what, range) in Self.sizes {
      try check(names, "whole numbers", what, "\(range.lowerBound) to \(range.upperBound)") { value in
        if case .whole(let number) = value { range.contains(number) } else { false }
      }
    }
    for (names, what, range) in Self.numbers {
      try check(names, "numbers", what, "\(range.lowerBound) to \(range.upperBound)") {
        $0.number.map(range.contains) ?? false
      }
    }
  }

  private func check(
    _ names: [String], _ kind: String, _ what: String, _ range: String, _ isGood: (ConfigurationValue) -> Bool
  ) throws {
    for name in names {
      guard let value = fields[name] else { continue }
      let values = if case .list(let elements) = value { elements } else { [value] }
      guard values.count <= 512, values.allSatisfy(isGood) else {
        throw bad(name, "\(what): expected \(kind) from \(range), found \(value)")
      }
    }
  }
}

/// A value of a configuration, as JSON has it: `true` is no number.
enum ConfigurationValue: Codable, Equatable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral
{
  case null
  case flag(Bool)
  case whole(Int)
  case real(Double)
  case text(String)
  case list([ConfigurationValue])
  case object([String: ConfigurationValue])

  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(integerLiteral value: Int) { self = .whole(value) }
  init(floatLiteral value: Double) { self = .real(value) }

  init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Int.self) {
      self = .whole(value)
    } else if let value = try? container.decode(Double.self) {
      self = .real(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([ConfigurationValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: ConfigurationValue].self))
    }
  }

  func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let value): try container.encode(value)
    case .whole(let value): try container.encode(value)
    case .real(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  var number: Double? {
    switch self {
    case .whole(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  var description: String {
    switch self {
    case .null: "null"
    case .flag(let value): "\(value)"
    case .whole(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    case .list(let values):
      "[\(values.prefix(16).map(\.description).joined(separator: ", "))\(values.count > 16 ? ", …" : "")]"
    case .object: "an object"
    }
  }
}
