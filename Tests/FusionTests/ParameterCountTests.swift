import Autograd
import Determinism
import Encoders
import Fusion
import NN
import Testing

private let random = RandomStream(seed: 0)

/// Trainable parameters of SNLI-VE (3), MM-IMDB (23) and Food-101 (101 classes) models.
private func counts(_ make: (Int) throws -> any FusionModel) rethrows -> [Int] {
  try [3, 23, 101].map { try make($0).store.trainableCount }
}

/// Mini encoders, 3 classes: sums written out term by term, so that a term that goes missing shows.
@Suite struct MiniParameterCountTests {
  // ViT-mini: 4 layers of width 64. BERT-mini: 3 layers of width 64.
  let fixed = 4 * 6 * 64
  let mapper = (64 * 32 + 32) + 2 * 32 + (32 * 64 + 64)
  let router = 4 * ((64 * 2 + 2) + (64 * 8 + 8))
  let textPrompts = 3 * 4 * 64
  let head = (64 + 1) * 3

  private func mope(_ change: (inout MoPEConfiguration) -> Void = { _ in }) throws -> Int {
    try MoPE(
      configured(change), main: visionPlan(.frozen, Sizes.miniViT),
      complementary: textPlan(prompts: 4, Sizes.miniBERT), outputs: 3, random: random
    ).store.trainableCount
  }

  @Test func `MoPE with 16 experts trains 33 931`() throws {
    #expect(try mope() == fixed + 16 * fixed + mapper + router + textPrompts + head)
    #expect(try mope() == 33_931)
  }

  @Test func `MoPE with 4 experts trains 15 499`() throws {
    #expect(try mope { $0.experts = 4 } == 15_499)
  }

  @Test func `learned keys add 10 numbers per expert and layer`() throws {
    #expect(try mope { $0.learnsKeys = true } == 33_931 + 4 * 10 * 16)
  }

  @Test func `a unimodal router has one linear map to the experts per layer`() throws {
    #expect(try mope { $0.router = .unimodal } == 33_931 - router + 4 * (64 * 16 + 16))
  }

  @Test func `P-SequentialFuse trains 6 755`() throws {
    #expect(try mope { $0.prompts = [.fixed, .mapped] } == fixed + mapper + textPrompts + head)
    #expect(try mope { $0.prompts = [.fixed, .mapped] } == 6_755)
  }

  @Test func `one up-projection per layer adds three to P-SequentialFuse`() throws {
    let count = try mope {
      $0.prompts = [.fixed, .mapped]
      $0.mapperSharing = .perBlocks(1)
    }
    #expect(count == 6_755 + 3 * (32 * 64 + 64))
  }

  @Test func `P-ImgOnly trains 1 731, P-TextOnly 963 and P-LateConcat 2 691`() throws {
    let (vision, text) = (
      visionPlan(prompts: 6, Sizes.miniViT), textPlan(prompts: 4, Sizes.miniBERT)
    )
    let single = try [vision, text].map {
      try SingleModality($0, outputs: 3, promptDropout: 0, random: random).store.trainableCount
    }
    #expect(single == [fixed + head, textPrompts + head])
    #expect(single == [1_731, 963])
    let concatenated = try LateConcat(
      [vision, text], outputs: 3, promptDropout: 0, random: random)
    #expect(concatenated.store.trainableCount == fixed + textPrompts + (128 + 1) * 3)
    #expect(concatenated.store.trainableCount == 2_691)
  }

  @Test func `6 prompts in the input train 579, in every layer 1 347`() throws {
    var input = PromptFuseConfiguration(
      placement: .input, length: 6, normalizesInput: false, keepsEncoderDropout: true)
    func count() throws -> Int {
      try PromptFuse(
        input, vision: visionPlan(.frozen, Sizes.miniViT),
        text: textPlan(.frozen, Sizes.miniBERT), outputs: 3, random: random
      ).store.trainableCount
    }
    #expect(try count() == 6 * 64 + head)
    #expect(try count() == 579)
    input.placement = .blindInput
    #expect(try count() == 579)
    input.placement = .everyLayer
    #expect(try count() == 3 * 6 * 64 + head)
    #expect(try count() == 1_347)
  }

  @Test func `P-MMBT trains prompts, a linear map of the image and the head`() throws {
    let model = try MMBT(
      MMBTConfiguration(separator: 3), vision: visionPlan(prompts: 6, Sizes.miniViT),
      text: textPlan(prompts: 4, Sizes.miniBERT), outputs: 3, random: random)
    #expect(model.store.trainableCount == fixed + textPrompts + (64 * 64 + 64) + head)
  }

  @Test func `PMF trains 20 230`() throws {
    let model = try PMF(
      PMFConfiguration(), visionPlan(.frozen, Sizes.miniViT), textPlan(.frozen, Sizes.miniBERT),
      outputs: 3, random: random)
    let translator = (64 * 32 + 32) + (32 * 64 + 64)
    #expect(model.store.trainableCount == 2 * 2 * (translator + 3 * 4 * 64) + 2 * head)
    #expect(model.store.trainableCount == 20_230)
  }

  @Test func `fine-tuned methods train their whole encoders`() throws {
    let (d, hidden) = (64, 256)
    let layer = 4 * (d * d + d) + (d * hidden + hidden) + (hidden * d + d) + 4 * d
    let vit = (1 + 17) * d + (243 * d + d) + 4 * layer + 2 * d
    let bert = (235 + 32 + 2) * d + 2 * d + 3 * layer + (d * d + d)
    let vision = try SingleModality(
      visionPlan(.full, Sizes.miniViT), outputs: 3, promptDropout: 0, random: random)
    #expect(vision.store.trainableCount == vit + head)
    let text = try SingleModality(
      textPlan(.full, Sizes.miniBERT), outputs: 3, promptDropout: 0, random: random)
    #expect(text.store.trainableCount == bert + head)
    let sequential = try MoPE(
      configured { $0.prompts = .mapped }, main: visionPlan(.full, Sizes.miniViT),
      complementary: textPlan(.full, Sizes.miniBERT), outputs: 3, random: random)
    #expect(sequential.store.trainableCount == vit + bert + mapper + head)
  }
}

/// Swin-B, ViT-B and BERT-base, exactly the numbers of the papers' formulas (METHOD.md §15),
/// for 3, 23 and 101 classes. Frozen encoders are counted without their weights.
@Suite struct FullSizeParameterCountTests {
  let swin = FrozenWidths.swinBase
  let base = FrozenWidths.base

  private func mope(
    main: FrozenWidths, _ change: @escaping (inout MoPEConfiguration) -> Void
  ) throws -> [Int] {
    try counts {
      try MoPE(
        configured(change), main: main.plan("vision"),
        complementary: base.plan("text", prompts: 4), outputs: $0, random: random)
    }
  }

  @Test func `MoPE on Swin-B, k=4: the second paper's 1.6 M`() throws {
    #expect(
      try mope(main: swin) {
        $0.experts = 4
        $0.mapperSharing = .perWidth
      } == [1_607_923, 1_628_423, 1_708_373])
  }

  /// The paper prints 2.6 M, which only Food-101 reaches.
  @Test func `MoPE on Swin-B, k=16: 2.5 M and 2.6 M`() throws {
    #expect(
      try mope(main: swin) { $0.mapperSharing = .perWidth } == [2_474_227, 2_494_727, 2_574_677])
  }

  /// The first paper's code routes 23 of Swin's 24 blocks (the two of stage 0 share a router), ours all 24: one more
  /// linear map 768 → k.
  @Test func `MoPE with unimodal routers: the first paper's counts and one more router`() throws {
    for (k, printed) in [
      (4, [1_506_911, 1_527_411, 1_607_361]), (16, [2_585_459, 2_605_959, 2_685_909]),
    ] {
      let found = try mope(main: swin) {
        $0.experts = k
        $0.router = .unimodal
        $0.mapperSharing = .perWidth
      }
      #expect(found == printed.map { $0 + 769 * k })
    }
  }

  @Test func `MoPE on ViT-B, k=4, three up-projections: 1.6 M`() throws {
    #expect(try mope(main: base) { $0.experts = 4 } == [1_591_035, 1_606_415, 1_666_397])
  }

  @Test func `P-SequentialFuse on Swin-B: 1.1 M`() throws {
    let found = try mope(main: swin) {
      $0.prompts = [.fixed, .mapped]
      $0.mapperSharing = .perWidth
    }
    #expect(found == [1_147_395, 1_167_895, 1_247_845])
  }

  @Test func `P-ImgOnly and P-TextOnly: 0.1 M`() throws {
    let found = try [swin.plan("vision", prompts: 6), base.plan("text", prompts: 6)].map { plan in
      try counts { try SingleModality(plan, outputs: $0, promptDropout: 0, random: random) }
    }
    #expect(found == [[75_267, 95_767, 175_717], [57_603, 72_983, 132_965]])
  }

  /// The papers print 1.0 M and 1.3 M, which a linear head cannot reach.
  @Test func `P-LateConcat with its linear head: 0.1 to 0.3 M`() throws {
    let found = try counts {
      try LateConcat(
        [swin.plan("vision", prompts: 6), base.plan("text", prompts: 4)], outputs: $0,
        promptDropout: 0, random: random)
    }
    #expect(found == [114_435, 150_295, 290_149])
  }

  /// With l = 6 in the text; 1.0 M in the first paper.
  @Test func `P-LateConcat with a hidden layer of 512: 1.0 to 1.1 M`() throws {
    let found = try counts {
      try LateConcat(
        [swin.plan("vision", prompts: 6), base.plan("text", prompts: 6)], hiddenWidth: 512,
        outputs: $0, promptDropout: 0, random: random)
    }
    #expect(found == [1_047_043, 1_057_303, 1_097_317])
  }

  @Test func `PMF: 2.5 M, PMF-Large: 4.5 M`() throws {
    let found = try [base, FrozenWidths.large].map { size in
      try counts {
        try PMF(
          PMFConfiguration(), size.plan("vision"), size.plan("text"), outputs: $0, random: random)
      }
    }
    #expect(
      found == [[2_405_382, 2_436_142, 2_556_106], [4_255_750, 4_296_750, 4_456_650]])
  }

  /// Encoders of one and two layers give the size of a layer, and so the size of twelve, without half a gigabyte.
  private func twelveLayers(_ count: (Int) throws -> Int) rethrows -> Int {
    let (one, two) = (try count(1), try count(2))
    return one + 11 * (two - one)
  }

  private func bert(layers: Int, hiddenWidth: Int = 16, words: Int = 100) -> BERTConfiguration {
    var configuration = BERTConfiguration.base
    configuration.layers = layers
    configuration.hiddenWidth = hiddenWidth
    configuration.vocabulary = words
    return configuration
  }

  private func vit(layers: Int) -> ViTConfiguration {
    var configuration = ViTConfiguration.base
    configuration.layers = layers
    return configuration
  }

  private func promptFuse(_ configuration: PromptFuseConfiguration, layers: Int) throws -> Int {
    try PromptFuse(
      configuration, vision: base.plan("vision"),
      text: textPlan(.frozen, bert(layers: layers), output: .cls), outputs: 3, random: random
    ).store.trainableCount
  }

  /// The tables print "<0.1 M" and "-": 15 360 numbers, the two layer norms of the original and the head.
  @Test(arguments: [PromptFuseConfiguration.original, .blind])
  func `PromptFuse and BlindPrompt train 20 vectors, two norms and the head`(
    _ configuration: PromptFuseConfiguration
  ) throws {
    #expect(try promptFuse(configuration, layers: 1) == 15_360 + 4 * 768 + 769 * 3)
  }

  @Test func `PromptFuse with deep prompts: 0.1 M`() throws {
    #expect(try twelveLayers { try promptFuse(.deep, layers: $0) } == 57_603)
  }

  /// An image encoder of another width than the words' goes through a fixed map, which adds nothing.
  @Test func `PromptFuse with Swin-B trains no more`() throws {
    let model = try PromptFuse(
      .deep, vision: swin.plan("vision"), text: textPlan(.frozen, bert(layers: 1), output: .cls),
      outputs: 3, random: random)
    #expect(model.store.trainableCount == 6 * 768 + 769 * 3)
  }

  /// With 3 classes; 196.5 M in the tables. Both encoders have their poolers.
  @Test func `MMBT on ViT-B and BERT-base: 196 464 387`() throws {
    let words = 100
    let small = try twelveLayers { layers in
      let vision = EncoderPlan(name: "vision", tuning: .full) {
        ViT(vit(layers: layers), pools: true, $0)
      }
      let text = textPlan(.full, bert(layers: layers, hiddenWidth: 3072, words: words))
      return try MMBT(
        MMBTConfiguration(separator: 3), vision: vision, text: text, outputs: 3, random: random
      ).store.trainableCount
    }
    #expect(small + (30_522 - words) * 768 == 196_464_387)
  }

  /// The tables print 0.9 M and no source says of what; 16 prompts per layer in both encoders would explain it.
  @Test func `P-MMBT with 16 prompts per layer: 0.9 M`() throws {
    let found = try twelveLayers { layers in
      try MMBT(
        MMBTConfiguration(separator: 3), vision: base.plan("vision", prompts: 16),
        text: textPlan(.frozen, prompts: 16, bert(layers: layers), output: .cls), outputs: 3,
        random: random
      ).store.trainableCount
    }
    #expect(found == 2 * 12 * 16 * 768 + 590_592 + 769 * 3)
    #expect(found == 887_811)
  }

  @Test func `ViT-B and BERT-base have the parameters of their checkpoints`() throws {
    func count(_ make: (Scope) -> Void) -> Int {
      let store = ParameterStore(random: random)
      make(store.root)
      return store.count
    }
    for (pools, expected) in [(false, 85_798_656), (true, 86_389_248)] {
      let found = twelveLayers { layers in
        count { _ = ViT(vit(layers: layers), pools: pools, $0) }
      }
      #expect(found == expected)
    }
    for (output, expected) in [(TextFeature.cls, 108_891_648), (.pooler, 109_482_240)] {
      let words = 100
      let found = twelveLayers { layers in
        count {
          _ = BERT(bert(layers: layers, hiddenWidth: 3072, words: words), output: output, $0)
        }
      }
      #expect(found + (30_522 - words) * 768 == expected)
    }
  }
}
