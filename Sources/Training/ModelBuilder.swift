import Datasets
import Determinism
import Encoders
import Fusion
import NN

extension Method {
  /// The network of this method for classes or labels.
  /// - Parameters:
  ///   - random: of the run; initial weights come from its stream "initial values".
  ///   - wrapping: puts something around the encoder of images, to look into it.
  public func model(
    outputs: Int, encoders: EncoderCatalogue, random: RandomStream,
    wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> any FusionModel {
    try choices.model(
      encoders.parts(wrapping: wrapping), head: .linear(outputs: outputs), random: random.stream("initial values"))
  }

  /// The network of this method for a task.
  /// - Parameter random: of the run; initial weights come from its stream "initial values".
  /// - Throws: `Failure(.configuration)` if the method cannot do it: masks need MoPE or one of its ablations.
  public func model(
    for task: DatasetTask, encoders: EncoderCatalogue, random: RandomStream,
    wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> any FusionModel {
    let head: HeadPlan =
      task == .segmentation
      ? .masks(encoders.segmentation(choices.maskHead ?? .uperNet)) : .linear(outputs: task.labels.count)
    return try choices.model(
      encoders.parts(wrapping: wrapping), head: head, random: random.stream("initial values"))
  }
}

extension EncoderCatalogue {
  /// This tier's encoders, for the slots of a method.
  func parts(wrapping: @escaping (any Encoder) -> any Encoder) -> EncoderParts {
    EncoderParts { slot in
      let make = try make(slot.encoder, windowPrompts: slot.windowPrompts, pools: slot.pools)
      let placed: (Scope) -> any Encoder =
        switch slot.modality {
        case .vision: { wrapping(make($0)) }
        case .video: { FramePool(wrapping(make($0)), slot.framePooling) }
        case .text, .audio: make
        }
      return EncoderPlan(
        name: slot.modality.rawValue, tuning: slot.tuning, promptLength: slot.prompts, make: placed)
    }
  }
}
