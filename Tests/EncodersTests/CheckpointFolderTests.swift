import Autograd
import Determinism
import Encoders
import Foundation
import NN
import TestSupport
import Testing

/// A folder of this test process with a configuration and weights.
private func folder(
  _ name: String, config: [String: Any], files: [String: [(name: String, tensor: Tensor)]],
  index: [String: String]? = nil
) throws -> String {
  let path = try temporaryPath(name)
  try? FileManager.default.removeItem(atPath: path)
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try JSONSerialization.data(withJSONObject: config)
    .write(to: URL(fileURLWithPath: "\(path)/config.json"))
  for (file, tensors) in files { try SafetensorsWriter.write(tensors, to: "\(path)/\(file)") }
  if let index {
    try JSONSerialization.data(withJSONObject: ["weight_map": index])
      .write(to: URL(fileURLWithPath: "\(path)/model.safetensors.index.json"))
  }
  return path
}

/// The stored BERT: its configuration and weights.
private func storedBERT() throws -> (
  config: [String: Any], tensors: [(name: String, tensor: Tensor)]
) {
  let fixture = Fixture("bert")
  let data = try Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder)/config.json"))
  let config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  let file = try fixture.file("model.safetensors")
  return (config, try file.names.map { ($0, try file.require($0)) })
}

/// The message of the failure that `body` throws.
private func message(_ kind: Failure.Kind = .badInput, _ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch let failure as Failure {
    return failure.kind == kind ? failure.description : "\(failure.kind): \(failure)"
  } catch { return "\(error)" }
}

@Suite struct CheckpointFolderTests {
  @Test(arguments: ["vit", "swin", "bert", "longformer", "gpt2", "wav2vec2"])
  func `every architecture is read from its folder and called as transformers is`(
    _ name: String
  ) throws {
    let fixture = Fixture(name)
    let model = try PretrainedEncoder(CheckpointFolder(path: fixture.folder))
    let file = try fixture.file("case.safetensors")
    let inputs = try file.names.filter { $0.hasPrefix("input.") }.map {
      (name: String($0.dropFirst("input.".count)), stored: $0)
    }.map { ($0.name, try file.require($0.stored), try? file.integers($0.stored)) }
    let path = try temporaryPath("\(name)-inputs.safetensors")
    try SafetensorsWriter.write(
      inputs.filter { $0.2 == nil }.map { ($0.0, $0.1) },
      integers: inputs.compactMap { name, _, integers in
        integers.map { (name, $0.values.map(Int32.init), $0.shape) }
      }, to: path)
    let outputs = try model(EncoderInputs(SafetensorsFile(path: path)))
    let expected = try file.require("output.last_hidden_state")
    #expect(try #require(largestDifference(outputs.lastHiddenState, expected)) <= tolerance)
    let pooled = try file.tensor("output.pooler_output")
    #expect((pooled == nil) == (outputs.poolerOutput == nil))
    if let pooled {
      #expect(try #require(largestDifference(outputs.poolerOutput, pooled)) <= tolerance)
    }
  }

  @Test func `a task model in several files with older names is the same encoder`() throws {
    let (config, tensors) = try storedBERT()
    let renamed = tensors.map { name, tensor in
      (
        name: "bert."
          + name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
          .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta"), tensor: tensor
      )
    }
    let files = [
      "model-1.safetensors": Array(renamed.prefix(20)) + [("cls.bias", .zeros([3]))],
      "model-2.safetensors": Array(renamed.dropFirst(20)) + [
        ("bert.embeddings.position_ids", .zeros([1, 16]))
      ],
    ]
    var index: [String: String] = [:]
    for (file, tensors) in files { for tensor in tensors { index[tensor.name] = file } }
    let path = try folder("sharded", config: config, files: files, index: index)
    let model = try PretrainedEncoder(CheckpointFolder(path: path))
    let whole = try PretrainedEncoder(CheckpointFolder(path: Fixture("bert").folder))
    #expect(model.store.parameters.map(\.name) == whole.store.parameters.map(\.name))
    for (a, b) in zip(model.store.parameters, whole.store.parameters) {
      #expect(a.value.values == b.value.values, "\(a.name)")
    }
  }

  @Test func `files that are missing are named`() throws {
    let empty = try folder("empty", config: [:], files: [:])
    #expect(
      message(.missingInput) { _ = try CheckpointFolder(path: "\(empty)/none") }
        .contains("none: no such folder"))
    try FileManager.default.removeItem(atPath: "\(empty)/config.json")
    #expect(
      message(.missingInput) { _ = try CheckpointFolder(path: empty) }.contains(
        "config.json: no such"))
    let (config, _) = try storedBERT()
    let bare = try folder("bare", config: config, files: [:])
    #expect(
      message(.missingInput) { _ = try CheckpointFolder(path: bare) }
        .contains("model.safetensors: no such file"))
    let indexed = try folder(
      "indexed", config: config, files: [:], index: ["a.weight": "model-1.safetensors"])
    #expect(
      message(.missingInput) { _ = try CheckpointFolder(path: indexed) }
        .contains("model-1.safetensors: no such file"))
  }

  @Test func `an index that does not fit its files is an error`() throws {
    let (config, _) = try storedBERT()
    let files = ["one.safetensors": [(name: "a", tensor: Tensor(1)), ("b", Tensor(2))]]
    let without = try folder(
      "without", config: config, files: files, index: ["a": "one.safetensors"])
    #expect(message { _ = try CheckpointFolder(path: without) }.contains("b: not in model.safe"))
    let beyond = try folder(
      "beyond", config: config, files: files,
      index: ["a": "one.safetensors", "b": "one.safetensors", "c": "one.safetensors"])
    #expect(message { _ = try CheckpointFolder(path: beyond) }.contains("c: missing"))
  }

  @Test(arguments: [
    ("model_type", "t5" as any Sendable, "found \"t5\""),
    ("hidden_size", 30, "cannot be cut into 4 heads"),
    ("hidden_act", "relu", "only \"gelu\" is supported"),
    ("is_decoder", true, "only false is supported"),
    (
      "layer_norm_eps", "small",
      "layer_norm_eps: what is added to a variance: expected numbers from 0.0 to 1.0, found \"small\""
    ),
  ])
  func `a configuration that cannot be read is named`(
    _ change: (field: String, value: any Sendable, expected: String)
  ) throws {
    var (config, tensors) = try storedBERT()
    config[change.field] = change.value
    let path = try folder(
      "config-\(change.field)", config: config, files: ["model.safetensors": tensors])
    let found = message { _ = try CheckpointFolder(path: path) }
    #expect(found.contains("config.json: \(change.field)") || found.contains("config.json: hidden"))
    #expect(found.contains(change.expected), "\(found)")
    config[change.field] = nil
    let without = try folder(
      "config-without-\(change.field)", config: config, files: ["model.safetensors": tensors])
    if ["hidden_size", "model_type"].contains(change.field) {
      #expect(
        message { _ = try CheckpointFolder(path: without) }.contains(
          "config.json: \(change.field):"))
    }
  }

  /// A field of each kind in each architecture that has it, at values that are no size.
  static let absurd: [(fixture: String, field: String)] = [
    ("vit", "image_size"), ("vit", "patch_size"), ("vit", "hidden_size"), ("vit", "intermediate_size"),
    ("vit", "num_hidden_layers"), ("vit", "num_attention_heads"), ("swin", "embed_dim"), ("swin", "window_size"),
    ("swin", "image_size"), ("swin", "patch_size"), ("swin", "depths"), ("swin", "num_heads"), ("bert", "vocab_size"),
    ("bert", "max_position_embeddings"), ("bert", "type_vocab_size"), ("bert", "num_attention_heads"),
    ("longformer", "num_attention_heads"), ("longformer", "attention_window"), ("longformer", "num_hidden_layers"),
    ("longformer", "max_position_embeddings"), ("gpt2", "n_embd"), ("gpt2", "n_layer"), ("gpt2", "n_head"),
    ("gpt2", "n_inner"), ("gpt2", "n_positions"), ("gpt2", "vocab_size"), ("wav2vec2", "num_attention_heads"),
    ("wav2vec2", "num_conv_pos_embedding_groups"), ("wav2vec2", "num_conv_pos_embeddings"), ("wav2vec2", "conv_kernel"),
    ("wav2vec2", "conv_stride"), ("wav2vec2", "conv_dim"), ("wav2vec2", "hidden_size"),
  ]

  @Test(arguments: absurd)
  func `a number that is no size of an encoder is named with what it may be`(_ case: (fixture: String, field: String))
    throws
  {
    let (fixture, field) = `case`
    let stored = Fixture(fixture)
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(stored.folder)/config.json"))
    var config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let isList = config[field] is [Any]
    for value in ["-1", "0", "9223372036854775807", "1e300", "2.5", "true", "\"8\""] {
      config[field] = "VALUE"
      let text = String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self)
      let path = try temporaryPath("absurd-\(fixture)-\(field).json")
      try AtomicFile.write(
        text.replacingOccurrences(of: "\"VALUE\"", with: isList ? "[\(value), 4]" : value), to: path)
      let found = message { _ = try EncoderConfiguration(file: path) }
      #expect(found.contains("\(field): ") && found.contains("expected whole numbers from "), "\(value): \(found)")
    }
  }

  @Test func `sizes that are each possible and together beyond the weights are refused before they are made`() throws {
    var (config, tensors) = try storedBERT()
    config["vocab_size"] = 4_000_000
    config["hidden_size"] = 16_384
    config["intermediate_size"] = 131_072
    let path = try folder("enormous", config: config, files: ["model.safetensors": tensors])
    #expect(
      message { _ = try PretrainedEncoder(CheckpointFolder(path: path)) }.contains("config.json: describes about"))
  }

  @Test func `what a configuration leaves out is what transformers takes`() throws {
    var (config, tensors) = try storedBERT()
    for field in ["layer_norm_eps", "type_vocab_size", "hidden_dropout_prob", "attention_probs_dropout_prob"] {
      config[field] = nil
    }
    let path = try folder("defaults", config: config, files: ["model.safetensors": tensors])
    guard case .bert(let found) = try CheckpointFolder(path: path).configuration else {
      Issue.record("no BERT")
      return
    }
    #expect(found.epsilon == 1e-12 && found.segments == 2)
    #expect(found.hiddenDropout == 0.1 && found.attentionDropout == 0.1)
  }

  @Test func `weights that contradict the configuration are named`() throws {
    var (config, tensors) = try storedBERT()
    func problems(_ name: String) throws -> String {
      let path = try folder(name, config: config, files: ["model.safetensors": tensors])
      return message { _ = try PretrainedEncoder(CheckpointFolder(path: path)) }
    }
    config["num_hidden_layers"] = 2
    #expect(
      try problems("fewer").contains("encoder.layer.2.output.dense.weight: unexpected tensor"))
    config["num_hidden_layers"] = 4
    #expect(
      try problems("more").contains(
        "encoder.layer.3.output.dense.weight: missing, expected [32, 64]"))
    config["num_hidden_layers"] = 3
    config["intermediate_size"] = 60
    #expect(
      try problems("narrower").contains(
        "encoder.layer.0.intermediate.dense.weight: expected [60, 32], found [64, 32]"))
    config["intermediate_size"] = 64
    tensors[3].tensor = tensors[3].tensor * .infinity
    #expect(
      try problems("infinite").contains("\(tensors[3].name): holds values that are not finite"))
  }

  @Test func `inputs that do not fit the model are named`() throws {
    let bert = try PretrainedEncoder(CheckpointFolder(path: Fixture("bert").folder))
    func problem(_ change: (inout EncoderInputs) -> Void) -> String {
      var inputs = EncoderInputs(source: "given")
      inputs.inputIds = IntegerTensor([2, 5, 6, 2, 7, 0], [2, 3])
      change(&inputs)
      return message { _ = try bert(inputs) }
    }
    #expect(problem { $0.inputIds = nil }.contains("input_ids: missing"))
    #expect(
      problem { $0.inputIds = IntegerTensor([2, 60], [1, 2]) }
        .contains("given: input_ids: 60 is beyond the vocabulary of 60"))
    #expect(
      problem { $0.inputIds = IntegerTensor(Array(repeating: 3, count: 17), [1, 17]) }
        .contains("17 tokens a text, the model has 16 positions"))
    #expect(
      problem { $0.attentionMask = IntegerTensor([1, 1], [1, 2]) }
        .contains("attention_mask: expected [2, 3], found [1, 2]"))
    #expect(
      problem { $0.attentionMask = IntegerTensor([1, 1, 1, 1, 0, 1], [2, 3]) }
        .contains("text 1 goes on after padding"))
    #expect(
      problem { $0.tokenTypeIds = IntegerTensor([0, 0, 2, 0, 0, 0], [2, 3]) }
        .contains("token_type_ids: 2 is beyond the 2 segments"))
    #expect(problem { $0.pixelValues = .zeros([1]) }.contains("pixel_values: not an input of this"))

    let vit = try PretrainedEncoder(CheckpointFolder(path: Fixture("vit").folder))
    var images = EncoderInputs(source: "given")
    images.pixelValues = .zeros([1, 3, 36, 32])
    #expect(
      message { _ = try vit(images) }.contains("expected [B, 3, 36, 36], found [1, 3, 36, 32]"))
    images.pixelValues = .full([1, 3, 36, 36], .nan)
    #expect(message { _ = try vit(images) }.contains("not finite"))

    let sound = try PretrainedEncoder(CheckpointFolder(path: Fixture("wav2vec2").folder))
    var sounds = EncoderInputs(source: "given")
    sounds.inputValues = .zeros([1, 12])
    #expect(message { _ = try sound(sounds) }.contains("12 samples is shorter than one frame"))
  }
}
