import Autograd
import Determinism
import NN

/// A clip as the mean of what an image encoder makes of each of its frames.
///
/// Prompts are those of the clip, the same for all its frames. A prompt source sees the tokens of the frames one
/// after another.
// Differs: the authors' code takes the maximum over the frames. The mean keeps the scale of one frame's feature.
public struct FrameMean: Encoder {
  private let image: any Encoder

  /// - Parameter image: reads the frames as a batch of images.
  public init(_ image: any Encoder) { self.image = image }

  public var blockWidths: [Int] { image.blockWidths }
  public var featureWidth: Int { image.featureWidth }
  public var promptBound: Float { image.promptBound }
  public var carriesPrompts: Bool { image.carriesPrompts }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let video = batch.video else { fatalError("FrameMean: the batch has no video") }
    require(
      video.rank == 5, "FrameMean: expected [B, frames, 3, height, width], found \(video.shape)")
    let (b, frames) = (video.shape[0], video.shape[1])
    // Frames vary fastest: image i·frames + j is frame j of clip i.
    let images = Batch(
      size: b * frames, images: video.reshaped(to: [b * frames] + video.shape[2...]))
    let ofFrames = prompts.map { prompts -> PromptSource in
      { input in prompts(input.ofClips(b, frames)).map { $0.repeatedForEach(frames) } }
    }
    let features = image.feature(images, mode, prompts: ofFrames)  // [B·frames, C]
    return mean(features.reshaped(b, frames, features.lastAxis), axis: 1)  // [B, C]
  }
}

extension BlockInput {
  /// The input of a block for clips instead of frames: tokens `[B·frames, N, C]` → `[B, frames·N, C]`.
  fileprivate func ofClips(_ b: Int, _ frames: Int) -> BlockInput {
    BlockInput(
      index: index,
      tokens: {
        let (_, n, c) = tokens.shape3
        return tokens.reshaped(b, frames * n, c)
      },
      mean: { Autograd.mean(mean.reshaped(b, frames, mean.lastAxis), axis: 1) },
      carriedPrompts: carriedPrompts, startsWithCLS: startsWithCLS)
  }
}

extension Tensor {
  /// Every entry of the first axis `count` times in a row: `[B, P, C]` → `[B·count, P, C]`.
  fileprivate func repeatedForEach(_ count: Int) -> Tensor {
    gather((0..<shape[0] * count).map { Int32($0 / count) })
  }
}
