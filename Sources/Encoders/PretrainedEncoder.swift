import Autograd
import Determinism
import NN

/// Whole numbers of a tensor, such as token ids.
public struct IntegerTensor {
  public let values: [Int]
  public let shape: [Int]

  public init(_ values: [Int], _ shape: [Int]) {
    self.values = values
    self.shape = shape
  }
}

/// What an encoder is called with, under transformers' argument names.
public struct EncoderInputs {
  /// Where they come from, for messages.
  public var source: String
  public var pixelValues: Tensor?  // [B, 3, height, width]
  public var inputValues: Tensor?  // [B, samples]
  public var inputIds: IntegerTensor?  // [B, N]
  public var attentionMask: IntegerTensor?  // [B, N], or [B, samples] with `inputValues`
  public var tokenTypeIds: IntegerTensor?  // [B, N]
  public var globalAttentionMask: IntegerTensor?  // [B, N]

  public init(source: String) { self.source = source }

  /// The tensors of a file: `pixel_values`, `input_values` as floats; `input_ids`, `attention_mask`, `token_type_ids`,
  /// `global_attention_mask` as integers.
  /// - Throws: `Failure(.badInput)` for any other name and for another type.
  public init(_ file: SafetensorsFile) throws {
    source = file.source
    for name in file.names {
      switch name {
      case "pixel_values": pixelValues = try file.tensor(name)
      case "input_values": inputValues = try file.tensor(name)
      case "input_ids": inputIds = try Self.integers(file, name)
      case "attention_mask": attentionMask = try Self.integers(file, name)
      case "token_type_ids": tokenTypeIds = try Self.integers(file, name)
      case "global_attention_mask": globalAttentionMask = try Self.integers(file, name)
      default: throw Failure(.badInput, "\(source): \(name): not an input of an encoder")
      }
    }
  }

  private static func integers(_ file: SafetensorsFile, _ name: String) throws -> IntegerTensor? {
    try file.integers(name).map { IntegerTensor($0.values, $0.shape) }
  }
}

/// What an encoder gives.
public struct EncoderOutputs {
  /// `last_hidden_state` of transformers: `[B, N, C]`
  public let lastHiddenState: Tensor
  /// `pooler_output`, where the model has one: `[B, C]`
  public let poolerOutput: Tensor?
}

/// An encoder as a folder has it, with its pooler if there is one, to be called with transformers' inputs.
public struct PretrainedEncoder {
  public let folder: CheckpointFolder
  public let store: ParameterStore
  private let encoder: any Encoder
  private let pooler: Linear?

  /// Reads all weights, frozen.
  /// - Throws: `Failure(.badInput)` with all tensors that do not fit.
  public init(_ folder: CheckpointFolder) throws {
    self.folder = folder
    store = ParameterStore(random: RandomStream(seed: 0))
    let root = store.root.frozen
    encoder = folder.encoder(root)
    let width = encoder.featureWidth
    pooler =
      folder.names.contains("pooler.dense.weight")
      ? Linear(
        width, width,
        root.loading(folder, ignoring: { !$0.hasPrefix("pooler.") }) / "pooler" / "dense") : nil
    try store.validate()
  }

  /// - Throws: `Failure(.badInput)` if an input is missing, has another shape than the model takes, or is not used by it.
  public func callAsFunction(_ inputs: EncoderInputs) throws -> EncoderOutputs {
    let checked = CheckedInputs(inputs, folder.source)
    switch encoder {
    case let model as ViT:
      let states = model.tokens(try checked.images(model.configuration.imageSize))
      return outputs(states)
    case let model as Swin:
      let states = model.tokens(try checked.images(model.configuration.imageSize))
      return EncoderOutputs(lastHiddenState: states, poolerOutput: mean(states, axis: 1))
    case let model as BERT:
      let c = model.configuration
      let text = try checked.text(
        vocabulary: c.vocabulary, positions: c.positions, alsoTakes: ["token_type_ids"])
      let segments = try checked.segments(c.segments, text)
      return outputs(model.tokens(text, .evaluation, segmentIds: segments))
    case let model as Longformer:
      let c = model.configuration
      let text = try checked.text(
        vocabulary: c.vocabulary, positions: c.longestText,
        alsoTakes: ["global_attention_mask"])
      return outputs(model.tokens(text, .evaluation, global: try checked.global(text)))
    case let model as GPT2:
      let c = model.configuration
      let text = try checked.text(vocabulary: c.vocabulary, positions: c.positions, alsoTakes: [])
      return outputs(model.tokens(text, .evaluation))
    case let model as Wav2Vec2:
      let (sounds, lengths) = try checked.sounds(model.configuration)
      return outputs(model.states(sounds, .evaluation, lengths: lengths))
    default: throw Failure(.internal, "\(folder.source): an encoder without a way to call it")
    }
  }

  /// The most tokens of a text, special ones included; nil for an encoder of images or sounds.
  public var longestText: Int? {
    switch folder.configuration {
    case .bert(let c): c.positions
    case .longformer(let c): c.longestText
    case .gpt2(let c): c.positions
    case .vit, .swin, .wav2vec2: nil
    }
  }

  private func outputs(_ states: Tensor) -> EncoderOutputs {
    let (b, _, c) = states.shape3
    let pooled = pooler.map { tanh($0(states.slice(0..<1, axis: 1).reshaped(b, c))) }
    return EncoderOutputs(lastHiddenState: states, poolerOutput: pooled)
  }
}

/// Inputs held against what a model takes.
private struct CheckedInputs {
  let inputs: EncoderInputs
  let model: String

  init(_ inputs: EncoderInputs, _ model: String) {
    self.inputs = inputs
    self.model = model
  }

  private func bad(_ name: String, _ what: String) -> Failure {
    Failure(.badInput, "\(inputs.source): \(name): \(what); the model is \(model)")
  }

  /// Refuses inputs that would be silently left out.
  private func allow(_ names: [String]) throws {
    let given: [(String, Bool)] = [
      ("pixel_values", inputs.pixelValues != nil), ("input_values", inputs.inputValues != nil),
      ("input_ids", inputs.inputIds != nil), ("attention_mask", inputs.attentionMask != nil),
      ("token_type_ids", inputs.tokenTypeIds != nil),
      ("global_attention_mask", inputs.globalAttentionMask != nil),
    ]
    if let extra = given.first(where: { $0.1 && !names.contains($0.0) }) {
      throw bad(extra.0, "not an input of this model, which takes \(names)")
    }
  }

  private func finite(_ name: String, _ tensor: Tensor?) throws -> Tensor {
    guard let tensor else { throw bad(name, "missing") }
    guard tensor.withElements({ $0.allSatisfy(\.isFinite) }) else {
      throw bad(name, "holds values that are not finite")
    }
    return tensor
  }

  func images(_ size: Int) throws -> Tensor {
    try allow(["pixel_values"])
    let images = try finite("pixel_values", inputs.pixelValues)
    guard images.rank == 4, images.shape[0] > 0, images.shape.dropFirst() == [3, size, size] else {
      throw bad("pixel_values", "expected [B, 3, \(size), \(size)], found \(images.shape)")
    }
    return images
  }

  func text(vocabulary: Int, positions: Int, alsoTakes: [String]) throws -> TokenIds {
    try allow(["input_ids", "attention_mask"] + alsoTakes)
    guard let ids = inputs.inputIds else { throw bad("input_ids", "missing") }
    guard ids.shape.count == 2, ids.shape.allSatisfy({ $0 > 0 }) else {
      throw bad("input_ids", "expected [B, N], found \(ids.shape)")
    }
    guard ids.shape[1] <= positions else {
      throw bad("input_ids", "\(ids.shape[1]) tokens a text, the model has \(positions) positions")
    }
    if let id = ids.values.first(where: { $0 < 0 || $0 >= vocabulary }) {
      throw bad("input_ids", "\(id) is beyond the vocabulary of \(vocabulary)")
    }
    let mask = try flags("attention_mask", inputs.attentionMask, ids.shape)
    let (b, n) = (ids.shape[0], ids.shape[1])
    for item in 0..<b {
      let row = mask.map { $0[item * n..<(item + 1) * n] } ?? []
      if mask != nil && row.first != 1 {
        throw bad(
          "attention_mask", "text \(item) begins with padding; padding has to follow the text")
      }
      if zip(row, row.dropFirst()).contains(where: { $0 < $1 }) {
        throw bad("attention_mask", "text \(item) goes on after padding")
      }
    }
    return TokenIds(
      ids: ids.values.map(Int32.init),
      mask: mask?.map(Float.init) ?? Array(repeating: 1, count: ids.values.count), batch: b,
      tokens: n)
  }

  func segments(_ count: Int, _ text: TokenIds) throws -> [Int32]? {
    guard let segments = inputs.tokenTypeIds else { return nil }
    try fit("token_type_ids", segments, [text.shape.batch, text.shape.tokens])
    if let id = segments.values.first(where: { $0 < 0 || $0 >= count }) {
      throw bad("token_type_ids", "\(id) is beyond the \(count) segments")
    }
    return segments.values.map(Int32.init)
  }

  /// The global tokens of each text; without a mask none, as in transformers.
  func global(_ text: TokenIds) throws -> [[Int]] {
    let (b, n) = text.shape
    guard let mask = try flags("global_attention_mask", inputs.globalAttentionMask, [b, n]) else {
      return Array(repeating: [], count: b)
    }
    return try (0..<b).map { item in
      let tokens = (0..<n).filter { mask[item * n + $0] == 1 }
      if let token = tokens.first(where: { text.mask[item * n + $0] == 0 }) {
        throw bad("global_attention_mask", "token \(token) of text \(item) is padding")
      }
      return tokens
    }
  }

  func sounds(_ c: Wav2Vec2Configuration) throws -> (Tensor, lengths: [Int]?) {
    try allow(["input_values", "attention_mask"])
    let sounds = try finite("input_values", inputs.inputValues)
    guard sounds.rank == 2, sounds.shape[0] > 0 else {
      throw bad("input_values", "expected [B, samples], found \(sounds.shape)")
    }
    let samples = sounds.shape[1]
    var lengths: [Int]?
    if let mask = try flags("attention_mask", inputs.attentionMask, sounds.shape) {
      lengths = try (0..<sounds.shape[0]).map { item in
        let row = mask[item * samples..<(item + 1) * samples]
        if zip(row, row.dropFirst()).contains(where: { $0 < $1 }) {
          throw bad("attention_mask", "sound \(item) goes on after padding")
        }
        return row.reduce(0, +)
      }
    }
    if let short = (lengths ?? [samples]).first(where: { c.frames(samples: $0) < 1 }) {
      throw bad("input_values", "a sound of \(short) samples is shorter than one frame")
    }
    return (sounds, lengths)
  }

  /// 0 and 1 of this shape, or nil if not given.
  private func flags(_ name: String, _ tensor: IntegerTensor?, _ shape: [Int]) throws -> [Int]? {
    guard let tensor else { return nil }
    try fit(name, tensor, shape)
    if let other = tensor.values.first(where: { $0 != 0 && $0 != 1 }) {
      throw bad(name, "expected 0 and 1, found \(other)")
    }
    return tensor.values
  }

  private func fit(_ name: String, _ tensor: IntegerTensor, _ shape: [Int]) throws {
    guard tensor.shape == shape else { throw bad(name, "expected \(shape), found \(tensor.shape)") }
  }
}
