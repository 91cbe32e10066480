import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct PromptFuseTests {
  let batch = Batch.random(3)

  private func model(_ configuration: PromptFuseConfiguration) throws -> PromptFuse {
    try PromptFuse(
      configuration, vision: visionPlan(.frozen, Sizes.wideViT), text: textPlan(), outputs: 3,
      random: RandomStream(seed: 9))
  }

  /// Prompts that see each other alone go their own way through the layers, the same for every text.
  @Test func `blind prompts are deep prompts that the encoder makes of the input's`() throws {
    let model = try model(
      PromptFuseConfiguration(
        placement: .blindInput, length: 5, normalizesInput: false, keepsEncoderDropout: false))
    let (vision, bert, _) = frozenEncoders(9)
    let prompts = try #require(model.store.named("text.promptfuse.prompts")).value
    var states: [Tensor] = []
    let alone = TokenState(tokens: prompts.repeated(1), bias: nil)
    _ = bert.run(0..<4, alone, watching: { states.append($1) }, .evaluation)
    let image = vision.feature(batch, .evaluation, prompts: nil).reshaped(3, 1, 24)
    let expected = bert.feature(
      of: bert.input(batch, .evaluation).inserting(image, at: 1),
      prompts: { states[$0.index].reshaped(5, 24).repeated(3) }, .evaluation)
    let found = model(batch, .evaluation).feature
    #expect((largestDifference(found, expected) ?? .infinity) <= reorderingTolerance)
    let seeing = try self.model(
      PromptFuseConfiguration(
        placement: .input, length: 5, normalizesInput: false, keepsEncoderDropout: false))
    #expect((largestDifference(seeing(batch, .evaluation).feature, expected) ?? 0) > 1e-3)
  }

  @Test func `deep prompts stand beside the image's token in every layer`() throws {
    let model = try model(.deep)
    let (vision, bert, _) = frozenEncoders(9)
    let image = vision.feature(batch, .evaluation, prompts: nil).reshaped(3, 1, 24)
    let prompts = try (0..<4).map {
      try #require(model.store.named("text.promptfuse.prompts.\($0)")).value
    }
    let expected = bert.feature(
      of: bert.input(batch, .evaluation).inserting(image, at: 1),
      prompts: { prompts[$0.index].repeated(3) }, .evaluation)
    #expect(
      (largestDifference(model(batch, .evaluation).feature, expected) ?? .infinity)
        <= reorderingTolerance)
  }

  @Test func `input prompts start as words and their norm as the embedding's`() throws {
    let model = try model(.original)
    let prompts = try #require(model.store.named("text.promptfuse.prompts")).value
    let (_, bert, _) = frozenEncoders(9)
    let words = (0..<20).map { bert.wordVectors([Int32($0)]).values }
    for i in 0..<20 { #expect(words.contains(prompts.slice(i..<i + 1).values), "prompt \(i)") }
    for name in ["prompt_norm", "image_norm"] {
      for (part, expected) in [("weight", bert.norm.weight), ("bias", bert.norm.bias)] {
        let parameter = try #require(model.store.named("text.promptfuse.\(name).\(part)"))
        #expect(parameter.value.values == expected.value.values)
      }
    }
  }

  @Test func `more prompts than positions are a failure that says so`() {
    var configuration = PromptFuseConfiguration.original
    configuration.length = 31
    #expect(throws: Failure.self) { try model(configuration) }
  }
}
