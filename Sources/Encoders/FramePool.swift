import Autograd
import Determinism
import NN

/// What becomes of the features of a clip's frames.
public enum FramePooling: String, Codable, Hashable, Sendable {
  /// Keeps the scale of one frame's feature.
  case mean
  /// Of each feature by itself, as in the authors' code.
  case maximum
}

/// A clip as what an image encoder makes of each of its frames, pooled.
///
/// Prompts are those of the clip, the same for all its frames. A prompt source sees the tokens of the frames one
/// after another.
public struct FramePool: Encoder {
  private let image: any Encoder
  private let pooling: FramePooling

  /// - Parameter image: reads the frames as a batch of images.
  public init(_ image: any Encoder, _ pooling: FramePooling = .mean) {
    self.image = image
    self.pooling = pooling
  }

  public var blockWidths: [Int] { image.blockWidths }
  public var featureWidth: Int { image.featureWidth }
  public var promptBound: Float { image.promptBound }
  public var carriesPrompts: Bool { image.carriesPrompts }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let video = batch.video else { fatalError("FramePool: the batch has no video") }
    require(
      video.rank == 5, "FramePool: expected [B, frames, 3, height, width], found \(video.shape)")
    let (b, frames) = (video.shape[0], video.shape[1])
    // Frames vary fastest: image i·frames + j is frame j of clip i.
    let images = Batch(
      size: b * frames, images: video.reshaped(to: [b * frames] + video.shape[2...]))
    let ofFrames = prompts.map { prompts -> PromptSource in
      { input in prompts(input.ofClips(b, frames)).map { $0.repeatedForEach(frames) } }
    }
    let features = image.feature(images, mode, prompts: ofFrames)  // [B·frames, C]
    let apart = features.reshaped(b, frames, features.lastAxis)
    return switch pooling {
    case .mean: mean(apart, axis: 1)  // [B, C]
    case .maximum: maximum(apart, axis: 1)
    }
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
