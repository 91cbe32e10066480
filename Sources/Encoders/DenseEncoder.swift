import Autograd
import NN

/// Size of a map of features.
public struct MapShape: Hashable, Sendable {
  public let channels: Int
  /// Places along its height and along its width.
  public let side: Int

  public init(channels: Int, side: Int) {
    self.channels = channels
    self.side = side
  }
}

/// Where a stage's map is taken.
public enum StageEnd: String, Codable, Hashable, Sendable {
  /// Behind the merging of patches that leads to the next stage (the authors' segmentation code).
  case afterMerging
  /// Behind the last block, as fine as the stage (Liu et al. 2021, for dense prediction).
  case beforeMerging
}

/// An encoder that gives maps of features besides one vector, for answers that have places.
public protocol DenseEncoder: Encoder {
  /// Pixels along the height and the width of its images.
  var imageSize: Int { get }
  /// The sizes of `maps`, in order.
  func mapShapes(_ end: StageEnd) -> [MapShape]
  /// One map per stage, fine to coarse, without the prompts: `[B, side, side, channels]`.
  func maps(_ batch: Batch, _ mode: Mode, at end: StageEnd, prompts: PromptSource?) -> [Tensor]
}

extension Swin: DenseEncoder {
  public var imageSize: Int { configuration.imageSize }

  public func mapShapes(_ end: StageEnd) -> [MapShape] {
    let c = configuration
    return c.depths.indices.map { s in
      let stage = end == .afterMerging ? min(s + 1, c.depths.count - 1) : s
      return MapShape(channels: c.width << stage, side: (c.imageSize / c.patchSize) >> stage)
    }
  }

  /// The map of the last stage goes through the final norm, as the encoder's feature does.
  public func maps(
    _ batch: Batch, _ mode: Mode, at end: StageEnd, prompts: PromptSource?
  ) -> [Tensor] {
    guard let images = batch.images else { fatalError("Swin: the batch has no images") }
    var maps: [Tensor] = []
    _ = run(images, mode, prompts, watching: nil) { place, patches in
      if place == (end == .afterMerging ? .merged : .blocks) || place == .end {
        maps.append(place == .end ? norm(patches()) : patches())
      }
    }
    return zip(maps, mapShapes(end)).map {
      $0.reshaped(batch.size, $1.side, $1.side, $1.channels)
    }
  }
}
