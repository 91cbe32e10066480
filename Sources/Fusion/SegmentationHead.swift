import Autograd
import Determinism
import Encoders
import NN

/// Reads maps of features as one map of logits (METHOD.md §10).
public protocol SegmentationHead {
  /// Maps from fine to coarse, `[B, side, side, channels]` → `[B, h, w, 1]`, of any size.
  func callAsFunction(_ maps: [Tensor], _ mode: Mode) -> Tensor
}

/// What reads the main encoder.
public enum HeadPlan {
  /// One linear layer on its feature, a logit for each class or label.
  case linear(outputs: Int)
  /// A decoder of its maps, a logit for each pixel.
  case masks(SegmentationPlan)
}

/// A segmentation head and the maps it reads.
public struct SegmentationPlan {
  public let stages: StageEnd
  /// Builds the head for maps of these sizes in a scope.
  public let make: ([MapShape], Scope) -> any SegmentationHead

  public init(stages: StageEnd, make: @escaping ([MapShape], Scope) -> any SegmentationHead) {
    self.stages = stages
    self.make = make
  }
}

/// A head as a plan says, on its encoder.
enum Head {
  case linear(Linear)
  case masks(any SegmentationHead, any DenseEncoder, StageEnd)

  /// - Throws: `Failure(.configuration)` if the encoder has no maps where they are needed.
  init(_ plan: HeadPlan, _ encoder: any Encoder, _ scope: Scope) throws {
    switch plan {
    case .linear(let outputs): self = .linear(Linear(encoder.featureWidth, outputs, scope))
    case .masks(let plan):
      guard let dense = encoder as? any DenseEncoder else {
        throw Failure(
          .configuration,
          "segmentation needs maps of features, which \(type(of: encoder)) has not; take Swin as main encoder"
        )
      }
      self = .masks(plan.make(dense.mapShapes(plan.stages), scope), dense, plan.stages)
    }
  }

  /// Runs the encoder with these prompts: logits `[B, C]` and the feature they are read from, or logits
  /// `[B, height, width]` and the mean of the last map.
  func callAsFunction(
    _ encoder: any Encoder, _ batch: Batch, _ mode: Mode, prompts: PromptSource?
  ) -> (logits: Tensor, feature: Tensor) {
    switch self {
    case .linear(let linear):
      let feature = encoder.feature(batch, mode, prompts: prompts)
      return (linear(feature), feature)
    case .masks(let head, let dense, let stages):
      let maps = dense.maps(batch, mode, at: stages, prompts: prompts)
      let size = dense.imageSize
      let logits = head(maps, mode).resized(size, size).reshaped(batch.size, size, size)
      let last = maps[maps.count - 1].detached  // [B, h, w, C]
      let (b, h, w, c) = last.shape4
      return (logits, mean(last.reshaped(b, h * w, c), axis: 1))
    }
  }
}
