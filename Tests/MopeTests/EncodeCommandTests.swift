import Autograd
import Foundation
import NN
import TestSupport
import Testing

/// A small BERT's folder that a test may spoil, and inputs for it.
private struct Model {
  let folder: String
  var config: [String: Any]
  var tensors: [(name: String, tensor: Tensor)]

  init(_ fixture: String, _ name: String) throws {
    let stored = Fixture(fixture)
    folder = try temporaryPath("encode-\(name)")
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(stored.folder)/config.json"))
    config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let file = try stored.file("model.safetensors")
    tensors = try file.names.map { ($0, try file.require($0)) }
  }

  /// Writes the folder and the inputs, and encodes them.
  func encode(
    ids: [Int32] = [2, 5, 3], images: Tensor? = nil
  ) throws -> (code: Int32, errors: String, output: String) {
    try JSONSerialization.data(withJSONObject: config)
      .write(to: URL(fileURLWithPath: "\(folder)/config.json"))
    try SafetensorsWriter.write(tensors, to: "\(folder)/model.safetensors")
    let input = "\(folder)/input.safetensors"
    if let images {
      try SafetensorsWriter.write([("pixel_values", images)], to: input)
    } else {
      try SafetensorsWriter.write([], integers: [("input_ids", ids, [1, ids.count])], to: input)
    }
    let result = try Command("encode").mope(
      "encode", "--model", folder, "--input", input, "--output", "\(folder)/output.safetensors")
    return (result.code, result.errors, result.output)
  }
}

/// What `mope encode` says and ends with when its inputs are bad; the messages in full are tested with `CheckpointFolder`.
@Suite(.serialized) struct EncodeCommandTests {
  @Test func `a whole folder is encoded, with seconds, speed and memory`() throws {
    let model = try Model("bert", "whole")
    let result = try model.encode()
    #expect(result.code == 0, "\(result.errors)")
    for part in ["tokens/s", "inputs/s", "peak memory"] { #expect(result.output.contains(part)) }
    let states = try SafetensorsFile(path: "\(model.folder)/output.safetensors")
      .require("last_hidden_state")
    #expect(states.shape == [1, 3, 32])
  }

  @Test func `a folder or an input that is not there ends with 66`() throws {
    let result = try Command("encode").mope(
      "encode", "--model", "nowhere", "--input", "x.safetensors", "--output", "y.safetensors")
    #expect(result.code == 66)
    #expect(result.errors.contains("nowhere: no such folder"))
  }

  @Test func `weights that do not fit end with 65 and name file, tensor, expected and found`() throws {
    let name = "encoder.layer.1.output.dense.weight"
    var missing = try Model("bert", "missing")
    missing.tensors.removeAll { $0.name == name }
    var misshapen = try Model("bert", "misshapen")
    misshapen.tensors = misshapen.tensors.map {
      $0.name == name ? (name, $0.tensor.transposed(1, 0)) : $0
    }
    var contradiction = try Model("bert", "contradiction")
    contradiction.config["intermediate_size"] = 60
    var infinite = try Model("bert", "nan")
    infinite.tensors = infinite.tensors.map { $0.name == name ? (name, $0.tensor * .nan) : $0 }
    for (model, parts) in [
      (missing, ["\(name): missing, expected [32, 64]"]),
      (misshapen, ["\(name): expected [32, 64], found [64, 32]"]),
      (contradiction, ["\(name): expected [32, 60], found [32, 64]"]),
      (infinite, ["\(name): holds values that are not finite"]),
    ] {
      let result = try model.encode()
      #expect(result.code == 65)
      for part in parts + [model.folder] { #expect(result.errors.contains(part), "\(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: "\(model.folder)/output.safetensors"))
    }
  }

  /// Encodes a text with a small model and returns the shape of the states.
  private func encode(_ model: String, _ bytes: [UInt8]) throws -> (result: Command.Result, shape: [Int]?) {
    let root = try temporaryPath("encode-text")
    if !FileManager.default.fileExists(atPath: root) { try TinyCheckpoints.write(to: root) }
    let (text, output) = ("\(root)/text.txt", "\(root)/text.safetensors")
    try Data(bytes).write(to: URL(fileURLWithPath: text))
    try? FileManager.default.removeItem(atPath: output)
    let result = try Command("encode-text").mope(
      "encode", "--model", "\(root)/\(model)", "--text", text, "--output", output)
    return (result, try? SafetensorsFile(path: output).shape("last_hidden_state"))
  }

  @Test func `every line of a text is a row, however it ends and if it is empty`() throws {
    for text in ["A.\r\nB.\r\nC.\r\n", "A.\n\nC.", "\u{FEFF}A.\nB.\nC.\n"] {
      let (result, shape) = try encode("bert-base", Array(text.utf8))
      #expect(result.code == 0, "\(result.errors)")
      #expect(shape == [3, 4, 32])  // [CLS] letter . [SEP]
      #expect(result.errors.isEmpty)
    }
    let bad = try encode("bert-base", Array("A.\n".utf8) + [0xFF, 0xFE] + Array("\nC.\n".utf8)).result
    #expect(bad.code == 65)
    #expect(bad.errors.contains("text.txt: line 2: expected UTF-8"))
    let empty = try encode("gpt2", Array("A.\n\nC.\n".utf8)).result
    #expect(empty.code == 65)
    #expect(empty.errors.contains("text.txt: line 2: expected a text, found none"))
  }

  @Test func `a text is cut at the model's own positions, and that is said`() throws {
    let long = String(repeating: "a ", count: 100)
    let (result, shape) = try encode("bert-base", Array("b\n\(long)\n".utf8))
    #expect(result.code == 0, "\(result.errors)")
    #expect(shape == [2, 64, 32])
    #expect(
      result.errors.contains(
        "1 of 2 texts are longer than the model's 64 tokens and were cut; the first is line 2 with 102"))
    let image = try encode("vit-base-21k", Array("a\n".utf8)).result
    #expect(image.code == 65)
    #expect(image.errors.contains("--text expects a model of texts"))
  }

  @Test func `an unknown model_type ends with 65`() throws {
    var model = try Model("bert", "type")
    model.config["model_type"] = "t5"
    let result = try model.encode()
    #expect(result.code == 65)
    #expect(result.errors.contains("config.json: model_type") && result.errors.contains("\"t5\""))
  }

  @Test func `ids beyond the vocabulary and images of another size end with 65`() throws {
    let words = try Model("bert", "words").encode(ids: [2, 60, 3])
    #expect(words.code == 65)
    #expect(words.errors.contains("input_ids: 60 is beyond the vocabulary of 60"))
    let image = try Model("vit", "image").encode(images: .zeros([1, 3, 36, 32]))
    #expect(image.code == 65)
    #expect(
      image.errors.contains("pixel_values: expected [B, 3, 36, 36], found [1, 3, 36, 32]"))
  }

  @Test func `a benchmark of no network lists those there are`() throws {
    let none = try Command("bench").mope("bench", "--full-size", "--only", "ResNet")
    #expect(none.code == 5)
    #expect(none.errors.contains("Swin-B + BERT-base, training step"))
    #expect(try Command("bench").mope("bench", "--profile").code == 64)
  }
}
