import Autograd
import Determinism
import Encoders
import NN
import TestSupport
import Testing

@Suite struct FramePoolTests {
  private let vit = ViT(Sizes.tinyViT, ParameterStore(random: RandomStream(seed: 3)).root)

  @Test func `a clip's feature is the mean or the maximum of its frames' features`() throws {
    let batch = Batch.random(3)
    let video = try #require(batch.video)
    let clips = FramePool(vit).feature(batch, .evaluation, prompts: nil)
    let frames = (0..<2).map { frame in
      let images = video.slice(frame..<frame + 1, axis: 1).reshaped(3, 3, 12, 12)
      return vit.feature(Batch(size: 3, images: images), .evaluation, prompts: nil)
    }
    let error = try #require(largestDifference(clips, 0.5 * (frames[0] + frames[1])))
    #expect(error <= reorderingTolerance)
    let largest = FramePool(vit, .maximum).feature(batch, .evaluation, prompts: nil)
    for (value, (first, second)) in zip(largest.values, zip(frames[0].values, frames[1].values)) {
      #expect(abs(value - max(first, second)) <= Float(reorderingTolerance))
    }
  }

  @Test func `equal frames with prompts give what an image with these prompts gives`() throws {
    let batch = Batch.random(3)
    let image = try #require(batch.images)
    let still = Batch(
      size: 3, video: concatenated([image, image], axis: 1).reshaped(3, 2, 3, 12, 12))
    var random = RandomStream(seed: 8)
    // Another prompt for every sample, so that a prompt in the wrong clip is seen.
    let prompt = Tensor((0..<3 * 2 * 16).map { _ in Float(random.normal()) }, [3, 2, 16])
    let clips = FramePool(vit).feature(still, .evaluation) { input in
      #expect(input.tokens.shape == [3, 20, 16] && input.mean.shape == [3, 16])
      return prompt
    }
    let images = vit.feature(batch, .evaluation) { _ in prompt }
    let error = try #require(largestDifference(clips, images))
    #expect(error <= reorderingTolerance)
    let plain = vit.feature(batch, .evaluation, prompts: nil)
    #expect(try #require(largestDifference(plain, images)) > 1e-3)
  }
}
