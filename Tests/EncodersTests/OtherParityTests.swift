import Autograd
import Determinism
import Encoders
import NN
import TestSupport
import Testing

/// Holds hidden states against the stored ones; stored ones may go on with padding.
private func expectStates(_ states: [Tensor], _ file: SafetensorsFile, tokens: Int) throws {
  #expect(!states.isEmpty && !file.names.contains("hidden.\(states.count)"))
  for (i, state) in states.enumerated() {
    let expected = try file.require("hidden.\(i)").slice(0..<tokens, axis: 1)
    #expect(try #require(largestDifference(state, expected)) <= tolerance, "hidden state \(i)")
  }
}

private func expectOutput(_ output: Tensor, _ file: SafetensorsFile) throws {
  let expected = try file.require("output.last_hidden_state")
  #expect(try #require(largestDifference(output, expected)) <= tolerance)
}

@Suite struct GPT2ParityTests {
  let fixture = Fixture("gpt2")

  @Test func `states of every layer and all gradients equal transformers', padding included`()
    throws
  {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let model = GPT2(
      try fixture.configuration(GPT2Configuration.self),
      store.root.loading(try fixture.file("model.safetensors")))
    try store.validate()
    let file = try fixture.file("case.safetensors")
    let (text, _) = try tokenIds(file)
    var states: [Tensor] = []
    let output = model.tokens(text, .evaluation, watching: { states.append($1) })
    try expectStates(states, file, tokens: text.shape.tokens)
    try expectOutput(output, file)
    try expectGradients(output.backward(try file.require("cotangent")), store, file)

    let last = model.feature(Batch(size: 2, text: text), .evaluation, prompts: nil)
    let rows = [10, 11 + 7].map { output.reshaped(22, 32).slice($0..<$0 + 1) }
    #expect(last.values == concatenated(rows, axis: 0).values)
  }

  @Test func `a token does not see later ones, but all prompts`() throws {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let model = GPT2(try fixture.configuration(GPT2Configuration.self), store.root)
    func output(_ ids: [Int32], _ prompt: Float) -> [Float] {
      let text = TokenIds(ids: ids, mask: [1, 1, 1], batch: 1, tokens: 3)
      let states = model.tokens(
        text, .evaluation,
        prompts: { _ in
          Tensor((0..<32).map { prompt * Float($0 % 5) }, [1, 1, 32])
        })
      return states.slice(0..<2, axis: 1).values
    }
    #expect(output([3, 4, 5], 1) == output([3, 4, 6], 1))
    #expect(output([3, 4, 5], 1) != output([3, 4, 5], -1))
  }
}

@Suite struct LongformerParityTests {
  let fixture = Fixture("longformer")

  private func model(_ output: TextFeature) throws -> (Longformer, ParameterStore) {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let weights = try fixture.file("model.safetensors")
    let scope = store.root.loading(weights, ignoring: { $0.hasPrefix("pooler.") && output == .cls })
    let model = Longformer(
      try fixture.configuration(LongformerConfiguration.self), output: output, scope)
    try store.validate()
    return (model, store)
  }

  @Test(arguments: ["case", "case-odd-length"])
  func `states of every layer and all gradients equal transformers', padding included`(
    _ name: String
  ) throws {
    let (model, store) = try model(.cls)
    let file = try fixture.file("\(name).safetensors")
    let (text, _) = try tokenIds(file)
    var states: [Tensor] = []
    let output = model.tokens(
      text, .evaluation, global: [[0], [0]], watching: { states.append($1) })
    try expectStates(states, file, tokens: text.shape.tokens)
    try expectOutput(output, file)
    guard name == "case" else { return }  // the other has no gradients
    try expectGradients(output.backward(try file.require("cotangent")), store, file)
  }

  @Test func `the pooler's output equals transformers'`() throws {
    let (model, _) = try model(.pooler)
    let file = try fixture.file("case.safetensors")
    let batch = Batch(size: 2, text: try tokenIds(file).text)
    let feature = model.feature(batch, .evaluation, prompts: nil)
    let expected = try file.require("output.pooler_output")
    #expect(try #require(largestDifference(feature, expected)) <= tolerance)
  }

  @Test func `only biases train in BitFit`() throws {
    let store = ParameterStore(random: RandomStream(seed: 0))
    _ = Longformer(
      try fixture.configuration(LongformerConfiguration.self),
      Tuning.biases.apply(to: store.root))
    // Per layer: query, key, value, their global twins, projection, norm, up, down, norm; before: one norm.
    #expect(store.trainableCount == 32 + 2 * (6 * 32 + 32 + 32 + 64 + 32 + 32))
    #expect(store.trainable.allSatisfy { $0.name.hasSuffix("bias") })
  }
}

@Suite struct Wav2Vec2ParityTests {
  let fixture = Fixture("wav2vec2")

  private func expectParity(_ name: String, lengths: [Int]?) throws {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let weights = try fixture.file("model.safetensors")
    let model = Wav2Vec2(
      try fixture.configuration(Wav2Vec2Configuration.self),
      store.root.loading(weights, ignoring: { $0 == "masked_spec_embed" }))
    try store.validate()
    let file = try fixture.file("\(name).safetensors")
    let sounds = try file.require("input.input_values")
    var states: [Tensor] = []
    let output = model.states(
      sounds, .evaluation, lengths: lengths,
      watching: { name, state in
        if let index = Int(name) {
          #expect(index == states.count)
          states.append(state)
        } else if let stored = try? file.require(name) {
          let expected = name == "features" ? stored.transposed(0, 2, 1) : stored
          #expect(largestDifference(state, expected) ?? 1 <= tolerance, "\(name)")
        } else {
          Issue.record("\(name) is not stored")
        }
      })
    try expectStates(states, file, tokens: 20)
    try expectOutput(output, file)
    if lengths == nil {
      try expectGradients(output.backward(try file.require("cotangent")), store, file)
    }
  }

  @Test func `states of every layer and all gradients equal transformers'`() throws {
    try expectParity("case", lengths: nil)
  }

  @Test func `states equal transformers' with a padded sound`() throws {
    try expectParity("case-masked", lengths: [420, 250])
  }

  @Test func `the feature of a sound does not depend on how long the others of its batch are`()
    throws
  {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let model = Wav2Vec2(try fixture.configuration(Wav2Vec2Configuration.self), store.root)
    var random = RandomStream(seed: 3)
    let lengths = [420, 250, 331]
    let sounds = lengths.map { length in (0..<length).map { _ in Float(random.normal()) } }
    let padded = sounds.flatMap { $0 + [Float](repeating: 0, count: 420 - $0.count) }
    func prompts(_ b: Int) -> PromptSource {
      { _ in
        Tensor((0..<b * 2 * model.featureWidth).map { Float($0 % model.featureWidth % 3) }, [b, 2, model.featureWidth])
      }
    }
    let together = model.feature(
      Batch(size: 3, audio: Tensor(padded, [3, 420]), audioLengths: lengths), .evaluation,
      prompts: prompts(3))
    for (i, sound) in sounds.enumerated() {
      let alone = model.feature(
        Batch(size: 1, audio: Tensor(sound, [1, sound.count])), .evaluation, prompts: prompts(1))
      let error = try #require(largestDifference(together.slice(i..<i + 1), alone))
      #expect(error <= tolerance, "\(sound.count) samples")
    }
  }

  @Test func `the shortest sound gives one state`() {
    let c = Wav2Vec2Configuration.base
    #expect(c.shortestSound == 400)
    #expect(c.frames(samples: 400) == 1 && c.frames(samples: 399) <= 0)
  }
}

@Suite struct BagOfWordsTests {
  @Test func `the feature is a linear map of the mean word vector, without padding`() throws {
    let words = try Fixture("bert").file("model.safetensors")
    let store = ParameterStore(random: RandomStream(seed: 0))
    let model = BagOfWords(
      BagOfWordsConfiguration(vocabulary: 60, width: 32), vectors: words, store.root)
    try store.validate()
    #expect(store.trainableCount == 60 * 32 + 32 * 32 + 32)
    let text = TokenIds(padding: [[5, 9, 7], [8]], with: 0)
    let feature = model.feature(Batch(size: 2, text: text), .evaluation, prompts: nil)

    let table = try words.require("embeddings.word_embeddings.weight")
    let vectors = [[5, 9, 7], [8]].map { mean(table.gather($0), axis: 0).reshaped(1, 32) }
    let weight = try #require(store.parameters.first { $0.name == "projection.weight" }).value
    let bias = try #require(store.parameters.first { $0.name == "projection.bias" }).value
    let expected = linear(concatenated(vectors, axis: 0), weight, bias)
    #expect(try #require(largestDifference(feature, expected)) <= tolerance)
  }
}
