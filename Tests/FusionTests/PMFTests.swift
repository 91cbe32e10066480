import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct PMFTests {
  private func model() throws -> PMF {
    try PMF(
      PMFConfiguration(), visionPlan(), textPlan(), outputs: 3, random: RandomStream(seed: 9))
  }

  /// The feature is the image's [CLS], 16 wide, and the text's, 24 wide.
  @Test func `each stream hears the other`() throws {
    let model = try model()
    let samples = (0..<2).map { Sample(seed: UInt64($0)) }
    func parts(_ samples: [Sample]) -> [[Float]] {
      let feature = model(Batch(samples), .evaluation).feature
      return [feature.slice(0..<16, axis: 1).values, feature.slice(16..<40, axis: 1).values]
    }
    let before = parts(samples)
    let otherTexts = parts(samples.map { Sample(image: $0.image, text: [2, 9, 8, 7, 6, 3]) })
    #expect(otherTexts[0] != before[0])
    let stranger = Sample(seed: 77)
    let otherImages = parts(samples.map { Sample(image: stranger.image, text: $0.text) })
    #expect(otherImages[1] != before[1])
  }

  @Test func `logits are the mean of both heads'`() throws {
    let model = try model()
    let output = model(.random(2), .evaluation)
    let heads = try [("vision", 0..<16), ("text", 16..<40)].map { name, columns in
      linear(
        output.feature.slice(columns, axis: 1),
        try #require(model.store.named("\(name).head.weight")).value,
        try #require(model.store.named("\(name).head.bias")).value)
    }
    let expected = 0.5 * (heads[0] + heads[1])
    #expect((largestDifference(output.logits, expected) ?? .infinity) <= reorderingTolerance)
  }

  /// Written out with the encoders' layers: extra tokens are inserted and cut out again (METHOD.md §9.6).
  @Test func `a fusion layer asks, translates and listens`() throws {
    let model = try PMF(
      PMFConfiguration(), visionPlan(.frozen, Sizes.wideViT), textPlan(), outputs: 3,
      random: RandomStream(seed: 9))
    let batch = Batch.random(3)
    let (vision, bert, _) = frozenEncoders(9)
    let reference = PMFLayers(store: model.store)
    var image = vision.input(batch, .evaluation)  // both its layers fuse
    var text = bert.run(0..<2, bert.input(batch, .evaluation), .evaluation)
    for layer in 0..<2 {
      let toText = try reference.answer(of: vision, layer, image, "vision.fusion.\(layer)")
      let toImage = try reference.answer(of: bert, 2 + layer, text, "text.fusion.\(layer)")
      image = try reference.tell(vision, layer, image, toImage, "vision.fusion.\(layer)")
      text = try reference.tell(bert, 2 + layer, text, toText, "text.fusion.\(layer)")
    }
    let expected = concatenated([vision.pooled(image), bert.pooled(text)], axis: 1)
    let found = model(batch, .evaluation).feature
    #expect((largestDifference(found, expected) ?? .infinity) <= reorderingTolerance)
  }

  @Test func `an encoder with too few layers is a failure that says so`() {
    var configuration = PMFConfiguration()
    configuration.fusionLayers = 4
    #expect(throws: Failure.self) {
      try PMF(
        configuration, visionPlan(), textPlan(), outputs: 3, random: RandomStream(seed: 0))
    }
  }
}

/// A PMF model's fusion layers, step by step.
private struct PMFLayers {
  let store: ParameterStore

  private func value(_ name: String) throws -> Tensor {
    try #require(store.named(name), "\(name)").value
  }

  private func map(_ x: Tensor, _ path: String) throws -> Tensor {
    linear(x, try value("\(path).weight"), try value("\(path).bias"))
  }

  private func layer(
    _ encoder: any LayeredEncoder, _ index: Int, _ state: TokenState, with extra: Tensor
  ) -> Tensor {
    let all = state.inserting(extra, at: state.tokens.shape[1])
    return encoder.layer(index, all, prompts: nil, onlyFirst: false, .evaluation)
  }

  /// The outputs at the asking prompts, translated.
  func answer(
    of encoder: any LayeredEncoder, _ index: Int, _ state: TokenState, _ path: String
  ) throws -> Tensor {
    let (b, n, _) = state.tokens.shape3
    let prompts = concatenated(
      [try value("\(path).query_context"), try value("\(path).query")], axis: 0)
    let output = layer(encoder, index, state, with: prompts.repeated(b))
    let answer = output.slice(n + 4..<n + 8, axis: 1)
    return try map(relu(try map(answer, "\(path).translator.down")), "\(path).translator.up")
  }

  func tell(
    _ encoder: any LayeredEncoder, _ index: Int, _ state: TokenState, _ message: Tensor,
    _ path: String
  ) throws -> TokenState {
    let (b, n, _) = state.tokens.shape3
    let context = try value("\(path).fusion_context").repeated(b)
    let output = layer(
      encoder, index, state, with: concatenated([context, message], axis: 1))
    return TokenState(tokens: output.slice(0..<n, axis: 1), bias: state.bias)
  }
}
