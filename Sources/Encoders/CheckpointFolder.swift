import Autograd
import Determinism
import Foundation
import NN

/// An encoder's weights and configuration in the Hugging Face layout: `config.json` with `model.safetensors`, or with
/// several files that `model.safetensors.index.json` lists; where there are none, `pytorch_model.bin` in the same way.
///
/// Names are those of the encoder alone: what a task model puts before them is taken off, its other tensors and what
/// follows from the sizes are left out, and older spellings (`gamma`, `weight_g`) are read as the current ones. A weight whose
/// norm was not taken apart (`conv.weight`) is taken apart here.
public struct CheckpointFolder: Checkpoint {
  public let source: String
  public let names: [String]
  public let configuration: EncoderConfiguration
  private let places: [String: Place]
  /// Norms that stand in no file, because the weight is whole there.
  private let gains: Set<String>

  /// Where a tensor is: its file and its name there, and what it is called, which differs if it is shared.
  private struct Place {
    let file: any TensorFile
    let name: String
    let called: String

    init(_ file: any TensorFile, _ name: String, called: String? = nil) {
      self.file = file
      self.name = name
      self.called = called ?? name
    }
  }

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
    let isTaskModel = stored.contains { $0.called.hasPrefix(prefix) }
    var places: [String: Place] = [:]
    var gains: Set<String> = []
    for place in stored {
      guard !isTaskModel || place.called.hasPrefix(prefix) else { continue }
      let plain = isTaskModel ? String(place.called.dropFirst(prefix.count)) : place.called
      // A task's head may stand beside the encoder's own names.
      guard configuration.modules.contains(String(plain.prefix { $0 != "." })) else { continue }
      guard let name = Self.current(plain, configuration) else { continue }
      if name.hasSuffix(Self.direction), place.called.hasSuffix("conv.weight") {
        let gain = String(name.dropLast(Self.direction.count)) + Self.gain
        gains.insert(gain)
        places[gain] = place
      }
      if let other = places[name] {
        throw Failure(
          .badInput, "\(place.file.source): \(place.name): the same tensor as \(other.name)")
      }
      places[name] = place
    }
    self.places = places
    self.gains = gains
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
    let stored = try place.file.tensor(place.name)
    return gains.contains(name) ? stored.flatMap(Self.norms) : stored
  }

  /// What PyTorch's `weight_norm` calls the two parts of a convolution's weight.
  private static let (gain, direction) = (
    "conv.parametrizations.weight.original0", "conv.parametrizations.weight.original1"
  )

  /// The norm of a weight `[C, inputs, width]` at each place of its width: `[1, 1, width]`. With them as gains it is itself.
  private static func norms(_ weight: Tensor) -> Tensor? {
    guard weight.rank == 3 else { return weight }  // the shape is complained about where it is taken
    let width = weight.shape[2]
    var squares = [Double](repeating: 0, count: width)
    for (i, value) in weight.values.enumerated() { squares[i % width] += Double(value) * Double(value) }
    return Tensor(squares.map { Float($0.squareRoot()) }, [1, 1, width])
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

  /// The files of weights that may be there, the first that is counts.
  private static let forms: [(name: String, open: @Sendable (String) throws -> any TensorFile)] = [
    ("model.safetensors", { try SafetensorsFile(path: $0) }), ("pytorch_model.bin", { try TorchFile(path: $0) }),
  ]

  /// All tensors of the folder's files.
  private static func stored(_ path: String) throws -> [Place] {
    let manager = FileManager.default
    let found = forms.first {
      manager.fileExists(atPath: "\(path)/\($0.name)") || manager.fileExists(atPath: "\(path)/\($0.name).index.json")
    }
    let form = found ?? forms[0]
    let whole = "\(path)/\(form.name)"
    let index = "\(whole).index.json"
    guard manager.fileExists(atPath: index) else {
      let file = try form.open(whole)
      return file.names.map { Place(file, $0) }
        + file.aliases.sorted { $0.key < $1.key }.map { Place(file, $0.value, called: $0.key) }
    }
    if manager.fileExists(atPath: whole) {
      throw Failure(.badInput, "\(index): found beside \(form.name); keep one of them")
    }
    struct Index: Decodable {
      let map: [String: String]
      enum CodingKeys: String, CodingKey { case map = "weight_map" }
    }
    guard let map = try? JSONDecoder().decode(Index.self, from: Data(try InputFile.read(index))).map
    else { throw Failure(.badInput, "\(index): expected a JSON object with a weight_map of texts") }
    var stored: [Place] = []
    for shard in Set(map.values).sorted() {
      guard !shard.contains("/") else {
        throw Failure(.badInput, "\(index): \(shard): expected the name of a file in this folder")
      }
      let file = try form.open("\(path)/\(shard)")
      let listed = map.keys.filter { map[$0] == shard }.sorted()
      if listed != file.names {
        let missing = listed.first { !file.names.contains($0) }
        let extra = file.names.first { !listed.contains($0) }
        throw Failure(
          .badInput,
          missing.map {
            "\(file.source): \($0): missing, \(form.name).index.json says it is here"
          }
            ?? "\(file.source): \(extra ?? ""): not in \(form.name).index.json for this file")
      }
      stored += listed.map { Place(file, $0) }
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
      ("conv.weight_g", gain),
      ("conv.weight_v", direction), ("pos_conv_embed.conv.weight", "pos_conv_embed.\(direction)"),
    ]
    for (old, new) in older where name.hasSuffix(old) {
      return String(name.dropLast(old.count)) + new
    }
    return name
  }
}
