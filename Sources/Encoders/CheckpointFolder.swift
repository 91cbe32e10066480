import Autograd
import Determinism
import Foundation
import NN

/// An encoder's weights and configuration in the Hugging Face layout: `config.json` with `model.safetensors`, or with
/// several files that `model.safetensors.index.json` lists.
///
/// Names are those of the encoder alone: what a task model puts before them is taken off, its other tensors and what
/// follows from the sizes are left out, and older spellings (`gamma`, `weight_g`) are read as the current ones.
public struct CheckpointFolder: Checkpoint {
  public let source: String
  public let names: [String]
  public let configuration: EncoderConfiguration
  /// Where each tensor is: its file and its name there.
  private let places: [String: (file: SafetensorsFile, name: String)]

  /// Opens a folder and checks that its files fit one another.
  /// - Throws: `Failure(.missingInput)` or `Failure(.badInput)`, naming file and entry.
  public init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw Failure(
        .missingInput, "\(path): no such folder; expected config.json and model.safetensors")
    }
    source = path
    configuration = try EncoderConfiguration(file: "\(path)/config.json")
    let stored = try Self.stored(path)
    let prefix = configuration.prefix
    let isTaskModel = stored.contains { $0.name.hasPrefix(prefix) }
    var places: [String: (file: SafetensorsFile, name: String)] = [:]
    for place in stored {
      guard !isTaskModel || place.name.hasPrefix(prefix) else { continue }
      let plain = isTaskModel ? String(place.name.dropFirst(prefix.count)) : place.name
      guard let name = Self.current(plain, configuration) else { continue }
      if let other = places[name] {
        throw Failure(
          .badInput, "\(place.file.source): \(place.name): the same tensor as \(other.name)")
      }
      places[name] = place
    }
    self.places = places
    names = places.keys.sorted()
    let held = places.values.reduce(0.0) { $0 + Double($1.file.shape($1.name)?.product ?? 0) }
    guard configuration.roughCount <= 100 * max(held, 1e6) else {
      throw Failure(
        .badInput,
        "\(path)/config.json: describes about \(Int(configuration.roughCount)) parameters, the weights hold \(Int(held)); "
          + "does it belong to them?")
    }
  }

  public func tensor(_ name: String) throws -> Tensor? {
    guard let place = places[name] else { return nil }
    return try place.file.tensor(place.name)
  }

  /// The encoder of this folder in `scope`; the store's `validate()` reports what does not fit.
  /// - Parameter output: of an encoder with a pooler, which feature it gives.
  public func encoder(_ scope: Scope, output: TextFeature = .cls) -> any Encoder {
    let scope = scope.loading(self, ignoring: { $0.hasPrefix("pooler.") })
    switch configuration {
    case .vit(let c): return ViT(c, pools: output == .pooler, scope)
    case .swin(let c): return Swin(c, scope)
    case .bert(let c): return BERT(c, output: output, scope)
    case .longformer(let c): return Longformer(c, output: output, scope)
    case .gpt2(let c): return GPT2(c, scope)
    case .wav2vec2(let c): return Wav2Vec2(c, scope)
    }
  }

  /// All tensors of the folder's files.
  private static func stored(_ path: String) throws -> [(file: SafetensorsFile, name: String)] {
    let whole = "\(path)/model.safetensors"
    let index = "\(path)/model.safetensors.index.json"
    let manager = FileManager.default
    guard manager.fileExists(atPath: index) else {
      let file = try SafetensorsFile(path: whole)
      return file.names.map { (file, $0) }
    }
    if manager.fileExists(atPath: whole) {
      throw Failure(.badInput, "\(index): found beside model.safetensors; keep one of them")
    }
    guard let data = manager.contents(atPath: index),
      let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any],
      let map = object["weight_map"] as? [String: String]
    else { throw Failure(.badInput, "\(index): expected a JSON object with a weight_map of texts") }
    var stored: [(SafetensorsFile, String)] = []
    for shard in Set(map.values).sorted() {
      guard !shard.contains("/") else {
        throw Failure(.badInput, "\(index): \(shard): expected the name of a file in this folder")
      }
      let file = try SafetensorsFile(path: "\(path)/\(shard)")
      let listed = map.keys.filter { map[$0] == shard }.sorted()
      if listed != file.names {
        let missing = listed.first { !file.names.contains($0) }
        let extra = file.names.first { !listed.contains($0) }
        throw Failure(
          .badInput,
          missing.map {
            "\(file.source): \($0): missing, model.safetensors.index.json says it is here"
          }
            ?? "\(file.source): \(extra ?? ""): not in model.safetensors.index.json for this file")
      }
      stored += listed.map { (file, $0) }
    }
    return stored
  }

  /// The name that the encoder uses, or nil for a tensor that is no parameter of it.
  private static func current(_ name: String, _ configuration: EncoderConfiguration) -> String? {
    // Position numbers, offset tables, causal masks and a token that only pretraining uses.
    let tables = ["position_ids", "relative_position_index", "attn.bias", "attn.masked_bias"]
    if tables.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) { return nil }
    if name == "masked_spec_embed" || name == "embeddings.mask_token" { return nil }
    let older = [
      ("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"),
      ("conv.weight_g", "conv.parametrizations.weight.original0"),
      ("conv.weight_v", "conv.parametrizations.weight.original1"),
    ]
    for (old, new) in older where name.hasSuffix(old) {
      return String(name.dropLast(old.count)) + new
    }
    return name
  }
}
