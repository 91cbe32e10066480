import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

/// What must hold for prompts in any encoder (METHOD.md §16).
@Suite struct PromptTests {
  let batch = Batch.random(4)

  private func encoders() -> [any Encoder] {
    let store = ParameterStore(random: RandomStream(seed: 3))
    return [
      ViT(Sizes.tinyViT, (store.root / "vision").frozen),
      BERT(Sizes.tinyBERT, (store.root / "text").frozen),
    ]
  }

  /// Prompts for block i of an encoder, in any order of their tokens.
  private func prompts(_ encoder: any Encoder, order: [Int]) -> PromptSource {
    { input in
      let width = encoder.blockWidths[input.index]
      var random = RandomStream(seed: 17).stream(input.index)
      let values = (0..<order.count * width).map { _ in Float(random.normal()) }
      return Tensor(values, [order.count, width]).gather(order.map(Int32.init)).repeated(batch.size)
    }
  }

  @Test func `the order of the prompts does not matter`() {
    for encoder in encoders() {
      let first = encoder.feature(
        batch, .evaluation, prompts: prompts(encoder, order: Array(0..<13)))
      let order = RandomStream(seed: 1).shuffled(13)
      let second = encoder.feature(batch, .evaluation, prompts: prompts(encoder, order: order))
      #expect((largestDifference(first, second) ?? .infinity) <= reorderingTolerance)
      let plain = encoder.feature(batch, .evaluation, prompts: nil)
      #expect((largestDifference(first, plain) ?? 0) > 0.01, "the prompts have no effect")
    }
  }

  @Test func `without prompts MoPE is its plain main encoder and a head`() throws {
    let plain = try SingleModality(
      visionPlan(), outputs: 3, promptDropout: 0, random: RandomStream(seed: 7))
    let empty = try MoPE(
      configured { $0.prompts = [] }, main: visionPlan(), complementary: textPlan(), outputs: 3,
      random: RandomStream(seed: 7))
    let expected = plain(batch, .evaluation)
    let found = empty(batch, .evaluation)
    #expect(found.feature.values == expected.feature.values)
    #expect(found.logits.values == expected.logits.values)
    #expect(found.routing.isEmpty)
  }

  @Test func `one expert is a static prompt`() throws {
    let random = RandomStream(seed: 7)
    let dynamic = try MoPE(
      configured {
        $0.prompts = .dynamic
        $0.experts = 1
      }, main: visionPlan(), complementary: textPlan(), outputs: 3, random: random)
    let fixed = try MoPE(
      configured { $0.prompts = .fixed }, main: visionPlan(), complementary: textPlan(), outputs: 3,
      random: random)
    for block in 0..<Sizes.tinyViT.layers {
      let expert = try #require(dynamic.store.named("mope.experts.\(block)")).value
      let target = try #require(fixed.store.named("mope.static.\(block)")).value
      target.overwrite(with: expert.reshaped(to: target.shape))
    }
    #expect(dynamic(batch, .evaluation).logits.values == fixed(batch, .evaluation).logits.values)
  }

  @Test func `the dynamic prompt steers with the text, the static prompt does not`() throws {
    let samples = (0..<3).map { Sample(seed: UInt64($0)) }
    let changed = samples.map { Sample(image: $0.image, text: [2, 9, 9, 9, 9, 3]) }
    for (prompts, steers) in [(PromptKinds.fixed, false), (.dynamic, true), (.mapped, true)] {
      let model = try MoPE(
        configured { $0.prompts = prompts }, main: visionPlan(), complementary: textPlan(),
        outputs: 3, random: RandomStream(seed: 7))
      let first = model(Batch(samples), .evaluation).logits.values
      let second = model(Batch(changed), .evaluation).logits.values
      #expect((first != second) == steers, "\(prompts)")
    }
  }

  @Test func `prompts start uniform within the encoder's bound`() throws {
    let model = try MoPE(
      MoPEConfiguration(), main: visionPlan(), complementary: textPlan(prompts: 4), outputs: 3,
      random: RandomStream(seed: 7))
    // ViT: √(6 / (3·4² + 16)); BERT: 0.3
    let vision = Float(6.0 / 64).squareRoot()
    let bounds = [("mope.static.0", vision), ("mope.experts.2", vision), ("text.prompts.1", 0.3)]
    for (name, bound) in bounds {
      let largest = try #require(model.store.named(name)).value.values.map(abs).max() ?? 0
      #expect(largest <= bound && largest > 0.8 * bound, "\(name)")
    }
  }
}

extension RandomStream {
  fileprivate func shuffled(_ count: Int) -> [Int] {
    var stream = self
    return stream.permutation(count)
  }
}
