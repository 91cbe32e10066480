import Autograd
import Determinism
import Encoders
import NN
import TestSupport
import Testing

/// Floats of two programs that sum in different orders: a few dozen roundings of 6e-8.
let tolerance = 2e-5

/// Holds every gradient of Σ output · cotangent against the stored ones, by checkpoint name.
func expectGradients(
  _ gradients: Gradients, _ store: ParameterStore, _ file: SafetensorsFile, ignoring: [String] = []
) throws {
  var compared: Set<String> = []
  for parameter in store.parameters {
    let gradient = try #require(gradients[parameter], "\(parameter.name)")
    let rows = gradient.shape[0] / parameter.parts.count
    for (i, part) in parameter.parts.enumerated() {
      let expected = try file.require("grad.\(part)")
      let found = parameter.parts.count == 1 ? gradient : gradient.slice(i * rows..<(i + 1) * rows)
      let error = try #require(largestDifference(found, expected), "\(part)")
      // The gradient of a key bias is 0 up to rounding: softmax does not see a constant. Compare it absolutely.
      let isKeyBias =
        part.hasSuffix("key.bias") || part.hasSuffix("k_proj.bias")
        || part.hasSuffix("key_global.bias")
      let bound = isKeyBias ? 1e-3 : 5 * tolerance
      let size = expected.values.reduce(0) { max($0, abs($1)) }
      #expect(isKeyBias ? error * Double(size) <= bound : error <= bound, "\(part)")
      compared.insert("grad.\(part)")
    }
  }
  let stored = file.names.filter { $0.hasPrefix("grad.") && !ignoring.contains($0) }
  #expect(Set(stored) == compared)
}

func tokenIds(_ file: SafetensorsFile) throws -> (text: TokenIds, segments: [Int32]?) {
  let ids = try #require(try file.integers("input.input_ids"))
  let mask = try #require(try file.integers("input.attention_mask"))
  let text = TokenIds(
    ids: ids.values.map(Int32.init), mask: mask.values.map(Float.init), batch: ids.shape[0],
    tokens: ids.shape[1])
  return (text, try file.integers("input.token_type_ids")?.values.map(Int32.init))
}

@Suite struct ViTParityTests {
  let fixture = Fixture("vit")

  private func model(pools: Bool = false) throws -> (ViT, ParameterStore) {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let weights = try fixture.file("model.safetensors")
    let scope = store.root.loading(weights, ignoring: { $0.hasPrefix("pooler.") && !pools })
    let model = ViT(try fixture.configuration(ViTConfiguration.self), pools: pools, scope)
    try store.validate()
    return (model, store)
  }

  @Test func `states of every layer and all gradients equal transformers'`() throws {
    let (model, store) = try model()
    let file = try fixture.file("case.safetensors")
    var states: [Tensor] = []
    let output = model.tokens(
      try file.require("input.pixel_values"), watching: { states.append($1) })
    for (i, state) in states.enumerated() {
      let error = try #require(largestDifference(state, try file.require("hidden.\(i)")))
      #expect(error <= tolerance, "hidden state \(i)")
    }
    #expect(states.count == model.configuration.layers + 1)
    let error = try #require(
      largestDifference(output, try file.require("output.last_hidden_state")))
    #expect(error <= tolerance)
    try expectGradients(
      output.backward(try file.require("cotangent")), store, file,
      ignoring: file.names.filter { $0.hasPrefix("grad.pooler") || $0.hasPrefix("grad.input") })
  }

  @Test func `deep prompts behind [CLS] equal prompts as tokens whose outputs are dropped`() throws {
    let (model, _) = try model()
    let file = try fixture.file("prompted.safetensors")
    let images = try fixture.file("case.safetensors").require("input.pixel_values")
    let prompts = try (0..<model.configuration.layers).map {
      try file.require("prompt.\($0)").variable
    }
    let output = model.tokens(images, prompts: { prompts[$0.index].repeated(images.shape[0]) })
    let expected = try file.require("output.last_hidden_state")
    #expect(try #require(largestDifference(output, expected)) <= tolerance)
    let gradients = output.backward(try file.require("cotangent"))
    for (i, prompt) in prompts.enumerated() {
      let expected = try file.require("grad.prompt.\(i)")
      #expect(try #require(largestDifference(gradients[prompt], expected)) <= 5 * tolerance)
    }
  }

  @Test func `the pooler's output equals transformers'`() throws {
    let (model, _) = try model(pools: true)
    let file = try fixture.file("case.safetensors")
    let images = try file.require("input.pixel_values")
    let batch = Batch(size: images.shape[0], images: images)
    let feature = model.feature(batch, .evaluation, prompts: nil)
    let expected = try file.require("output.pooler_output")
    #expect(try #require(largestDifference(feature, expected)) <= tolerance)
  }

  @Test func `the last [CLS] alone equals the first of all tokens`() throws {
    let (model, _) = try model()
    let images = try fixture.file("case.safetensors").require("input.pixel_values")
    let all = model.tokens(images).slice(0..<1, axis: 1)
    #expect(try #require(largestDifference(model.tokens(images, onlyCLS: true), all)) <= tolerance)
  }
}

@Suite struct BERTParityTests {
  let fixture = Fixture("bert")

  private func model(_ output: TextFeature) throws -> (BERT, ParameterStore) {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let weights = try fixture.file("model.safetensors")
    let scope = store.root.loading(weights, ignoring: { $0.hasPrefix("pooler.") && output == .cls })
    let model = BERT(try fixture.configuration(BERTConfiguration.self), output: output, scope)
    try store.validate()
    return (model, store)
  }

  @Test func `states of every layer and all gradients equal transformers', padding included`()
    throws
  {
    let (model, store) = try model(.cls)
    let file = try fixture.file("case.safetensors")
    let (text, segments) = try tokenIds(file)
    var states: [Tensor] = []
    let output = model.tokens(
      text, .evaluation, segmentIds: segments, watching: { states.append($1) })
    for (i, state) in states.enumerated() {
      let error = try #require(largestDifference(state, try file.require("hidden.\(i)")))
      #expect(error <= tolerance, "hidden state \(i)")
    }
    let error = try #require(
      largestDifference(output, try file.require("output.last_hidden_state")))
    #expect(error <= tolerance)
    try expectGradients(
      output.backward(try file.require("cotangent")), store, file,
      ignoring: file.names.filter { $0.hasPrefix("grad.pooler") || $0.hasPrefix("grad.input") })
  }

  @Test func `the pooler's output equals transformers'`() throws {
    let (model, _) = try model(.pooler)
    let file = try fixture.file("case.safetensors")
    let (text, segments) = try tokenIds(file)
    guard segments?.allSatisfy({ $0 == 0 }) ?? true else { return }
    let batch = Batch(size: text.shape.batch, text: text)
    let feature = model.feature(batch, .evaluation, prompts: nil)
    let expected = try file.require("output.pooler_output")
    #expect(try #require(largestDifference(feature, expected)) <= tolerance)
  }

  @Test func `deep prompts behind [CLS] equal prompts as tokens whose outputs are dropped`() throws {
    let (model, _) = try model(.cls)
    let file = try fixture.file("prompted.safetensors")
    let (text, segments) = try tokenIds(try fixture.file("case.safetensors"))
    let prompts = try (0..<model.configuration.layers).map {
      try file.require("prompt.\($0)").variable
    }
    let output = model.tokens(
      text, .evaluation, segmentIds: segments,
      prompts: { prompts[$0.index].repeated(text.shape.batch) })
    let expected = try file.require("output.last_hidden_state")
    #expect(try #require(largestDifference(output, expected)) <= tolerance)
    let gradients = output.backward(try file.require("cotangent"))
    for (i, prompt) in prompts.enumerated() {
      let expected = try file.require("grad.prompt.\(i)")
      #expect(try #require(largestDifference(gradients[prompt], expected)) <= 5 * tolerance)
    }
  }
}
