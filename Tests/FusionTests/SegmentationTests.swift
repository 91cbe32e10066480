import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct SegmentationTests {
  /// Sums of some hundred products in another order; batch norm divides by small deviations.
  private let tolerance = 5e-5
  private let shapes = [MapShape(channels: 6, side: 6), MapShape(channels: 10, side: 3)]

  @Test(arguments: ["upernet", "setr"]) func `a head equals PyTorch's in training and evaluation`(
    name: String
  ) throws {
    let file = try Fixture("segmentation").file("case.safetensors")
    let store = ParameterStore(random: RandomStream(seed: 0))
    let head: any SegmentationHead =
      name == "upernet"
      ? UperNet(UperNetConfiguration(width: 8, poolScales: [1, 2, 3]), shapes, store.root)
      : ProgressiveUpsampling(
        ProgressiveUpsamplingConfiguration(widths: [7, 5], factors: [2, 2, 3]), shapes, store.root)
    let prefix = "\(name).initial."
    var initial: [(name: String, tensor: Tensor)] = []
    for key in file.names where key.hasPrefix(prefix) {
      initial.append((String(key.dropFirst(prefix.count)), try file.require(key)))
    }
    try store.restore(initial, source: name)
    for (mode, what) in [
      (Mode.training(RandomStream(seed: 0)), "training"), (.evaluation, "evaluation"),
    ] {
      let case_ = "\(name).\(what)"
      var maps: [Tensor] = []
      for i in 0..<2 {
        maps.append(
          try file.tensor("\(case_).input.map\(i)")?.variable ?? .zeros([3, 6, 6, 6]))
      }
      let y = head(
        maps.enumerated().map { i, map in
          name == "setr" && i == 0 ? map : map.transposed(0, 2, 3, 1)
        }, mode
      ).transposed(0, 3, 1, 2)
      let error = try #require(largestDifference(y.detached, try file.require("\(case_).output")))
      #expect(error <= tolerance, "\(case_)")
      let gradients = y.backward(try file.require("\(case_).cotangent"))
      for (i, map) in maps.enumerated() {
        guard let expected = try file.tensor("\(case_).grad.map\(i)") else { continue }
        #expect(
          try #require(largestDifference(gradients[map], expected)) <= tolerance,
          "\(case_) map \(i)")
      }
      for parameter in store.trainable {
        let expected = try file.require("\(case_).grad.\(parameter.name)")
        let error = try #require(largestDifference(gradients[parameter], expected))
        #expect(error <= tolerance, "\(case_) \(parameter.name)")
      }
    }
  }

  private static let swin = SwinConfiguration(
    imageSize: 32, patchSize: 2, width: 16, depths: [2, 2], heads: [2, 2], window: 4, hiddenRatio: 2
  )

  private func model(
    tuning: Tuning = .frozen, setr: Bool = false,
    _ change: (inout MoPEConfiguration) -> Void = { _ in }
  ) throws -> MoPE {
    var configuration = MoPEConfiguration()
    configuration.experts = 4
    configuration.length = 2
    configuration.mapperSharing = .perWidth
    change(&configuration)
    return try MoPE(
      configuration, main: EncoderPlan(name: "vision", tuning: tuning) { Swin(Self.swin, $0) },
      complementary: EncoderPlan(name: "sound", tuning: .frozen) { _ in
        SoundFeature(featureWidth: 6)
      },
      head: .masks(
        SegmentationPlan(stages: .beforeMerging) { maps, scope in
          if setr {
            ProgressiveUpsampling(
              ProgressiveUpsamplingConfiguration(widths: [8], factors: [2, 2]), maps, scope)
          } else {
            UperNet(UperNetConfiguration(width: 8, poolScales: [1, 2]), maps, scope)
          }
        }),
      random: RandomStream(seed: 0))
  }

  private func batch(_ rows: Range<Int>) -> Batch {
    var random = RandomStream(seed: 8)
    func normals(_ shape: [Int]) -> Tensor {
      Tensor((0..<shape.product).map { _ in Float(random.normal()) }, shape)
    }
    let (images, sounds) = (normals([3, 3, 32, 32]), normals([3, 6]))
    return Batch(size: rows.count, images: images.slice(rows), audio: sounds.slice(rows))
  }

  @Test(arguments: [false, true])
  func `a mask has the image's size and does not depend on its batch`(
    setr: Bool
  ) throws {
    let model = try model(setr: setr)
    let together = model(batch(0..<3), .evaluation)
    #expect(together.logits.shape == [3, 32, 32])
    #expect(together.routing.count == 4)
    for b in 0..<3 {
      let alone = model(batch(b..<b + 1), .evaluation)
      let error = largestDifference(alone.logits, together.logits.slice(b..<b + 1))
      #expect(try #require(error) <= tolerance)
    }
  }

  @Test func `the mask follows the complementary modality`() throws {
    let model = try model()
    let (images, sounds) = (
      try #require(batch(0..<1).images), Tensor([3, -2, 1, 4, -1, 2], [1, 6])
    )
    let one = model(batch(0..<1), .evaluation)
    let other = model(Batch(size: 1, images: images, audio: sounds), .evaluation)
    #expect(one.logits.values != other.logits.values)
  }

  @Test(arguments: [Tuning.frozen, .full]) func `every trainable parameter gets a gradient`(
    tuning: Tuning
  ) throws {
    let model = try model(tuning: tuning)
    let gradients = sum(model(batch(0..<3), .training(RandomStream(seed: 2))).logits).backward()
    for parameter in model.store.parameters {
      #expect((gradients[parameter] != nil) == parameter.isTrainable, "\(parameter.name)")
    }
  }

  @Test func `an encoder without maps is refused`() {
    #expect(throws: Failure.self) {
      try MoPE(
        MoPEConfiguration(),
        main: EncoderPlan(name: "vision", tuning: .frozen) {
          ViT(
            ViTConfiguration(
              imageSize: 8, patchSize: 4, width: 8, layers: 1, heads: 2, hiddenWidth: 8), $0)
        },
        complementary: EncoderPlan(name: "sound", tuning: .frozen) { _ in
          SoundFeature(featureWidth: 6)
        },
        head: .masks(
          SegmentationPlan(stages: .beforeMerging) { UperNet(UperNetConfiguration(), $0, $1) }),
        random: RandomStream(seed: 0))
    }
  }
}

/// Parameters of the papers' segmentation networks (METHOD.md §15): Swin-B at 384 pixels,
/// BERT, a head. Frozen weights and the head's are undefined, so nothing of their size is computed.
@Suite struct SegmentationParameterCountTests {
  private func count(
    tuning: Tuning = .frozen, textPrompts: Int = 4, setr: Bool = false,
    _ change: (inout MoPEConfiguration) -> Void
  ) throws -> Int {
    var configuration = MoPEConfiguration()
    configuration.mapperSharing = .perWidth
    configuration.experts = 4
    change(&configuration)
    return try MoPE(
      configuration,
      main: EncoderPlan(name: "vision", tuning: tuning) { Swin(.base384, $0.undefined) },
      complementary: EncoderPlan(name: "text", tuning: tuning, promptLength: textPrompts) {
        BERT(.base, $0.undefined)
      },
      head: .masks(
        SegmentationPlan(stages: .afterMerging) { maps, scope in
          if setr {
            ProgressiveUpsampling(ProgressiveUpsamplingConfiguration(), maps, scope.undefined)
          } else {
            UperNet(UperNetConfiguration(), maps, scope.undefined)
          }
        }),
      random: RandomStream(seed: 0)
    ).store.trainableCount
  }

  @Test func `UperNet and SETR-PUP alone`() {
    let maps = [(256, 48), (512, 24), (1024, 12), (1024, 12)].map {
      MapShape(channels: $0, side: $1)
    }
    let (one, other) = (
      ParameterStore(random: RandomStream(seed: 0)), ParameterStore(random: RandomStream(seed: 0))
    )
    _ = UperNet(UperNetConfiguration(), maps, one.root.undefined)
    _ = ProgressiveUpsampling(ProgressiveUpsamplingConfiguration(), maps, other.root.undefined)
    #expect(one.trainableCount == 33_698_305)
    #expect(other.trainableCount == 3_393_409)
  }

  @Test func `SequentialFuse`() throws {
    let found = try count(tuning: .full, textPrompts: 0) { $0.prompts = .mapped }
    #expect(found == 230_503_801)
  }

  @Test func `P-SequentialFuse with 6 and with 10 prompts`() throws {
    #expect(try count { $0.prompts = [.fixed, .mapped] } == 34_842_625)
    let ten = try count(textPrompts: 10) {
      $0.prompts = [.fixed, .mapped]
      $0.length = 10
    }
    #expect(ten == 34_946_049)
  }

  @Test func `MoPE with the first paper's router`() throws {
    let found = try count(textPrompts: 10) {
      $0.router = .unimodal
      $0.released.sharesFirstRouter = true
      $0.length = 10
    }
    #expect(found == 35_498_077)
  }

  @Test func `MoPE with the multimodal router`() throws {
    #expect(try count { _ in } == 35_303_153)
    #expect(try count(textPrompts: 10) { $0.length = 10 } == 35_599_089)
    #expect(try count { $0.experts = 16 } == 36_169_457)
    #expect(try count(setr: true) { _ in } == 35_303_153 - 33_698_305 + 3_393_409)
  }
}
