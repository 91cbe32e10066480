import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct SwinMoPETests {
  /// Sums of a few hundred floats in another order.
  let tolerance = 2e-5

  private static let swin = SwinConfiguration(
    imageSize: 32, patchSize: 2, width: 16, depths: [2, 2], heads: [2, 2], window: 4, hiddenRatio: 2
  )

  private func model(_ change: (inout MoPEConfiguration) -> Void = { _ in }) throws -> MoPE {
    var configuration = MoPEConfiguration()
    configuration.experts = 4
    configuration.length = 2
    configuration.mapperSharing = .perWidth
    change(&configuration)
    return try MoPE(
      configuration, main: EncoderPlan(name: "vision", tuning: .frozen) { Swin(Self.swin, $0) },
      complementary: EncoderPlan(name: "sound", tuning: .frozen) { _ in
        SoundFeature(featureWidth: 6)
      },
      outputs: 3, random: RandomStream(seed: 0))
  }

  private func batch(_ rows: Range<Int>) -> Batch {
    var random = RandomStream(seed: 8)
    func normals(_ shape: [Int]) -> Tensor {
      Tensor((0..<shape.product).map { _ in Float(random.normal()) }, shape)
    }
    let (images, sounds) = (normals([3, 3, 32, 32]), normals([3, 6]))
    return Batch(size: rows.count, images: images.slice(rows), audio: sounds.slice(rows))
  }

  @Test(arguments: [ReleasedCode.StageEntry.all, .inherit])
  func `a sample's output does not depend on its batch`(_ entry: ReleasedCode.StageEntry) throws {
    let model = try model { $0.released.stageEntry = entry }
    let together = model(batch(0..<3), .evaluation)
    for b in 0..<3 {
      let alone = model(batch(b..<b + 1), .evaluation)
      let error = largestDifference(alone.logits, together.logits.slice(b..<b + 1))
      #expect(try #require(error) <= tolerance)
      for (i, routing) in alone.routing.enumerated() {
        let expected = together.routing[i].weights.slice(b..<b + 1)
        #expect(try #require(largestDifference(routing.weights, expected)) <= tolerance)
      }
    }
    #expect(together.routing.count == (entry == .all ? 4 : 2))
  }

  @Test func `without prompts the feature is the plain encoder's`() throws {
    let model = try model { $0.prompts = [] }
    let plain = model.main.encoder.feature(batch(0..<3), .evaluation, prompts: nil)
    #expect(model(batch(0..<3), .evaluation).feature.values == plain.values)
  }

  @Test(arguments: [ReleasedCode.StageEntry.all, .inherit])
  func `every trainable parameter gets a gradient, no frozen one does`(_ entry: ReleasedCode.StageEntry) throws {
    let model = try model { $0.released.stageEntry = entry }
    let gradients = sum(model(batch(0..<3), .training(RandomStream(seed: 2))).logits).backward()
    for parameter in model.store.parameters {
      #expect((gradients[parameter] != nil) == parameter.isTrainable, "\(parameter.name)")
    }
    #expect(model.store.trainable.allSatisfy { !$0.name.hasPrefix("vision.encoder.") })
  }

  @Test func `with one expert the dynamic prompt is that expert`() throws {
    let dynamic = try model {
      $0.experts = 1
      $0.prompts = .dynamic
    }
    let fixed = try model { $0.prompts = .fixed }
    for parameter in fixed.store.trainable where parameter.name.hasPrefix("mope.static.") {
      let name = parameter.name.replacing("static", with: "experts")
      let expert = try #require(dynamic.store.trainable.first { $0.name == name })
      parameter.value.overwrite(with: expert.value.reshaped(to: parameter.shape))
    }
    let found = dynamic(batch(0..<3), .evaluation).feature
    let expected = fixed(batch(0..<3), .evaluation).feature
    #expect(try #require(largestDifference(found, expected)) <= tolerance)
  }
}
